"""Definitions of directives."""

from __future__ import annotations

from collections.abc import Mapping

from supergraph.checks.changes.description import compare_description
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.changes.input_value import added_grade, compare_default, compare_type
from supergraph.definitions import DirectiveDefinition, InputValueDefinition, type_text


def compare_directives(
    found: Found, old: Mapping[str, DirectiveDefinition], new: Mapping[str, DirectiveDefinition]
) -> None:
    """DIRECTIVE_*: definitions added, removed and changed."""
    for name, definition in old.items():
        if name not in new:
            message = f'Directive "@{name}" was removed.'
            found.add("DIRECTIVE_REMOVED", BREAKING, f"@{name}", message, definition, gone=True)
    for name, definition in new.items():
        before = old.get(name)
        if before is None:
            message = f'Directive "@{name}" was added.'
            found.add("DIRECTIVE_ADDED", SAFE, f"@{name}", message, definition)
        else:
            what = f'Directive "@{name}"'
            compare_description(found, "DIRECTIVE", what, f"@{name}", before, definition)
        _compare_form(found, before, definition)
        _compare_arguments(found, before, definition)


def _compare_form(found: Found, old: DirectiveDefinition | None, new: DirectiveDefinition) -> None:
    path = f"@{new.name}"
    was_repeatable = old is not None and old.repeatable
    if new.repeatable and not was_repeatable:
        message = f'Directive "{path}" is repeatable now.'
        found.add("DIRECTIVE_REPEATABLE_ADDED", SAFE, path, message, new)
    elif was_repeatable and not new.repeatable:
        message = f'Directive "{path}" is no longer repeatable.'
        found.add("DIRECTIVE_REPEATABLE_REMOVED", DANGEROUS, path, message, new)
    before = old.locations if old is not None else ()
    for location in before:
        if location not in new.locations:
            message = f'Directive "{path}" is no longer allowed on {location}.'
            found.add("DIRECTIVE_LOCATION_REMOVED", BREAKING, path, message, new)
    for location in new.locations:
        if location not in before:
            message = f'Directive "{path}" is allowed on {location} now.'
            found.add("DIRECTIVE_LOCATION_ADDED", SAFE, path, message, new)


def _compare_arguments(
    found: Found, old: DirectiveDefinition | None, new: DirectiveDefinition
) -> None:
    before = old.arguments if old is not None else {}
    for name, argument in before.items():
        if name not in new.arguments:
            message = f'Argument "{name}" of directive "@{new.name}" was removed.'
            path = f"@{new.name}({name}:)"
            found.add("DIRECTIVE_ARGUMENT_REMOVED", BREAKING, path, message, argument, gone=True)
    for name, argument in new.arguments.items():
        if name in before:
            _compare_argument(found, new, before[name], argument)
            continue
        required = "Required argument" if argument.is_required else "Argument"
        found.add(
            "DIRECTIVE_ARGUMENT_ADDED",
            SAFE if old is None else added_grade(argument, SAFE),
            f"@{new.name}({name}:)",
            f'{required} "{name}: {type_text(argument.type)}" was added to directive '
            f'"@{new.name}".',
            argument,
        )


def _compare_argument(
    found: Found,
    directive: DirectiveDefinition,
    old: InputValueDefinition,
    new: InputValueDefinition,
) -> None:
    path = f"@{directive.name}({new.name}:)"
    what = f'Argument "{new.name}" of directive "@{directive.name}"'
    compare_description(found, "DIRECTIVE_ARGUMENT", what, path, old, new)
    compare_default(found, "DIRECTIVE_ARGUMENT_DEFAULT_VALUE_CHANGED", what, path, old, new)
    compare_type(found, "DIRECTIVE_ARGUMENT_TYPE_CHANGED", what, path, old, new)
