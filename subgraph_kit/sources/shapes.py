"""From a source's objects to the graph's: which member becomes which field, as which type.

Sources that speak in objects (REST, GraphQL, files) share this. A declaration is plain data, as a
template can print it and a person can read it:

    SourceField("ownerLogin", "owner.login", "ID")    # a member of a member
    SourceField("org", "{org}", "ID")                 # not in the object: a place of its address
    SourceField("labels", type="Label", is_list=True) # an object, enum or variants of `types`

A value that is not what was declared becomes None, and is warned of once per field: one bad value
must not take the whole list with it. Values never get into the warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

import structlog

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.canonical import canonical

_INT32 = range(-(2**31), 2**31)
_MILLISECONDS_FROM = 10**11
"""A time given as a number is in milliseconds from here on; in seconds that is the year 5138."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SourceField:
    """A field of the graph and the member of the source that it is.

    `source` is a path of members, by default the field's own name; `{place}` is a part of the
    address. `type` is a scalar of the graph, or a name in the `types` of the declaration.
    """

    name: str
    source: str | None = None
    type: str = "String"
    is_list: bool = False

    @property
    def path(self) -> str:
        """Where the source has it."""
        return self.name if self.source is None else self.source


@dataclass(frozen=True, slots=True)
class SourceObject:
    """An object of the source inside of others."""

    fields: tuple[SourceField, ...]


@dataclass(frozen=True, slots=True)
class SourceVariants:
    """One of several objects: the value of the member `discriminator` says which type it is."""

    discriminator: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SourceEnum:
    """Names in the graph by values in the source."""

    names: Mapping[str, str]


SourceType = SourceObject | SourceVariants | SourceEnum
SourceTypes = Mapping[str, SourceType]

Convert = Callable[[Any], Any]
"""Takes a value that is not None; raises `_Unfit` for one that is not what was declared."""


class _Unfit(Exception):  # noqa: N818 - never leaves this module
    """A value that is not of the declared type."""


