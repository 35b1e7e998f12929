"""`@provides`: on fields that return entities, for fields that come from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from supergraph.definitions import TypeKind, base_name, type_text
from supergraph.errors import CompositionError, ErrorCode
from supergraph.subgraph.model import Subgraph
from supergraph.subgraph.rules.external_leaves import missing_external
from supergraph.subgraph.rules.field_set_check import FieldSetCheck


def check_provides(subgraph: Subgraph) -> Iterator[CompositionError]:
    """Codes PROVIDES_*."""
    for definition in subgraph.types.values():
        for field in definition.fields.values():
            coordinate = f"{definition.name}.{field.name}"
            for directive in field.applied("provides"):
                if definition.kind is TypeKind.INTERFACE:
                    yield subgraph.error(
                        ErrorCode.PROVIDES_UNSUPPORTED_ON_INTERFACE,
                        f'Cannot use {subgraph.at("provides")} on field "{coordinate}" of parent '
                        f'type "{definition.name}": {subgraph.at("provides")} is not yet supported '
                        "within interfaces",
                        directive.node,
                        coordinate=coordinate,
                    )
                target = subgraph.types.get(base_name(field.type))
                if target is None or not target.is_composite:
                    yield subgraph.error(
                        ErrorCode.PROVIDES_ON_NON_OBJECT_FIELD,
                        f'Invalid {subgraph.at("provides")} directive on field "{coordinate}": '
                        f'field has type "{type_text(field.type)}" which is not a Composite Type',
                        directive.node,
                        coordinate=coordinate,
                    )
                    continue
                check = FieldSetCheck(
                    subgraph, directive, f'On field "{coordinate}"', coordinate, target
                )
                for selected in check.selected():
                    if selected.field.arguments:
                        check.fail(
                            "FIELDS_HAS_ARGS",
                            f"field {selected.parent.name}.{selected.field.name} cannot be "
                            "included because it has arguments (fields with argument are not "
                            "allowed in @provides)",
                        )
                if not check.errors:
                    for name in missing_external(subgraph, target, directive):
                        check.fail(
                            "FIELDS_MISSING_EXTERNAL",
                            f'field "{name}" should not be part of a @provides since it is already '
                            "provided by this subgraph (it is not marked @external)",
                        )
                yield from check.errors
