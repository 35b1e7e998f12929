"""What things are called: types after tables, references after columns, lists after who refers.

Names are handed out in an order that puts the plain name where one expects it: fields before
references, references before lists; tables of the default schema before others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subgraph_kit.scaffold.inspect.sql.catalog import ForeignKey, Table
from subgraph_kit.scaffold.names import (
    Names,
    field_name,
    list_name,
    plural,
    singular,
    type_name,
    type_names,
    words,
)

_KEY_WORDS = ("id", "uuid", "guid", "fk", "key", "code", "no", "nr", "number", "ref", "pk")
_TABLE_WORDS = ("tbl", "tb")
_AUDIT = frozenset({"created", "updated", "modified", "deleted", "changed", "inserted"})


def name_types(tables: Sequence[Table], fixed: Mapping[str, str]) -> dict[str, str]:
    """A type name per table, by source name."""
    names = type_names(fixed)
    named: dict[str, str] = {}
    for table in tables:
        bare = _bare(table.name)
        proposals = [type_name(bare)]
        if table.source_name != table.name:
            proposals.append(type_name(f"{table.schema} {bare}"))
        proposals.append(f"{proposals[-1]}Record")
        named[table.source_name] = names.take(table.source_name, *proposals)
    return named


def name_lists(types: Sequence[str]) -> dict[str, str]:
    """The name of the list of all entities of each type, apart from that of one entity."""
    names = Names(reserved={field_name(each) for each in types})
    return {each: names.take(each, list_name(each), f"{field_name(each)}List") for each in types}


def reference_base(table: Table, key: ForeignKey, shared: frozenset[str]) -> str:
    """What a foreign key is called, in the words of its columns: `billing address`.

    Of several columns, those `shared` with other keys (a tenant's id) say nothing.
    """
    own = [name for name in key.columns if name not in shared] or list(key.columns)
    if len(own) > 1:
        target = singular(words(key.target[1])[-1])
        own = [name for name in own if target in words(name)][:1] or own[-1:]
    return " ".join(_without_key_word(own[0]))


def is_named_like_key(column: str) -> bool:
    """Whether the column's name says that it is a key (`customer_id`), not the thing itself."""
    return _without_key_word(column) != words(column)


def is_audit(base: str) -> bool:
    """Whether a reference tells who touched the row: nobody asks for a list of these."""
    found = base.split()
    return bool(found) and found[0] in _AUDIT and (len(found) == 1 or found[1] in ("by", "user"))


def reverse_names(base: str, source_type: str, *, to_self: bool, only: bool) -> list[str]:
    """Proposals for the list on the far side of a reference."""
    many = list_name(source_type)
    if to_self and base == "parent":
        return ["children", f"{many}ByParent"]
    by_base = f"{many}By{type_case(base)}"
    return [many, by_base] if only and not to_self else [by_base]


def link_names(base: str, target_type: str, link: Table, *, ambiguous: bool) -> list[str]:
    """Proposals for a list through a link table: `tags`, or `followers` where that says more."""
    plain = list_name(target_type)
    *first, last = base.split()
    told = field_name(" ".join([*first, plural(last)]))
    by_link = field_name(_bare(link.name))
    return [told, by_link] if ambiguous else [plain, told, by_link]


def type_case(base: str) -> str:
    """`billing address` becomes `BillingAddress`."""
    return "".join(word[:1].upper() + word[1:] for word in base.split())


def _without_key_word(column: str) -> list[str]:
    found = words(column)
    if len(found) > 1 and found[-1] in _KEY_WORDS:
        return found[:-1]
    if len(found) > 1 and found[0] in ("id", "fk"):
        return found[1:]
    return found


def _bare(table: str) -> str:
    first, *rest = words(table)
    return " ".join(rest) if rest and first in _TABLE_WORDS else table
