"""How a source changed since the last render: what is new, gone, renamed; and which keys are lost.

Names that the graph has stay as they are, whatever else appears in the source: what was rendered
is pinned by its source name when the source is looked at again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.scaffold.state import KnownEntity, KnownSource, known_source

_ANOTHER_ORDER = 10
"""So many times more rows are worth another render."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A field whose source name may have changed: `orders.total` → `orders.amount`."""

    entity: str
    old: str
    new: str
    field: str
    """The name in the graph, which stays."""

    @property
    def place(self) -> str:
        """How it is named in options and answers."""
        return f"{self.entity}.{self.new}"


@dataclass(frozen=True, slots=True)
class LostKey:
    """A key that other subgraphs may use and that would be gone; `key` None: the whole type."""

    type_name: str
    key: tuple[str, ...] | None

    def __str__(self) -> str:
        """As a user reads it."""
        if self.key is None:
            return f"the type {self.type_name}"
        return f"the key {' '.join(self.key)!r} of {self.type_name}"


def pinned(options: InspectOptions, known: KnownSource) -> InspectOptions:
    """The options, with every name that was given before; the user's own answers win."""
    entities = {source: entity.name for source, entity in known.entities.items()}
    renames = {
        f"{source}.{column}": name
        for source, entity in known.entities.items()
        for column, (name, _) in entity.fields.items()
    }
    return replace(
        options,
        entities={**entities, **options.entities},
        renames={**renames, **options.renames},
    )


def with_known_sizes(model: SourceModel, known: KnownSource) -> SourceModel:
    """The model, with numbers of rows as they were rendered unless they are of another order.

    Rows come and go every day; a project that followed each would never be what its source gives.
    """

    def sized(entity: EntityModel) -> EntityModel:
        before = known.entities.get(entity.source_name)
        if before is None or before.rows is None or entity.row_estimate is None:
            return entity
        smaller, larger = sorted((before.rows, entity.row_estimate))
        is_alike = larger < max(smaller, 1) * _ANOTHER_ORDER
        return replace(entity, row_estimate=before.rows) if is_alike else entity

    return replace(model, entities=tuple(map(sized, model.entities)))


def possible_renames(known: KnownSource, model: SourceModel) -> tuple[Renamed, ...]:
    """Fields that are gone where exactly one of the same type is new: perhaps only renamed."""
    found: list[Renamed] = []
    now = known_source(model).entities
    for source, before in known.entities.items():
        after = now.get(source)
        if after is None:
            continue
        gone, new = _difference(before, after), _difference(after, before)
        for column, (name, type_) in gone.items():
            same_type = [other for other, (_, kind) in new.items() if kind == type_]
            rivals = [other for other, (_, kind) in gone.items() if kind == type_]
            if len(same_type) == 1 and len(rivals) == 1:
                found.append(Renamed(source, column, same_type[0], name))
    return tuple(found)


def lost_keys(known: KnownSource, model: SourceModel) -> tuple[LostKey, ...]:
    """Keys of the last render that the model does not have any more."""
    now = {entity.name: entity for entity in model.entities}
    lost: list[LostKey] = []
    for before in known.entities.values():
        after = now.get(before.name)
        if after is None:
            lost.append(LostKey(before.name, None))
            continue
        lost += [LostKey(before.name, key) for key in before.keys if key not in after.keys]
    return tuple(lost)


def _difference(one: KnownEntity, other: KnownEntity) -> Mapping[str, tuple[str, str]]:
    return {column: each for column, each in one.fields.items() if column not in other.fields}
