"""Deprecation of fields and enum values, before and after."""

from __future__ import annotations

from supergraph.checks.changes.found import SAFE, Found
from supergraph.definitions import Element

DEFAULT_REASON = "No longer supported"
"""What GraphQL says where no reason is given."""


def is_deprecated(element: Element) -> bool:
    """Whether `@deprecated` is applied."""
    return any(item.name == "deprecated" for item in element.directives)


def deprecation_reason(element: Element) -> str | None:
    """The reason, None where the element is not deprecated."""
    for item in element.directives:
        if item.name == "deprecated":
            return item.text("reason") or DEFAULT_REASON
    return None


def compare_field_deprecation(found: Found, path: str, old: Element | None, new: Element) -> None:
    """FIELD_DEPRECATION_*: of a field that is new (`old` is None) or was there."""
    before = deprecation_reason(old) if old is not None else None
    after = deprecation_reason(new)
    if before == after:
        return
    if before is None:
        found.add(
            "FIELD_DEPRECATION_ADDED",
            SAFE,
            path,
            f'Field "{path}" is deprecated now: {after}',
            new,
            directive="deprecated",
        )
    elif after is None:
        found.add(
            "FIELD_DEPRECATION_REMOVED",
            SAFE,
            path,
            f'Field "{path}" is no longer deprecated.',
            new,
            directive="deprecated",
        )
    else:
        _compare_reasons(found, "FIELD", f'Field "{path}"', path, new, before, after)


def compare_value_deprecation(found: Found, path: str, old: Element | None, new: Element) -> None:
    """ENUM_VALUE_DEPRECATION_*: of an enum value; being deprecated is having a reason."""
    before = deprecation_reason(old) if old is not None else None
    after = deprecation_reason(new)
    if before != after:
        _compare_reasons(
            found,
            "ENUM_VALUE",
            f'Enum value "{path}"',
            path,
            new,
            before or DEFAULT_REASON,
            after or DEFAULT_REASON,
            appeared=before is None,
        )


def _compare_reasons(
    found: Found,
    prefix: str,
    what: str,
    path: str,
    new: Element,
    before: str,
    after: str,
    *,
    appeared: bool = False,
) -> None:
    if appeared or before == DEFAULT_REASON:
        verb, sentence = "ADDED", f"{what} has a deprecation reason now: {after}"
    elif after == DEFAULT_REASON:
        verb, sentence = "REMOVED", f"{what} has lost its deprecation reason: {before}"
    else:
        verb = "CHANGED"
        sentence = f'{what} has another deprecation reason: "{after}", it was "{before}"'
    found.add(
        f"{prefix}_DEPRECATION_REASON_{verb}", SAFE, path, sentence, new, directive="deprecated"
    )
