"""Names of the graph from names of a source: the same source name always gives the same name.

Sources name things in every way there is (`tbl_Order-Items`, `Straße`, `2fa`, `__class`); GraphQL
takes `[_A-Za-z][_0-9A-Za-z]*`, its users expect `OrderItem`, `strasse`, `IN_PROGRESS`, and some
names are taken. The functions here turn one name into one name; `Names` hands them out in one
scope and settles clashes. Whatever comes out, a person can rename: see `InspectOptions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

import inflection
from anyascii import anyascii

from subgraph_kit.scaffold.model import SCALARS

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+[a-z]*")

_SINGULAR_IN_S = frozenset(
    """
    alias atlas bias canvas gas lens chaos cosmos kudos gps dns sms mms pos os css aws https tls sos
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Words that end in `s` without being plurals and without the endings that tell so."""
_PLURAL_IN_US_OR_IS = frozenset(("menus", "gurus", "emus", "gnus", "taxis", "skis", "apis", "kpis"))
_SAME_FOR_MANY = frozenset(
    """
    data media metadata criteria info information equipment staff news series species sheep fish
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""One and many are written alike, or nobody wants to read the singular (`datum`) in a schema."""
_LATIN_PLURALS = frozenset(
    """
    addenda bacteria consortia criteria curricula data emporia errata media memoranda moratoria
    phyla septa sanatoria stadia strata symposia
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""The words in `a` that are plurals of `um`; all others (`quota`, `delta`) are singulars."""
_IRREGULAR = {
    "caches": "cache", "cookies": "cookie", "leaves": "leaf", "axes": "axis",
    "phenomena": "phenomenon",
    **{f"{word}es": word for word in _SINGULAR_IN_S},
}  # fmt: skip
"""Where the rules of `inflection`, which are those of Rails, go wrong."""

RESERVED_TYPES = frozenset(
    {
        *SCALARS, "Query", "Mutation", "Subscription", "PageInfo", "Node", "Entity", "FieldSet",
        "Any", "Import", "Purpose", "Scope", "Policy", "ContextArgument",
    }
)  # fmt: skip
"""Type names that GraphQL, Federation or the kit's own schema use."""
_DERIVED = (
    "Connection", "Edge", "Page", "Filter", "FilterInput", "Order", "OrderBy", "OrderField",
    "OrderInput", "Input", "Key", "KeyInput", "Payload", "Event",
)  # fmt: skip
"""What the kit's schema appends to an entity's name for the types that go with it."""


def words(source_name: str) -> list[str]:
    """The words of a name in lower case: `tblOrder-Items2` is `tbl`, `order`, `items`, `2`.

    Letters of other scripts are written in Latin ones. Never empty: what has no letter or digit
    becomes the word `unnamed`.
    """
    latin = anyascii(source_name)
    found = [match.group().lower() for match in _WORD.finditer(latin)]
    return found or ["unnamed"]


def type_name(source_name: str) -> str:
    """`order_items` becomes `OrderItem`: the last word in the singular, every word capitalised."""
    *first, last = words(source_name)
    return _valid("".join(map(_capital, [*first, singular(last)])))


def field_name(source_name: str) -> str:
    """`created_at` becomes `createdAt`."""
    first, *rest = words(source_name)
    return _valid(first + "".join(map(_capital, rest)))


def enum_value_name(source_value: str) -> str:
    """`in progress` becomes `IN_PROGRESS`; signs that alone tell values apart are spelled."""
    spelled = "".join(_SIGNS.get(sign, sign) for sign in source_value.strip())
    name = _valid("_".join(words(spelled)).upper())
    return f"{name}_" if name.lower() in ("true", "false", "null") else name


def list_name(of_type: str) -> str:
    """The field name of a list of a type: `OrderItem` becomes `orderItems`."""
    first, *rest = words(of_type)
    if not rest:
        return _valid(plural(first))
    return _valid(first + "".join(map(_capital, [*rest[:-1], plural(rest[-1])])))


