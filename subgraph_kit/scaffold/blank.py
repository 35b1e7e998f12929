"""A project without a source: entity types with a field or two, to be changed by hand."""

from __future__ import annotations

from subgraph_kit.scaffold.model import (
    BlankAccess,
    EntityModel,
    FieldModel,
    Operator,
    SourceModel,
    TypeRef,
)
from subgraph_kit.scaffold.names import list_name, type_name


def blank_model(entities: tuple[str, ...]) -> SourceModel:
    """One entity type per name, with an id, a name and a time."""
    names = dict.fromkeys(map(type_name, entities))
    return SourceModel(
        kind="blank",
        address="",
        entities=tuple(map(_entity, names)),
        fingerprint=",".join(names),
    )


def _entity(name: str) -> EntityModel:
    equality, text = (Operator.EQ, Operator.IN), (Operator.CONTAINS, Operator.STARTS_WITH)
    return EntityModel(
        name=name,
        plural=list_name(name),
        source_name=name,
        keys=(("id",),),
        fields=(
            FieldModel("id", "id", TypeRef("ID", nullable=False), filters=equality, orderable=True),
            FieldModel(
                "name", "name", TypeRef("String", nullable=False),
                description="What people call it.", filters=(*equality, *text), orderable=True,
            ),
            FieldModel("createdAt", "createdAt", TypeRef("DateTime"), orderable=True),
        ),
        access=BlankAccess(),
    )  # fmt: skip
