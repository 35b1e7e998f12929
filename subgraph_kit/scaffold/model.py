"""What a source holds, as the generator understood it: the one shape between looking and writing.

Readers (`scaffold/inspect/`: SQL, OpenAPI, files, GraphQL) make a `SourceModel` of a source;
renderers (`scaffold/render/`) write a project from it and know nothing of sources. Both ends of a
name are kept: `name` is what the graph says, `source_name` what the source says. All of it is
frozen, ordered and free of I/O, so that equal sources give equal models and equal projects.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

SourceKind = Literal["sql", "openapi", "csv", "parquet", "jsonl", "graphql", "blank"]

SCALARS = (
    "ID", "String", "Int", "Float", "Boolean",
    "BigInt", "Decimal", "Date", "DateTime", "Time", "Duration", "UUID", "JSON", "Bytes",
)  # fmt: skip
"""The scalar types a `TypeRef` may name; every other name is a type or enum of the model."""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """`name`, or a list of it. `nullable` is of the whole, `item_nullable` of a list's items."""

    name: str
    nullable: bool = True
    is_list: bool = False
    item_nullable: bool = False


class Operator(StrEnum):
    """How a field can be compared in a filter; the operators of `EntityQuery.filter`."""

    EQ = "eq"
    NEQ = "neq"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"


@dataclass(frozen=True, slots=True)
class Guess:
    """Something inferred that a person may want to confirm. `confidence` is from 0.0 to 1.0."""

    reason: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class FieldModel:
    """A field of an entity or value type.

    `pii` says why it looks like personal data. `filters` are the operators that the source answers
    well (by an index, a parameter of the API); empty means that no filter is offered.
    """

    name: str
    source_name: str
    type: TypeRef
    description: str | None = None
    pii: Guess | None = None
    filters: tuple[Operator, ...] = ()
    orderable: bool = False
    deprecated: str | None = None
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class EnumValue:
    """`name` stands in GraphQL, `source_value` in the source."""

    name: str
    source_value: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class EnumModel:
    """An enum of the graph."""

    name: str
    values: tuple[EnumValue, ...]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class ValueType:
    """An object, interface or union that has no identity of its own.

    An object names its `interfaces`; a union or interface its `members`, told apart at run time by
    the source's `discriminator` member, whose value is in `discriminator_values` by type name.
    """

    name: str
    kind: Literal["object", "interface", "union"] = "object"
    fields: tuple[FieldModel, ...] = ()
    interfaces: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    discriminator: str | None = None
    discriminator_values: tuple[tuple[str, str], ...] = ()
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """From an entity to one other: `fields` here equal `target_fields`, a key, there.

    `name` is the field of the graph (`customer`). `external` marks an entity type of another
    subgraph, of which only the key is known here; `guess` says why it was taken for a reference.
    `reverse` is the name of the list on the other side (`invoices`), if one is offered.
    """

    name: str
    target: str
    fields: tuple[str, ...]
    target_fields: tuple[str, ...]
    nullable: bool = True
    external: bool = False
    reverse: str | None = None
    guess: Guess | None = None
    description: str | None = None
    target_types: tuple[str, ...] = ()
    """The scalars of an external target's key (`ID`), where they are not those of `fields`."""


@dataclass(frozen=True, slots=True)
class ChangeCursor:
    """How changes are found by polling: order by `field` (source name), remember where one was.

    `soft_delete` is the source field that marks deleted rows (a flag or a time).
    """

    field: str
    soft_delete: str | None = None


@dataclass(frozen=True, slots=True)
class SqlColumnAccess:
    """How the database holds a column: `type`, `array` and `native` as in `tables.SqlColumn`."""

    column: str
    type: str
    array: bool = False
    native: str | None = None


@dataclass(frozen=True, slots=True)
class SqlAccess:
    """A table or view. `key_columns` are in the order of the entity's key fields."""

    table: str
    schema: str | None
    key_columns: tuple[str, ...]
    is_view: bool = False
    columns: tuple[SqlColumnAccess, ...] = ()


@dataclass(frozen=True, slots=True)
class ManyToMany:
    """A list of `target` reached through a link table or link resource that is no entity itself.

    `near_fields` of the link equal this entity's key, `far_fields` the target's key. `link` is a
    name for `query_by_link`, one of its own for each direction; `access` is where a link table is.
    """

    name: str
    target: str
    link: str
    near_fields: tuple[str, ...]
    far_fields: tuple[str, ...]
    access: SqlAccess | None = None