def constant_case(source_name: str) -> str:
    """`orderItems` becomes `ORDER_ITEMS`."""
    return _valid("_".join(words(source_name)).upper())


def snake_case(source_name: str) -> str:
    """`OrderItem` becomes `order_item`."""
    return _valid("_".join(words(source_name)))


@cache
def singular(word: str) -> str:
    """One of many: `companies` becomes `company`; a singular stays as it is."""
    if word in _SAME_FOR_MANY or word in _SINGULAR_IN_S:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _PLURAL_IN_US_OR_IS:
        return word[:-1]
    if word.endswith(("ss", "us", "sis", "xis")) or _is_one_in_a(word):
        return word
    if word.endswith("uses") and (base := word[:-2]) != word and _is_latin_us(base):
        return base
    return str(inflection.singularize(word)) or word


@cache
def plural(word: str) -> str:
    """Many of one: `company` becomes `companies`; a plural stays as it is."""
    if word in _SAME_FOR_MANY or not word.isalpha() or singular(word) != word:
        return word
    for many, one in _IRREGULAR.items():
        if one == word:
            return many
    if word.endswith("us") or word in _SINGULAR_IN_S:
        return f"{word}es"
    if _is_one_in_a(word):
        return f"{word}s"
    return str(inflection.pluralize(word)) or word


def _is_one_in_a(word: str) -> bool:
    """Whether `word` is like `quota` or `delta`, which are no plurals."""
    return word.endswith("a") and word not in _LATIN_PLURALS


def _is_latin_us(word: str) -> bool:
    """Whether `word` is like `virus` or `bonus`, whose plural adds `es`, and not like `hous(e)`."""
    return not word.endswith(("ous", "aus", "cus", "eus")) and word != "us"


class Names:
    """The names of one scope (all types, the fields of one type), each handed out once.

    `reserved` are never handed out. `fixed` holds what a person or an earlier run decided, by
    source name; those come out as they are, and no other source gets them.
    """

    def __init__(
        self,
        *,
        reserved: Iterable[str] = (),
        fixed: Mapping[str, str] | None = None,
        derived: bool = False,
    ) -> None:
        self._fixed = dict(fixed or {})
        self._taken = {*reserved, *self._fixed.values()}
        self._derived = _DERIVED if derived else ()

    def take(self, source: str, *proposals: str) -> str:
        """The first of `proposals` that is free; the last with a number if none of them is."""
        if (fixed := self._fixed.get(source)) is not None:
            return fixed
        for proposal in self._with_numbers(proposals):
            if self._is_free(proposal):
                self._taken.add(proposal)
                return proposal
        raise AssertionError("there is always another number")

    def _with_numbers(self, proposals: tuple[str, ...]) -> Iterable[str]:
        yield from proposals
        number = 2
        while True:
            yield f"{proposals[-1]}{number}"
            number += 1

    def _is_free(self, name: str) -> bool:
        if name in self._taken or name.startswith("__"):
            return False
        if any(f"{name}{suffix}" in self._taken for suffix in self._derived):
            return False
        return not any(
            name.endswith(suffix) and name.removesuffix(suffix) in self._taken
            for suffix in self._derived
        )


def type_names(fixed: Mapping[str, str] | None = None) -> Names:
    """A scope for type names: nothing that GraphQL, Federation or derived types need."""
    return Names(reserved=RESERVED_TYPES, fixed=fixed, derived=True)


_SIGNS = {
    "+": " plus ", "-": " ", "<": " less ", ">": " greater ", "=": " equal ", "!": " not ",
    "%": " percent ", "&": " and ", "*": " star ", "#": " sharp ", "@": " at ", "/": " ",
}  # fmt: skip


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]


def _valid(name: str) -> str:
    return f"_{name}" if name[0].isdigit() else name