@dataclass(slots=True)
class ObjectReader:
    """Reads objects of one declaration: `read(item)` gives the data of an entity.

    `of` names the entity in warnings and errors.
    """

    of: str
    fields: tuple[SourceField, ...]
    types: SourceTypes = field(default_factory=dict)
    _readers: list[tuple[str, tuple[str, ...], str, Convert]] = field(init=False)
    _places: list[tuple[str, str, Convert]] = field(init=False)
    _named: dict[str, Convert] = field(init=False, default_factory=dict)
    _warned: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        self._readers, self._places = [], []
        for each in self.fields:
            convert = self._convert(each)
            if each.path.startswith("{"):
                self._places.append((each.name, each.path.strip("{}"), convert))
            else:
                self._readers.append((each.name, tuple(each.path.split(".")), each.name, convert))

    def read(
        self, item: Mapping[str, Any], places: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The data of one object; `places` are the parts of its address by field name."""
        data = self._object(item, self._readers)
        for name, place, convert in self._places:
            value = (places or {}).get(name, (places or {}).get(place))
            data[name] = self._try(convert, value, name)
        return data

    def to_source(self, name: str, value: Any) -> Any:
        """A value of a field, as the graph has it, in the source's words: enums turned back."""
        declared = next((each for each in self.fields if each.name == name), None)
        kind = self.types.get(declared.type) if declared is not None else None
        if isinstance(kind, SourceEnum):
            back = {member: source for source, member in kind.names.items()}
            if isinstance(value, list | tuple):
                return [back.get(each, each) for each in value]
            return back.get(value, value)
        return value

    def convert(self, name: str, value: Any) -> Any:
        """A single value as the field `name` has it."""
        for each in self.fields:
            if each.name == name:
                return self._try(self._convert(each), value, name)
        raise KeyError(name)

    def _object(
        self, item: Mapping[str, Any], readers: Sequence[tuple[str, tuple[str, ...], str, Convert]]
    ) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, path, label, convert in readers:
            value: Any = item
            for token in path:
                if isinstance(value, Mapping):
                    value = value.get(token)
                elif value is item or isinstance(value, list):
                    value = None
                # else: an API that gives the key where it could give the object (`expand`).
                if value is None:
                    break
            data[name] = None if value is None else self._try(convert, value, label)
        return data

    def _try(self, convert: Convert, value: Any, label: str) -> Any:
        if value is None:
            return None
        try:
            return convert(value)
        except _Unfit:
            if label not in self._warned:
                self._warned.add(label)
                _log.warning("source.value_unfit", entity=self.of, field=label,
                             type=type(value).__name__)  # fmt: skip
            return None

    def _convert(self, declared: SourceField) -> Convert:
        single = self._single(declared.type)
        if not declared.is_list:
            return single

        def each(value: Any) -> Any:
            if not isinstance(value, list | tuple):
                raise _Unfit
            return [None if item is None else self._try(single, item, declared.name)
                    for item in value]  # fmt: skip

        return each

    def _single(self, type_name: str) -> Convert:
        scalar = _SCALARS.get(type_name)
        if scalar is not None:
            return scalar
        known = self._named.get(type_name)
        if known is not None:
            return known
        kind = self.types.get(type_name)
        if kind is None:
            raise ConfigurationError(
                f"{self.of}: the type {type_name!r} is no scalar and not among the declared types"
            )
        # Types may contain themselves: what is made is put in place before its fields are read.
        target: list[Convert] = []
        self._named[type_name] = lambda value: target[0](value)
        target.append(self._named_convert(type_name, kind))
        return self._named[type_name]

    def _named_convert(self, type_name: str, kind: SourceType) -> Convert:
        match kind:
            case SourceEnum(names):
                return lambda value: _enum(names, value)
            case SourceObject(fields):
                readers = [
                    (f.name, tuple(f.path.split(".")), f"{type_name}.{f.name}", self._convert(f))
                    for f in fields
                ]

                def read(value: Any) -> Any:
                    if not isinstance(value, Mapping):
                        raise _Unfit
                    return self._object(value, readers)

                return read
            case SourceVariants(discriminator, types):
                members = {value: (name, self._single(name)) for value, name in types.items()}

                def choose(value: Any) -> Any:
                    if not isinstance(value, Mapping):
                        raise _Unfit
                    found = members.get(str(value.get(discriminator)))
                    if found is None:
                        raise _Unfit
                    return {"__typename": found[0], **found[1](value)}

                return choose


def _enum(names: Mapping[str, str], value: Any) -> str:
    text = ("true" if value else "false") if isinstance(value, bool) else str(value)
    name = names.get(text)
    if name is None:
        raise _Unfit
    return name


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case date() | UUID():
            return str(canonical(value))
        case _:
            raise _Unfit


def _id(value: Any) -> str:
    if isinstance(value, bool) or value == "":
        raise _Unfit
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _text(value)


def _whole(value: Any) -> int:
    try:
        match value:
            case bool():
                raise _Unfit
            case int():
                return value
            case float() | Decimal() if value == int(value):
                return int(value)
            case str() if len(value) < 80:
                return int(value)
            case _:
                raise _Unfit
    except (ValueError, OverflowError, ArithmeticError):
        raise _Unfit from None


def _int(value: Any) -> int:
    number = _whole(value)
    if number not in _INT32:
        raise _Unfit
    return number


def _float(value: Any) -> float:
    if isinstance(value, bool):
        raise _Unfit
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        raise _Unfit from None
    if number != number or number in (float("inf"), float("-inf")):
        raise _Unfit
    return number


def _decimal(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise _Unfit
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _Unfit from None
    if not number.is_finite() or abs(number.adjusted()) > 400:
        raise _Unfit
    return format(number, "f")


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _Unfit


def _date(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, str) and _DATE.match(value):
        try:
            return date.fromisoformat(value[:10]).isoformat()
        except ValueError:
            raise _Unfit from None
    raise _Unfit


def _date_time(value: Any) -> str:
    try:
        match value:
            case datetime():
                return str(canonical(value))
            case date():
                return f"{value.isoformat()}T00:00:00Z"
            case bool():
                raise _Unfit
            case int() | float():
                seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
                return str(canonical(datetime.fromtimestamp(seconds, UTC)))
            case str():
                return str(canonical(_parse_time(value)))
            case _:
                raise _Unfit
    except (ValueError, OverflowError, OSError):
        raise _Unfit from None


def _parse_time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)  # "Sat, 28 Nov 2026 08:00:00 GMT"


def _uuid(value: Any) -> str:
    try:
        return str(value if isinstance(value, UUID) else UUID(value))
    except (ValueError, AttributeError, TypeError):
        raise _Unfit from None


def _json(value: Any) -> Any:
    try:
        return canonical(value)
    except TypeError:
        raise _Unfit from None


def _time_or_duration(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return str(canonical(value))
    except TypeError:
        raise _Unfit from None


def _bytes(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return str(canonical(value))
    raise _Unfit


_SCALARS: dict[str, Convert] = {
    "ID": _id, "String": _text, "Int": _int, "Float": _float, "Boolean": _boolean,
    "BigInt": lambda value: str(_whole(value)), "Decimal": _decimal, "Date": _date,
    "DateTime": _date_time, "Time": _time_or_duration, "Duration": _time_or_duration,
    "UUID": _uuid, "JSON": _json, "Bytes": _bytes,
}  # fmt: skip
