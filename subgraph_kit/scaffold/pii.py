"""Guesses at personal data: by a field's name, by what it is a field of, by a sample of its values.

A guess is shown to a person before it becomes `@tag(name: "pii")`, so a doubtful one is better
than a missed one; but `email_verified` or `phone_type` tell nothing of anybody. Reasons name what
was seen, never a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from ipaddress import ip_address

from subgraph_kit.scaffold.model import Guess
from subgraph_kit.scaffold.names import singular, words

_BY_NAME: tuple[tuple[str, float, str], ...] = (
    (
        "an e-mail address", 0.95,
        "email | e mail | mail address | correo | courriel | email addr",
    ),
    (
        "a phone number", 0.9,
        "phone | telephone | mobile | cell phone | fax | msisdn | telefon | handy | telefono"
        " | telefone | celular | whatsapp | tel",
    ),
    (
        "a person's name", 0.9,
        "first name | last name | full name | given name | family name | middle name | surname"
        " | firstname | lastname | fullname | maiden name | nickname | vorname | nachname"
        " | apellido | prenom | contact name | display name | cardholder | fname | lname"
        " | username | user name | login name | sobrenome | nombre completo",
    ),
    (
        "a date of birth", 0.95,
        "birth date | date of birth | dob | birthdate | birthday | birth day | born on | born at"
        " | geburtsdatum | geburtstag | fecha nacimiento | date naissance | data nascimento",
    ),
    (
        "an official number of a person", 0.95,
        "ssn | social security | social security number | national id | national identifier"
        " | passport | passport number | passport no | tax id | taxid | tin | nin | cpf | cnp | dni"
        " | curp | bsn | pesel | personnummer | steuer id | driver license | drivers license"
        " | driving licence | id card | identity card | identity number | aadhaar | nik | ktp",
    ),
    (
        "a postal address", 0.8,
        "address | street | street address | address line | house number | zip | zip code | zipcode"
        " | postcode | postal code | adresse | strasse | hausnummer | plz | direccion | domicilio"
        " | endereco | cep",
    ),
    (
        "a bank or card number", 0.95,
        "iban | bic | credit card | card number | cardnumber | pan | cvv | cvc | account number"
        " | bank account | sort code | routing number | kontonummer",
    ),
    ("a network address of a person", 0.8, "ip | ip address | ipaddress | ip addr | mac address"),
    (
        "a place of a person", 0.6,
        "latitude | longitude | geolocation | home location | lat | lng | gps",
    ),
    (
        "a secret", 0.95,
        "password | passwd | pwd | password hash | passwort | secret | api key | apikey"
        " | access token | refresh token | auth token | session token | private key | pin code"
        " | security answer | salt",
    ),
    (
        "a sensitive trait", 0.85,
        "gender | sex | ethnicity | race | religion | nationality | sexual orientation | marital"
        " status | blood type | disability | diagnosis | allergy | medical | health | salary | wage"
        " | income",
    ),
    ("a picture of a person", 0.6, "avatar | selfie | photo url | profile picture | portrait"),
)  # fmt: skip
"""(what it is, confidence, phrases of whole words that say so)."""

_PERSON = frozenset(
    """
    user customer client person people employee staff member contact patient student teacher
    subscriber guest passenger driver author owner lead candidate applicant recipient actor
    kunde mitarbeiter cliente usuario empleado pessoa utilisateur personne account profile citizen
    voter visitor player attendee participant doctor nurse manager agent seller buyer donor
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_NAMES_OF_PERSONS = frozenset({"name", "nombre", "nom", "nome", "title"}) - {"title"}
_IN_PERSON = frozenset({"bio", "biography", "notes", "location", "city", "image", "photo", "age"})

