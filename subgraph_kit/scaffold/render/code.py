"""Declarations as Python source, laid out as a formatter would: it has nothing left to change.

`call_of` turns any frozen dataclass into the call that makes it, without what is default. What
fits a line stands in one; what does not has an argument per line and a comma behind the last.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

LINE = 100
_INDENT = 4


@dataclass(frozen=True, slots=True)
class Raw:
    """Source text that stands as it is: a name of the module."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """`name(...)`, with positional arguments first. `module` is where the name comes from."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    module: str | None = None


def call_of(value: Any, overrides: Mapping[str, Any] | None = None, positional: int = 2) -> Any:
    """The call that makes a dataclass; members of it likewise. Other values are themselves.

    `overrides` replaces members of the outermost by name; the first `positional` members that
    have no default stand without their names.
    """
    if isinstance(value, tuple | list):
        return tuple(call_of(item) for item in value)
    if isinstance(value, Mapping):
        return {key: call_of(item) for key, item in value.items()}
    if not dataclasses.is_dataclass(value) or isinstance(value, type | Raw | Call):
        return value
    args: list[Any] = []
    kwargs: list[tuple[str, Any]] = []
    for field in dataclasses.fields(value):
        if not field.init:
            continue
        member = getattr(value, field.name)
        if overrides and field.name in overrides:
            member = overrides[field.name]
        elif _is_default(field, member):
            continue
        has_default = (
            field.default is not dataclasses.MISSING
            or field.default_factory is not dataclasses.MISSING
        )
        if not has_default and not kwargs and len(args) < positional:
            args.append(call_of(member))
        else:
            kwargs.append((field.name, call_of(member)))
    cls = type(value)
    return Call(cls.__name__, tuple(args), tuple(kwargs), cls.__module__)


def imports_of(*values: Any) -> dict[str, set[str]]:
    """The names that the source of these values needs, by module."""
    found: dict[str, set[str]] = {}
    for value in values:
        for call in _calls(value):
            if call.module is not None:
                found.setdefault(call.module, set()).add(call.name)
    return found


def import_lines(*needed: Mapping[str, set[str]]) -> str:
    """`from module import names` lines, sorted, each as the formatter has it."""
    merged: dict[str, set[str]] = {}
    for each in needed:
        for module, names in each.items():
            merged.setdefault(module, set()).update(names)
    return "\n".join(_import_line(module, merged[module]) for module in sorted(merged))


def _import_line(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=_import_order)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE:
        return line
    inside = "".join(f"    {name},\n" for name in ordered)
    return f"from {module} import (\n{inside})"


def _import_order(name: str) -> tuple[int, str]:
    """Constants, classes, functions: as isort's default has them."""
    if name.isupper() and len(name) > 1:
        return (0, name)
    return (1, name) if name[0].isupper() else (2, name)


def source(value: Any, *, prefix: str = "", indent: int = 0, suffix: str = "") -> str:
    """The source of a value that starts behind `prefix` on a line indented by `indent` spaces."""
    flat = _flat(value)
    if indent + len(prefix) + len(flat) + len(suffix) <= LINE and "\n" not in flat:
        return prefix + flat + suffix
    inner = indent + _INDENT
    pad, close = " " * inner, " " * indent
    match value:
        case Call():
            parts = [source(arg, indent=inner, suffix=",") for arg in value.args]
            parts += [
                source(arg, prefix=f"{name}=", indent=inner, suffix=",")
                for name, arg in value.kwargs
            ]
            opening, closing = f"{value.name}(", ")"
        case tuple() if value:
            parts = [source(item, indent=inner, suffix=",") for item in value]
            opening, closing = "(", ")"
        case Mapping() if value:
            parts = [
                source(item, prefix=f"{_flat(key)}: ", indent=inner, suffix=",")
                for key, item in value.items()
            ]
            opening, closing = "{", "}"
        case str():
            lines = _split(value, LINE - inner)
            if len(lines) == 1:
                return prefix + flat + suffix
            parts = lines
            opening, closing = "(", ")"
        case _:
            return prefix + flat + suffix
    body = "".join(f"{pad}{part}\n" for part in parts)
    return f"{prefix}{opening}\n{body}{close}{closing}{suffix}"


def _flat(value: Any) -> str:
    match value:
        case Raw():
            return value.text
        case Call():
            args = [_flat(arg) for arg in value.args]
            args += [f"{name}={_flat(arg)}" for name, arg in value.kwargs]
            return f"{value.name}({', '.join(args)})"
        case tuple():
            inside = ", ".join(map(_flat, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})"
        case Mapping():
            return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
        case Enum():
            return _flat(value.value)
        case str():
            return quoted(value)
        case bool() | None | float():
            return repr(value)
        case int():
            return repr(value) if abs(value) < 100_000 else f"{value:_}"
        case _:
            raise TypeError(f"{type(value).__name__} cannot be written as source")


def quoted(text: str) -> str:
    """A string literal in the quotes that need fewer escapes, double ones if equal."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    characters = []
    for character in text:
        if character in (quote, "\\"):
            characters.append(f"\\{character}")
        elif character.isprintable():
            characters.append(character)
        else:
            characters.append(repr(character)[1:-1])
    return quote + "".join(characters) + quote


def _split(text: str, width: int) -> list[str]:
    """String literals that make up the text, each within `width`; cut behind spaces if possible."""
    pieces: list[str] = []
    rest = text
    while rest:
        end = len(rest)
        while len(quoted(rest[:end])) > width:
            end -= max(1, (len(quoted(rest[:end])) - width) // 2)
        if end < len(rest):
            space = rest.rfind(" ", 0, end)
            end = space + 1 if space > 0 else end
        pieces.append(quoted(rest[:end]))
        rest = rest[end:]
    return pieces or ['""']


def _is_default(field: dataclasses.Field[Any], member: Any) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(member == field.default)
    if field.default_factory is not dataclasses.MISSING:
        return bool(member == field.default_factory())
    return False


def _calls(value: Any) -> Iterator[Call]:
    match value:
        case Call():
            yield value
            for arg in value.args:
                yield from _calls(arg)
            for _, arg in value.kwargs:
                yield from _calls(arg)
        case tuple() | list():
            for item in value:
                yield from _calls(item)
        case Mapping():
            for item in value.values():
                yield from _calls(item)
        case _:
            pass
