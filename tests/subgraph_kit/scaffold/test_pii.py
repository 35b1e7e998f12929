"""Guesses at personal data."""

import pytest

from subgraph_kit.scaffold.pii import guess_pii


@pytest.mark.parametrize(
    ("name", "type_", "owner", "what"),
    [
        ("email", "String", "orders", "e-mail"),
        ("contactEmail", "String", "orders", "e-mail"),
        ("billing_e_mail", "String", "x", "e-mail"),
        ("phone_number", "String", "x", "phone"),
        ("first_name", "String", "x", "name"),
        ("name", "String", "customers", "name"),
        ("birth_date", "Date", "x", "birth"),
        ("dob", "String", "x", "birth"),
        ("ssn", "Int", "x", "official"),
        ("tax_id", "String", "x", "official"),
        ("iban", "String", "x", "bank"),
        ("shipping_street", "String", "x", "postal"),
        ("address_line_1", "String", "x", "postal"),
        ("client_ip", "String", "x", "network"),
        ("password_hash", "String", "x", "secret"),
        ("salary", "Decimal", "employees", "sensitive"),
        ("Geburtsdatum", "Date", "Kunden", "birth"),
    ],
)
def test_names_tell_personal_data(name: str, type_: str, owner: str, what: str) -> None:
    guess = guess_pii(name, type_, owner=owner)
    assert guess is not None
    assert what in guess.reason


@pytest.mark.parametrize(
    ("name", "type_", "owner"),
    [
        ("name", "String", "products"),
        ("email_verified", "Boolean", "users"),
        ("email_count", "Int", "users"),
        ("email_sent_at", "DateTime", "users"),
        ("phone_type", "String", "users"),
        ("address_id", "Int", "users"),
        ("id", "ID", "users"),
        ("created_at", "DateTime", "users"),
        ("shipping_cost", "Decimal", "orders"),
        ("description", "String", "products"),
        ("zipped", "Boolean", "files"),
        ("company_name", "String", "customers"),
        ("tell", "String", "x"),
    ],
)
def test_names_about_something_else_are_left_alone(name: str, type_: str, owner: str) -> None:
    assert guess_pii(name, type_, owner=owner) is None


@pytest.mark.parametrize(
    ("samples", "what"),
    [
        (["a@b.com", "jane.doe@example.org", "x+y@z.co", "n/a"], "e-mail"),
        (
            ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "GB33BUKB20201555555555"],
            "IBAN",
        ),
        (["4111 1111 1111 1111", "5500005555555559", "378282246310005"], "card"),
        (["+49 30 123456", "+1 (555) 123-4567", "(555) 123-4567"], "phone"),
        (["10.0.0.1", "::1", "192.168.1.1"], "IP"),
    ],
)
def test_values_tell_personal_data_and_are_not_repeated(samples: list[str], what: str) -> None:
    guess = guess_pii("field_17", "String", samples=samples)
    assert guess is not None
    assert what in guess.reason
    assert not any(sample in guess.reason for sample in samples)


@pytest.mark.parametrize(
    "samples", [["a@b.com", "c@d.com"], ["1", "2", "3"], ["a@b.com", "x", "y", "z"], [1, 2, 3]]
)
def test_too_few_or_other_values_tell_nothing(samples: list[object]) -> None:
    assert guess_pii("field_17", "String", samples=samples) is None