_NOT_ABOUT = frozenset(
    """
    id count type kind status state verified confirmed at flag enabled enable sent template
    format length required optional valid score bounced provider domain limit policy opt optin
    subject expires expiry version total max min num
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""A name ending so tells something about the thing, not the thing: `email_type`, `phone_id`."""

_NEVER = frozenset({"Boolean", "Duration"})
_NUMERIC = frozenset({"Int", "BigInt", "Float", "Decimal"})
_NAME_NEEDS_TEXT = frozenset(
    {"an e-mail address", "a person's name", "a postal address", "a picture of a person"}
)
_SAMPLE_SHARE = 0.6
"""The part of the sampled values that must look alike."""
_SAMPLE_LEAST = 3
"""Fewer values than this prove nothing."""


def guess_pii(
    source_name: str, type_name: str, *, owner: str = "", samples: Sequence[object] = ()
) -> Guess | None:
    """Say why a field may hold personal data, or None.

    `type_name` is the field's GraphQL type; `owner` the source name of the table or resource;
    `samples` some of its values, which are looked at and not kept.
    """
    if type_name in _NEVER:
        return None
    by_name = _by_name(source_name, type_name, owner)
    if by_name is not None and by_name.confidence >= 0.9:
        return by_name
    by_sample = _by_sample(samples)
    if by_name is None or (by_sample and by_sample.confidence > by_name.confidence):
        return by_sample
    return by_name


def _by_name(source_name: str, type_name: str, owner: str) -> Guess | None:
    named = [singular(word) if word not in ("gps",) else word for word in words(source_name)]
    phrase = f" {' '.join(named)} "
    for what, confidence, phrases in _PHRASES:
        found = next((each for each in phrases if f" {each} " in phrase), None)
        if found is None or not _fits(what, type_name):
            continue
        if not phrase.endswith(f" {found} ") and named[-1] in _NOT_ABOUT:
            continue
        return Guess(f"the name {source_name!r} says {what}", confidence)
    if type_name not in ("String", "ID"):
        return None
    owners = {singular(word) for word in words(owner)} if owner else set()
    if owners & _PERSON:
        if named[-1] in _NAMES_OF_PERSONS and named[0] not in ("company", "file", "product"):
            return Guess(f"{source_name!r} of {owner!r} is likely a person's name", 0.8)
        if named[-1] in _IN_PERSON:
            return Guess(f"{source_name!r} of {owner!r} likely tells of a person", 0.5)
    return None


def _fits(what: str, type_name: str) -> bool:
    if what in _NAME_NEEDS_TEXT:
        return type_name in ("String", "ID", "JSON")
    if type_name in ("Date", "DateTime"):
        return what == "a date of birth"
    return True


def _by_sample(samples: Sequence[object]) -> Guess | None:
    texts = [value.strip() for value in samples if isinstance(value, str) and value.strip()]
    if len(texts) < _SAMPLE_LEAST:
        return None
    for what, confidence, looks in _LOOKS:
        share = sum(1 for text in texts if looks(text)) / len(texts)
        if share >= _SAMPLE_SHARE:
            return Guess(f"{share:.0%} of {len(texts)} sampled values look like {what}", confidence)
    return None


_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[A-Za-z]{2,24}")
_PHONE = re.compile(r"(\+|00)[1-9][0-9 ()./-]{6,20}|\(\d{3}\) ?\d{3}-\d{4}|\d{3}-\d{3}-\d{4}")
_SSN = re.compile(r"\d{3}-\d{2}-\d{4}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")


def _is_iban(text: str) -> bool:
    compact = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(compact):
        return False
    digits = "".join(str(int(sign, 36)) for sign in compact[4:] + compact[:4])
    return int(digits) % 97 == 1


def _is_card(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text)
    if not (13 <= len(digits) <= 19 and digits.isascii() and digits.isdigit()):
        return False
    doubled = [int(each) * (1 + place % 2) for place, each in enumerate(reversed(digits))]
    return sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


_LOOKS: tuple[tuple[str, float, Callable[[str], bool]], ...] = (
    ("e-mail addresses", 0.95, lambda text: _EMAIL.fullmatch(text) is not None),
    ("bank account numbers (IBAN)", 0.95, _is_iban),
    ("social security numbers", 0.9, lambda text: _SSN.fullmatch(text) is not None),
    ("card numbers", 0.85, _is_card),
    ("phone numbers", 0.8, lambda text: _PHONE.fullmatch(text) is not None),
    ("IP addresses", 0.7, _is_ip),
)
_PHRASES = tuple(
    (
        what,
        confidence,
        tuple(
            " ".join(singular(word) if word != "gps" else word for word in phrase.split())
            for phrase in sorted(phrases.split("|"), key=len, reverse=True)
        ),
    )
    for what, confidence, phrases in _BY_NAME
)
