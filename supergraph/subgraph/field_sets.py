"""Field sets against the schema they are written for: what they select, and what is wrong.

One walk serves everyone: rules ask for problems, merging asks which fields are keys, provided or
required.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from graphql import EnumValueNode, ListValueNode, StringValueNode

from supergraph.definitions import (
    AppliedDirective,
    FieldDefinition,
    InputValueDefinition,
    SchemaDefinitions,
    TypeDefinition,
    base_name,
    value_text,
)
from supergraph.federation.field_set import (
    FieldSet,
    FieldSetError,
    FieldSetField,
    FieldSetFragment,
    parse_field_set,
)


@dataclass(frozen=True, slots=True)
class SelectedField:
    """A field met in a field set; `parent` is the type it is selected on."""

    parent: TypeDefinition
    field: FieldDefinition
    selection: FieldSetField
    depth: int


def fields_text(directive: AppliedDirective) -> str | None:
    """The text of `fields:`; Federation 1 also allows a list of strings and bare names."""
    value = directive.arguments.get("fields")
    if isinstance(value, (StringValueNode, EnumValueNode)):
        return value.value
    if isinstance(value, ListValueNode):
        parts = [
            item.value
            for item in value.values
            if isinstance(item, (StringValueNode, EnumValueNode))
        ]
        return " ".join(parts)
    return None


def parsed_fields(directive: AppliedDirective) -> FieldSet | None:
    """The field set of `@key`, `@requires` or `@provides`; None if it cannot be parsed."""
    text = fields_text(directive)
    if text is None:
        return None
    try:
        return parse_field_set(text)
    except FieldSetError:
        return None


def selected_fields(
    schema: SchemaDefinitions,
    parent: TypeDefinition,
    field_set: FieldSet,
    problem: Callable[[str], None] = lambda _: None,
    depth: int = 0,
    unknown_advice: str = "",
) -> Iterator[SelectedField]:
    """Every field of a field set in order, `__typename` left out; what is wrong goes to `problem`.

    `unknown_advice` is added to the sentence about a field that does not exist.
    """
    for selection in field_set:
        if isinstance(selection, FieldSetFragment):
            target = _fragment_type(schema, parent, selection, problem)
            if target is not None:
                yield from selected_fields(
                    schema, target, selection.selections, problem, depth, unknown_advice
                )
            continue
        if selection.name == "__typename":
            continue
        field = parent.fields.get(selection.name)
        if field is None:
            problem(
                f'Cannot query field "{selection.name}" on type "{parent.name}"{unknown_advice}.'
            )
            continue
        _check_arguments(parent, field, selection, problem)
        yield SelectedField(parent, field, selection, depth)
        target = schema.types.get(base_name(field.type))
        if target is not None and target.is_composite:
            if not selection.selections:
                problem(
                    f'Invalid empty selection set for field "{parent.name}.{field.name}" of '
                    f"non-leaf type {base_name(field.type)}"
                )
            yield from selected_fields(
                schema, target, selection.selections, problem, depth + 1, unknown_advice
            )
        elif selection.selections:
            problem(
                f'Field "{parent.name}.{field.name}" must not have a selection since type '
                f'"{base_name(field.type)}" has no subfields'
            )


def _fragment_type(
    schema: SchemaDefinitions,
    parent: TypeDefinition,
    fragment: FieldSetFragment,
    problem: Callable[[str], None],
) -> TypeDefinition | None:
    if fragment.type_condition is None:
        return parent
    target = schema.types.get(fragment.type_condition)
    if target is None or not target.is_composite:
        problem(f'Unknown type "{fragment.type_condition}" in fragment')
        return None
    if not set(schema.possible_types(parent.name)) & set(schema.possible_types(target.name)):
        problem(
            f'Invalid fragment: type "{target.name}" does not intersect parent type "{parent.name}"'
        )
        return None
    return target


def _check_arguments(
    parent: TypeDefinition,
    field: FieldDefinition,
    selection: FieldSetField,
    problem: Callable[[str], None],
) -> None:
    given = dict(selection.arguments)
    for name, value in given.items():
        if name not in field.arguments:
            problem(
                f'Unknown argument "{name}" found in value: "{parent.name}.{field.name}" has no '
                f'argument named "{name}"'
            )
        elif value_text(value).startswith("$"):
            problem(f'Variables are not allowed, but "{name}" is {value_text(value)}')
    for argument in field.arguments.values():
        if _is_missing(argument, given):
            problem(
                f'Missing mandatory value for argument "{argument.name}" of field '
                f'"{parent.name}.{field.name}"'
            )


def _is_missing(argument: InputValueDefinition, given: Mapping[str, object]) -> bool:
    return argument.is_required and argument.name not in given
