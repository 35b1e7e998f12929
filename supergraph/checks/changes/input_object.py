"""Input object types and their fields."""

from __future__ import annotations

from supergraph.checks.changes.applied import compare_applied
from supergraph.checks.changes.deprecation import is_deprecated
from supergraph.checks.changes.description import compare_descriptions
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.changes.input_value import added_grade, compare_default, compare_type
from supergraph.definitions import InputValueDefinition, TypeDefinition, type_text


def compare_input_object(found: Found, old: TypeDefinition | None, new: TypeDefinition) -> None:
    """INPUT_FIELD_*: `old` is None if the type is new."""
    before = old.input_fields if old is not None else {}
    for name, field in before.items():
        if name not in new.input_fields:
            path = f"{new.name}.{name}"
            found.add(
                "INPUT_FIELD_REMOVED",
                BREAKING,
                path,
                f'Input field "{path}" was removed.',
                field,
                gone=True,
                deprecated=is_deprecated(field),
            )
    for name, field in new.input_fields.items():
        if name in before:
            _compare(found, f"{new.name}.{name}", before[name], field)
        else:
            _added(found, new, field, to_new=old is None)
    compare_applied(found, "INPUT_OBJECT", new.name, old, new)


def _added(
    found: Found, parent: TypeDefinition, field: InputValueDefinition, *, to_new: bool
) -> None:
    path = f"{parent.name}.{field.name}"
    required = "Required input field" if field.is_required else "Input field"
    # A default is a value that the service gets now and did not before; null says nothing new.
    optional = SAFE if field.default is None else DANGEROUS
    found.add(
        "INPUT_FIELD_ADDED",
        SAFE if to_new else added_grade(field, optional),
        path,
        f'{required} "{path}" of type "{type_text(field.type)}" was added.',
        field,
    )
    compare_applied(found, "INPUT_FIELD_DEFINITION", path, None, field)


def _compare(found: Found, path: str, old: InputValueDefinition, new: InputValueDefinition) -> None:
    what = f'Input field "{path}"'
    compare_descriptions(found, "INPUT_FIELD", what, path, old, new)
    compare_default(found, "INPUT_FIELD_DEFAULT_VALUE_CHANGED", what, path, old, new)
    compare_type(found, "INPUT_FIELD_TYPE_CHANGED", what, path, old, new)
    compare_applied(found, "INPUT_FIELD_DEFINITION", path, old, new)
