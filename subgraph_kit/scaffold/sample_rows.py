"""Made-up rows of every entity type, for the tests of a project: they refer to each other rightly.

Real rows would put personal data into a repository. These are as deterministic as everything that
is rendered. Values are canonical, as `Entity.data` has them.
"""

from __future__ import annotations

import base64
from typing import Any

from subgraph_kit.scaffold.model import EntityModel, FieldModel, SourceModel, TypeRef

ROWS = 4
"""Enough for pages, orders and three known ids."""

_DEPTH = 3


class SampleRows:
    """Makes the rows; the n-th row of one type refers to the n-th of another."""

    def __init__(self, model: SourceModel) -> None:
        self._model = model
        self._entities = {entity.name: entity for entity in model.entities}
        self._types = {each.name: each for each in model.types}
        self._enums = {each.name: each for each in model.enums}

    def rows(self, entity: EntityModel) -> list[dict[str, Any]]:
        """The rows of an entity type."""
        return [
            {field.name: self._field(entity, field, number, ()) for field in entity.fields}
            for number in range(1, ROWS + 1)
        ]

    def _field(
        self, entity: EntityModel, field: FieldModel, number: int, above: tuple[str, ...]
    ) -> Any:
        in_key = any(field.name in key for key in entity.keys)
        for reference in entity.references:
            target = self._entities.get(reference.target)
            if field.name not in reference.fields or target is None:
                continue
            if target is entity:
                if field.type.nullable and not in_key:
                    return None
                break
            if self._leads_in_a_circle(target, above):
                break
            there = reference.target_fields[reference.fields.index(field.name)]
            path = (*above, entity.name)
            return self._field(target, target.field(there), number, path)
        return self._value(field.type, field.name, number, unique=in_key)

    def _leads_in_a_circle(self, target: EntityModel, above: tuple[str, ...]) -> bool:
        return target.name in above

    def _value(
        self, type_: TypeRef, name: str, number: int, *, unique: bool = False, depth: int = 0
    ) -> Any:
        if type_.is_list:
            if depth >= _DEPTH:
                return []
            item = TypeRef(type_.name, nullable=False)
            return [self._value(item, name, number, depth=depth + 1)]
        if type_.name in self._enums:
            values = self._enums[type_.name].values
            return values[(number - 1) % len(values)].name
        if type_.name in self._types:
            if depth >= _DEPTH and type_.nullable:
                return None
            return self._object(type_.name, number, depth)
        if type_.name in self._entities:
            return None
        return scalar_value(type_.name, name, number)

    def _object(self, name: str, number: int, depth: int) -> dict[str, Any] | None:
        declared = self._types[name]
        if declared.kind == "object":
            if depth > 2 * _DEPTH:
                return {}
            return {
                field.name: self._value(field.type, field.name, number, depth=depth + 1)
                for field in declared.fields
            }
        members = declared.members or tuple(
            each.name for each in self._model.types if name in each.interfaces
        )
        if not members or members[0] not in self._types:
            return None
        value = self._object(members[0], number, depth + 1)
        return None if value is None else {"__typename": members[0], **value}


def scalar_value(scalar: str, name: str, number: int) -> Any:
    """The n-th value of a scalar type; no two of them are equal but for booleans."""
    match scalar:
        case "ID":
            return str(number)
        case "Int":
            return number
        case "BigInt":
            return str(number)
        case "Float":
            return number + 0.5
        case "Decimal":
            return f"{number}.5"
        case "Boolean":
            return number % 2 == 1
        case "Date":
            return f"2024-01-{number:02d}"
        case "DateTime":
            return f"2024-01-{number:02d}T12:00:00Z"
        case "Time":
            return f"12:00:{number:02d}"
        case "Duration":
            return f"PT{number}H"
        case "UUID":
            return f"00000000-0000-4000-8000-{number:012d}"
        case "JSON":
            return {"number": number}
        case "Bytes":
            return base64.b64encode(str(number).encode()).decode()
        case _:
            return f"{name} {number}"
