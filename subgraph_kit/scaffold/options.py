"""What a user may say about how a source is looked at; the same for every kind of source."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class InspectOptions:
    """Answers that shape a `SourceModel`.

    `include` and `exclude` are glob patterns over source names (tables, resources, files, types);
    excluding wins. `entities` renames a source name to a type name, `renames` a field by
    `source_name.field_source_name`. `keys` sets the key fields (source names) of a source name.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    entities: dict[str, str] = field(default_factory=dict)
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    renames: dict[str, str] = field(default_factory=dict)
    sample_rows: int = 1_000
    """How many rows may be read to guess at types, keys and personal data; 0 reads none."""