@dataclass(frozen=True, slots=True)
class Pagination:
    """How a list endpoint turns pages; parameter names as the API has them."""

    style: Literal["none", "offset", "page", "cursor", "link_header"]
    limit_parameter: str | None = None
    position_parameter: str | None = None
    max_limit: int | None = None
    next_cursor_path: str | None = None
    """Where the answer has the next cursor: `meta.next_cursor`. Without it, the next page comes
    after the key of the last item."""
    first_page: int = 1
    """The number of the first page, for the style `page`."""


@dataclass(frozen=True, slots=True)
class RestAccess:
    """A resource of an HTTP API. Paths have places: `item_path` one per key field, by its name.

    The `source_name` of a field is its path in an item (`owner.login`). A key field that items do
    not have, but their address, has its place as the source name: `{org}`.
    """

    item_path: str
    list_path: str | None = None
    batch_parameter: str | None = None
    """The query parameter of `list_path` that takes many ids, if there is one."""
    batch_separator: str | None = None
    """What stands between the ids in it; None repeats the parameter for each."""
    items_at: str | None = None
    """Where a list answer has its items (`data`); None where the answer is the list."""
    item_at: str | None = None
    pagination: Pagination = Pagination("none")
    filter_parameters: tuple[tuple[str, str, Operator], ...] = ()
    """(field, query parameter, operator) that the list understands. Places in `list_path` are
    filters that must be given, so they are here as well."""
    fixed_parameters: tuple[tuple[str, str], ...] = ()
    """Query parameters that every call needs, with the value the API gives for them."""
    list_is_partial: bool = False
    """Whether the list's items lack fields that the item at `item_path` has."""


@dataclass(frozen=True, slots=True)
class FileAccess:
    """A file or a partitioned set of files, by fsspec path or glob."""

    path: str
    format: Literal["csv", "parquet", "jsonl"]
    partition_columns: tuple[str, ...] = ()
    delimiter: str = ","
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class GraphqlAccess:
    """Root fields of another GraphQL API that answer one, many by key, and a list."""

    item_field: str | None
    item_argument: str | None
    list_field: str | None
    batch_field: str | None = None
    batch_argument: str | None = None
    items_at: str | None = None
    """Where a list answer has its items (`edges.node`, `nodes`)."""
    type_name: str | None = None
    """What the API calls the type, where an interface (`node`) or `_entities` answers it."""
    key_arguments: tuple[str, ...] = ()
    """The arguments of `item_field`, in the order of the entity's key; several for a composite."""
    argument_types: tuple[tuple[str, str], ...] = ()
    """The types of arguments as variables need them: `("user.id", "ID!")`."""
    pagination: Pagination = Pagination("none")
    """How `list_field` turns pages, by arguments."""
    filter_arguments: tuple[tuple[str, str, Operator], ...] = ()
    """(field, argument, operator) that `list_field` understands."""


@dataclass(frozen=True, slots=True)
class BlankAccess:
    """No source yet: the project starts with sample data to be replaced."""


Access = SqlAccess | RestAccess | FileAccess | GraphqlAccess | BlankAccess


@dataclass(frozen=True, slots=True)
class EntityModel:
    """A type with identity. `keys` are tuples of field names; the first is the primary one.

    `row_estimate` is about how many there are, for `@listSize` and page sizes.
    """

    name: str
    plural: str
    source_name: str
    keys: tuple[tuple[str, ...], ...]
    fields: tuple[FieldModel, ...]
    access: Access
    references: tuple[Reference, ...] = ()
    many_to_many: tuple[ManyToMany, ...] = ()
    change: ChangeCursor | None = None
    row_estimate: int | None = None
    description: str | None = None

    def field(self, name: str) -> FieldModel:
        """The field of this name in the graph; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class AuthModel:
    """How the source wants to be authenticated to. Secrets are never here: they are settings."""

    type: Literal["none", "bearer", "api_key", "basic", "oauth2"]
    parameter: str | None = None
    location: Literal["header", "query", "cookie"] | None = None
    token_url: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the source says of its limits."""

    requests: int
    per_seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something left out or taken with a doubt: `place` in the source, and why, in a sentence."""

    place: str
    message: str
    level: Literal["left_out", "unclear", "renamed", "info"] = "info"


@dataclass(frozen=True, slots=True)
class SourceModel:
    """All that a project is rendered from, but for the answers of the user (`spec.py`).

    `address` is where the source is, without a password; it becomes the default of a setting.
    `fingerprint` changes exactly when what the model was made from does.
    """

    kind: SourceKind
    address: str
    entities: tuple[EntityModel, ...]
    types: tuple[ValueType, ...] = ()
    enums: tuple[EnumModel, ...] = ()
    auth: AuthModel = AuthModel("none")
    rate_limit: RateLimit | None = None
    notes: tuple[Note, ...] = ()
    fingerprint: str = ""
    dialect: str | None = None
    """`postgresql`, `mysql`, `sqlite` for SQL sources."""
