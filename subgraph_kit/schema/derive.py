"""A subgraph schema from what adapters declare, where the author wrote none (row 22).

For each entity type: a `@key` type with the declared fields, `customer(id)`, one such field per
other key, `customers(filter, orderBy, limit, offset)` and Relay's `customersConnection`. References
lead to other entities and back (`Order.customer`, `Customer.orders`), links from many to many. A
field that only names what it references (`customerId` to `Customer`) gets a companion (`customer`).
All of it goes through the adapters in batches. What an author adds to a type is in `extensions`.

    declarations → types (`derived/types.py`) → references and lists (`derived/links.py`) → root
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import strawberry
from strawberry import Info

from subgraph_kit.data_product import (
    Entity,
    EntityField,
    EntityQuery,
    EntityReference,
    EntitySchema,
    NamedType,
)
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.schema.common import COST_VERSION, FEDERATION_VERSION, FederationVersion
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.derived.fields import (
    ListOf,
    connection_field,
    named_field,
    one_field,
    page_field,
)
from subgraph_kit.schema.derived.filters import ListInputs, comparable
from subgraph_kit.schema.derived.links import Stubs, add_reference, link_field, reverse_field
from subgraph_kit.schema.derived.naming import lower_first, plural, upper_first
from subgraph_kit.schema.derived.types import TypeFactory, entity_class, list_of, optional
from subgraph_kit.schema.loaders import load_entity, load_entity_by_key, request_loaders


@dataclass(frozen=True, slots=True)
class DerivedTypes:
    """What `SubgraphSchema` takes."""

    query: type
    entities: dict[type, RegisteredAdapter]
    types: tuple[type, ...] = ()
    federation_version: FederationVersion = FEDERATION_VERSION


def derive_schema_types(
    adapters: Sequence[RegisteredAdapter],
    types: Sequence[NamedType] = (),
    extensions: Mapping[str, type] | None = None,
) -> DerivedTypes:
    """Make Strawberry types of the adapters' entity schemas.

    `types` are the enums and value types that fields name. `extensions` has, by the name of a type
    (an entity or `Query`), a class whose Strawberry fields are added to it.

    Raises:
        ConfigurationError: if a name cannot stand in GraphQL, is used twice, or leads nowhere.
    """
    builder = _Builder(adapters, types, extensions or {})
    entities, stubs = builder.entities()
    query = builder.query()
    sized = any(adapter.get_schema().row_estimate is not None for adapter in adapters)
    return DerivedTypes(
        query,
        entities,
        (*builder.types.classes, *stubs),
        COST_VERSION if sized else FEDERATION_VERSION,
    )


class _Builder:
    def __init__(
        self,
        adapters: Sequence[RegisteredAdapter],
        types: Sequence[NamedType],
        extensions: Mapping[str, type],
    ) -> None:
        self.types = TypeFactory(types)
        self._inputs = ListInputs(self.types)
        self._adapters = {adapter.entity_type: adapter for adapter in adapters}
        self._extensions = extensions
        self._stubs = Stubs(extensions)
        self._classes: dict[str, Any] = {}

    def entities(self) -> tuple[dict[type, RegisteredAdapter], tuple[type, ...]]:
        """Make a type per adapter, and the stubs. All classes exist before any names another."""
        for name, adapter in self._adapters.items():
            schema = adapter.get_schema()
            cls = entity_class(schema, self._extensions.get(name))
            self._classes[name] = self.types.fill(cls, name, schema.fields)
            cls.from_entity = classmethod(_from_entity)
        for adapter in self._adapters.values():
            self._add_links(adapter)
        for name in self._extensions:
            if name not in (*self._classes, *self._stubs.names(), "Query"):
                raise ConfigurationError(f"the extension of {name!r} extends no type of the schema")
        entities: dict[type, RegisteredAdapter] = {}
        for name, adapter in self._adapters.items():
            schema = adapter.get_schema()
            keys = list(dict.fromkeys((schema.key, *schema.other_keys)))
            decorated = strawberry.federation.type(
                self._classes[name],
                # Said, for Strawberry would write `_Odd_Name` as `OddName`.
                name=name,
                keys=[" ".join(key) for key in keys],
                description=schema.description,
            )
            entities[decorated] = adapter
        return entities, self._stubs.finish()

    def query(self) -> type:
        """The root type."""
        fields = [field for adapter in self._adapters.values() for field in self._roots(adapter)]
        cls = entity_class(EntitySchema("Query", "", ()), self._extensions.get("Query"))
        for field in fields:
            if field.python_name in vars(cls):
                raise ConfigurationError(
                    f"two entity types would both be asked by {field.name!r}: write the schema "
                    "yourself, or give one of them another name or plural"
                )
            setattr(cls, field.python_name, field)
        query: type = strawberry.type(cls)
        return query

    # --- Links -----------------------------------------------------------------------------

    def _add_links(self, adapter: RegisteredAdapter) -> None:
        schema = adapter.get_schema()
        cls = self._classes[schema.entity]
        for reference in schema.references:
            self._check_reference(schema, reference)
            target_adapter = self._adapters.get(reference.target)
            target = self._target(reference, schema)
            add_reference(cls, reference, target, target_adapter)
            if reference.reverse is not None:
                field = reverse_field(reference, self._items(adapter), adapter)
                self._add_list(reference.target, field)
        for link in schema.links:
            if link.target not in self._adapters:
                raise ConfigurationError(f"{schema.entity}.{link.name}: nobody serves its target")
            far = self._adapters[link.target]
            self._add_list(schema.entity, link_field(link, schema, self._items(far), far))
        for field in schema.fields:
            if field.references is not None:
                self._add_companion(cls, schema, field, field.references)

    def _check_reference(self, schema: EntitySchema, reference: EntityReference) -> None:
        where = f"{schema.entity}.{reference.name}"
        known = {field.name for field in schema.fields}
        if len(reference.fields) != len(reference.target_fields):
            raise ConfigurationError(f"{where}: as many fields as target_fields are needed")
        missing = [name for name in reference.fields if name not in known]
        if missing:
            raise ConfigurationError(f"{where}: {schema.entity} has no field {missing[0]!r}")
        target = self._adapters.get(reference.target)
        if target is not None:
            there = target.get_schema()
            if reference.target_fields not in (there.key, *there.other_keys):
                fields = " ".join(reference.target_fields)
                raise ConfigurationError(f"{where}: {fields!r} is no key of {there.entity}")

    def _target(self, reference: EntityReference, schema: EntitySchema) -> Any:
        if reference.target in self._classes:
            return self._classes[reference.target]
        return self._stubs.get(reference, schema, self.types)

    def _add_list(self, owner: str, field: Any) -> None:
        cls = self._classes.get(owner)
        if cls is None:
            self._stubs.add_list(owner, field)
            return
        if field.python_name in vars(cls):
            raise ConfigurationError(
                f"{owner} would have two fields {field.name!r}: rename the reference or the list"
            )
        setattr(cls, field.python_name, field)

    def _add_companion(
        self, cls: Any, schema: EntitySchema, field: EntityField, target: str
    ) -> None:
        """Add `customer: Customer` beside `customerId: ID`."""
        name = field.name.removesuffix("Ids" if field.is_list else "Id")
        if name == field.name or any(name == other.name for other in schema.fields):
            return  # no name for a companion: the id is all there is
        reference = EntityReference(name, target, (field.name,))
        if not field.is_list:
            if target in self._adapters:
                reference = EntityReference(
                    name, target, (field.name,), self._adapters[target].get_schema().key
                )
            target_class = self._target(reference, schema)
            add_reference(cls, reference, target_class, self._adapters.get(target))
            return
        related = self._target(reference, schema)
        adapter = self._adapters.get(target)
        attribute = field.name

        async def one(info: Info[Any, Any], value: object) -> Any:
            if adapter is None:
                return to_object(related, {"id": value})
            entity = await load_entity(request_loaders(info), adapter, str(value))
            return None if entity is None else related.from_entity(entity)

        async def resolve(self: Any, info: Info) -> Any:
            value = getattr(self, attribute)
            if value is None:
                return None
            return await asyncio.gather(*(one(info, each) for each in value))

        resolve.__annotations__["return"] = optional(list_of(optional(related)))
        setattr(cls, plural(name), named_field(plural(name), resolve, None))

    def _items(self, adapter: RegisteredAdapter) -> ListOf:
        schema = adapter.get_schema()
        return ListOf(schema, self._classes[schema.entity], self._inputs)

    # --- Roots -----------------------------------------------------------------------------

    def _roots(self, adapter: RegisteredAdapter) -> list[Any]:
        schema = adapter.get_schema()
        items = self._items(adapter)
        one = lower_first(schema.entity)
        many = schema.plural or plural(one)
        if many == one:
            many = f"{one}List"

        async def page(_root: Any, _info: Any, query: EntityQuery) -> Sequence[Entity]:
            return await adapter.query_entities(query)

        fields = [self._one(one, adapter, schema.key)]
        for key in dict.fromkeys(schema.other_keys):
            name = f"{one}By{'And'.join(map(upper_first, key))}"
            fields.append(self._one(name, adapter, key))
        if schema.has_list:
            relay = f"{schema.entity} entities, as Relay has them."
            fields += [
                page_field(many, items, page, f"A page of {schema.entity} entities."),
                connection_field(f"{many}Connection", items, page, relay),
            ]
        return fields

    def _one(self, name: str, adapter: RegisteredAdapter, key: tuple[str, ...]) -> Any:
        schema = adapter.get_schema()
        arguments: dict[str, Any] = {}
        for each in key:
            try:
                arguments[each] = self.types.inner_type(schema.entity, schema.field(each))
            except KeyError:
                raise ConfigurationError(
                    f"the key of {schema.entity} has {each!r}, which is no field of it"
                ) from None
        by = " and ".join(key)
        return one_field(
            name,
            self._classes[schema.entity],
            arguments,
            partial(_load_one, adapter, key),
            f"One {schema.entity} by its {by}.",
        )


async def _load_one(
    adapter: RegisteredAdapter,
    key: tuple[str, ...],
    info: Info[Any, Any],
    given: Mapping[str, Any],
) -> Entity | None:
    values = tuple(str(comparable(given[name])) for name in key)
    return await load_entity_by_key(request_loaders(info), adapter, key, values)


def _from_entity(cls: Any, entity: Entity) -> Any:
    return to_object(cls, entity.data)
