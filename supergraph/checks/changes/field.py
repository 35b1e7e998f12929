"""Fields of object and interface types, and their arguments."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.deprecation import compare_field_deprecation, is_deprecated
from supergraph.checks.changes.description import compare_description, compare_descriptions
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.changes.input_value import added_grade, compare_default, compare_type
from supergraph.checks.changes.widening import is_safe_output
from supergraph.definitions import (
    FieldDefinition,
    InputValueDefinition,
    TypeDefinition,
    type_text,
)


def compare_fields(found: Found, old: TypeDefinition | None, new: TypeDefinition) -> None:
    """FIELD_*: `old` is None if the type is new."""
    before = old.fields if old is not None else {}
    for name, field in before.items():
        if name not in new.fields:
            path = f"{new.name}.{name}"
            gone = is_deprecated(field)
            found.add(
                "FIELD_REMOVED",
                BREAKING,
                path,
                f'{"Deprecated field" if gone else "Field"} "{path}" was removed.',
                field,
                gone=True,
                deprecated=gone,
            )
    for name, field in new.fields.items():
        path = f"{new.name}.{name}"
        if name in before:
            _compare_field(found, path, before[name], field)
            continue
        found.add(
            "FIELD_ADDED",
            SAFE,
            path,
            f'Field "{path}" of type "{type_text(field.type)}" was added.',
            field,
        )
        compare_descriptions(found, "FIELD", f'Field "{path}"', path, None, field)
        compare_field_deprecation(found, path, None, field)
        for argument in field.arguments.values():
            _argument_added(found, path, argument, to_new=True)
        compare_applied(found, "FIELD_DEFINITION", path, None, field)


def _compare_field(found: Found, path: str, old: FieldDefinition, new: FieldDefinition) -> None:
    compare_descriptions(found, "FIELD", f'Field "{path}"', path, old, new)
    compare_field_deprecation(found, path, old, new)
    before, after = type_text(old.type), type_text(new.type)
    if before != after:
        grade = SAFE if is_safe_output(old.type, new.type) else BREAKING
        found.add(
            "FIELD_TYPE_CHANGED",
            grade,
            path,
            f'Field "{path}" changed its type from "{before}" to "{after}".',
            new,
        )
    _compare_arguments(found, path, old, new)
    compare_applied(found, "FIELD_DEFINITION", path, old, new)


def _compare_arguments(found: Found, path: str, old: FieldDefinition, new: FieldDefinition) -> None:
    for name, argument in old.arguments.items():
        if name not in new.arguments:
            found.add(
                "FIELD_ARGUMENT_REMOVED",
                BREAKING,
                f"{path}({name}:)",
                f'Argument "{name}" of field "{path}" was removed.',
                argument,
                gone=True,
                deprecated=is_deprecated(argument),
            )
    for name, argument in new.arguments.items():
        if name in old.arguments:
            _compare_argument(found, path, old.arguments[name], argument)
        else:
            _argument_added(found, path, argument, to_new=False)


def _argument_added(
    found: Found, path: str, argument: InputValueDefinition, *, to_new: bool
) -> None:
    required = "Required argument" if argument.is_required else "Argument"
    found.add(
        "FIELD_ARGUMENT_ADDED",
        SAFE if to_new else added_grade(argument, DANGEROUS),
        f"{path}({argument.name}:)",
        f'{required} "{argument.name}: {type_text(argument.type)}" was added to field "{path}".',
        argument,
    )


def _compare_argument(
    found: Found, field: str, old: InputValueDefinition, new: InputValueDefinition
) -> None:
    path = f"{field}({new.name}:)"
    what = f'Argument "{new.name}" of field "{field}"'
    compare_description(found, "FIELD_ARGUMENT", what, path, old, new)
    compare_default(found, "FIELD_ARGUMENT_DEFAULT_CHANGED", what, path, old, new)
    compare_type(found, "FIELD_ARGUMENT_TYPE_CHANGED", what, path, old, new)
    compare_applied(found, "ARGUMENT_DEFINITION", path, old, new)
