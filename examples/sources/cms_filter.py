"""The CMS's query language: `filter`, `sort`, `fields`, `limit`, `offset` and `meta`, as SQL.

Filters come as JSON (`filter={"city":{"_eq":"Kiel"}}`) or in brackets (`filter[city][_eq]=Kiel`).
Field names are checked against the collection, values always travel as parameters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MAX_DEPTH = 10
MAX_CONDITIONS = 200
DEFAULT_LIMIT = 100
COMPARISONS = {"_eq": "=", "_neq": "<>", "_lt": "<", "_lte": "<=", "_gt": ">", "_gte": ">="}
_BRACKET = re.compile(r"\[([^\[\]]*)\]")


class QueryError(ValueError):
    """A query the CMS does not take; the text is for the client."""


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """A checked query. `limit` None means all."""

    where: str
    parameters: tuple[object, ...]
    order: str
    fields: tuple[str, ...]
    limit: int | None
    offset: int
    meta: frozenset[str]


def parse_query(parameters: Sequence[tuple[str, str]], columns: Sequence[str]) -> ItemsQuery:
    """Read the query of a list request.

    Raises:
        QueryError: if a parameter is not understood.
    """
    simple = {key: value for key, value in parameters if "[" not in key}
    where, values = _Compiler(columns).compile(_filter_of(parameters, simple))
    return ItemsQuery(
        where=where,
        parameters=tuple(values),
        order=_order(simple.get("sort", "id"), columns),
        fields=_fields(parameters, columns),
        limit=_limit(simple.get("limit")),
        offset=_number("offset", simple.get("offset", "0")),
        meta=frozenset(_split(simple.get("meta", ""))),
    )


class _Compiler:
    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._values: list[object] = []
        self._conditions = 0

    def compile(self, tree: object) -> tuple[str, list[object]]:
        return self._group(tree, "AND", 0), self._values

    def _group(self, tree: object, joiner: str, depth: int) -> str:
        if depth > MAX_DEPTH:
            raise QueryError(f"The filter is nested deeper than {MAX_DEPTH} levels.")
        if not isinstance(tree, dict):
            raise QueryError("A filter must be an object of fields.")
        parts = []
        for name, inner in tree.items():
            if name in ("_and", "_or"):
                branches = list(inner.values()) if isinstance(inner, dict) else inner
                if not isinstance(branches, list):
                    raise QueryError(f'"{name}" needs a list of filters.')
                word = name[1:].upper()
                sql = f" {word} ".join(self._group(each, "AND", depth + 1) for each in branches)
                parts.append(f"({sql})" if branches else "1")
            else:
                parts.append(self._field(name, inner))
        return f" {joiner} ".join(parts) if parts else "1"

    def _field(self, name: str, operators: object) -> str:
        if name not in self._columns:
            raise QueryError(f'Field "{name}" does not exist in collection "customers".')
        if not isinstance(operators, dict):
            raise QueryError(f'Field "{name}" needs an operator such as "_eq".')
        return " AND ".join(self._operator(name, op, v) for op, v in operators.items()) or "1"

    def _operator(self, name: str, operator: str, value: object) -> str:
        self._conditions += 1
        if self._conditions > MAX_CONDITIONS:
            raise QueryError(f"The filter has more than {MAX_CONDITIONS} conditions.")
        column = f'"{name}"'
        if operator in COMPARISONS:
            return f"{column} {COMPARISONS[operator]} {self._bind(value)}"
        match operator:
            case "_in" | "_nin":
                places = ", ".join(self._bind(each) for each in _list_of(value))
                negation = "NOT " if operator == "_nin" else ""
                return f"{column} {negation}IN ({places})"
            case "_between":
                ends = _list_of(value)
                if len(ends) != 2:
                    raise QueryError('"_between" needs two values.')
                return f"{column} BETWEEN {self._bind(ends[0])} AND {self._bind(ends[1])}"
            case "_contains":
                return f"instr({column}, {self._bind(_text(value))}) > 0"
            case "_ncontains":
                return f"instr({column}, {self._bind(_text(value))}) = 0"
            case "_icontains":
                return f"instr(lower({column}), lower({self._bind(_text(value))})) > 0"
            case "_starts_with":
                text = _text(value)
                return f"substr({column}, 1, {len(text)}) = {self._bind(text)}"
            case "_ends_with":
                text = _text(value)
                return f"substr({column}, -{max(len(text), 1)}) = {self._bind(text)}"
            case "_null" | "_nnull":
                wanted = (operator == "_null") == (str(value).lower() != "false")
                return f"{column} IS {'' if wanted else 'NOT '}NULL"
            case _:
                raise QueryError(f'Operator "{operator}" does not exist.')

    def _bind(self, value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise QueryError("A filter value must be a text or a number.")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise QueryError("A filter value is out of range.")
        self._values.append(value)
        return "?"


def _filter_of(parameters: Iterable[tuple[str, str]], simple: dict[str, str]) -> object:
    if "filter" in simple:
        try:
            tree: object = json.loads(simple["filter"])
            json.dumps(tree, ensure_ascii=False).encode()  # half of a surrogate pair is no text
            return tree
        except (ValueError, RecursionError):
            raise QueryError('"filter" is not valid JSON.') from None
    nested: dict[str, object] = {}
    for key, value in parameters:
        if not key.startswith("filter["):
            continue
        steps = _BRACKET.findall(key)
        if not steps or len(steps) > 2 * MAX_DEPTH:
            raise QueryError(f'"{key[:60]}" is not a filter.')
        node = nested
        for step in steps[:-1]:
            inner = node.setdefault(step, {})
            if not isinstance(inner, dict):
                raise QueryError(f'"{key[:60]}" contradicts another filter.')
            node = inner
        node[steps[-1]] = value
    return nested


def _fields(parameters: Iterable[tuple[str, str]], columns: Sequence[str]) -> tuple[str, ...]:
    asked = [part for key, value in parameters if key in ("fields", "fields[]")
             for part in _split(value)]  # fmt: skip
    if not asked or "*" in asked:
        return tuple(columns)
    for name in asked:
        if name not in columns:
            raise QueryError(f'Field "{name}" does not exist in collection "customers".')
    return tuple(dict.fromkeys(asked))


def _order(sort: str, columns: Sequence[str]) -> str:
    parts = []
    for part in _split(sort):
        name = part.removeprefix("-")
        if name not in columns:
            raise QueryError(f'Field "{name}" does not exist in collection "customers".')
        parts.append(f'"{name}" {"DESC" if part.startswith("-") else "ASC"}')
    return ", ".join([*parts, '"id" ASC'])


def _limit(text: str | None) -> int | None:
    if text == "-1":
        return None
    return DEFAULT_LIMIT if text is None else _number("limit", text)


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise QueryError(f'"{name}" must be a whole number.')
    return int(text)


def _list_of(value: object) -> list[object]:
    if isinstance(value, str):
        return list(_split(value))
    if not isinstance(value, list):
        raise QueryError('"_in" needs a list.')
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise QueryError("This operator compares texts.")
    return value


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
