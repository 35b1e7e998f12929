"""From one entity to others: references, the lists on their far side, and many-to-many links.

A target that another subgraph serves is a stub: a type with nothing but its keys. Where a list is
offered on it, the gateway may ask this subgraph for it, so its key can be resolved here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from strawberry import Info
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraph_kit.data_product import (
    Entity,
    EntityField,
    EntityLink,
    EntityQuery,
    EntityReference,
    EntitySchema,
)
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.schema.convert import to_object
from subgraph_kit.schema.derived.fields import Ask, ListOf, named_field, page_field
from subgraph_kit.schema.derived.filters import comparable
from subgraph_kit.schema.derived.naming import attribute_name, check_name
from subgraph_kit.schema.derived.types import (
    TypeFactory,
    add_field,
    entity_class,
    new_class,
    optional,
)
from subgraph_kit.schema.loaders import (
    freeze,
    load_entity_by_key,
    load_page,
    request_loaders,
)


class Stubs:
    """The entity types of other subgraphs, as far as references here need them."""

    def __init__(self, extensions: Mapping[str, type]) -> None:
        self._extensions = extensions
        self._classes: dict[str, Any] = {}
        self._keys: dict[str, set[tuple[str, ...]]] = {}
        self._with_fields: set[str] = set()

    def names(self) -> tuple[str, ...]:
        """The names of the stubs."""
        return tuple(self._classes)

    def get(self, reference: EntityReference, schema: EntitySchema, types: TypeFactory) -> Any:
        """The class of the reference's target, with the fields of its key."""
        name = reference.target
        if name not in self._classes:
            extension = self._extensions.get(name)
            stub = EntitySchema(check_name(name), "", ())
            self._classes[name] = (
                new_class(name) if extension is None else entity_class(stub, extension)
            )
            self._keys[name] = set()
            if extension is not None:
                self._with_fields.add(name)
        cls = self._classes[name]
        types_given = reference.target_types or (None,) * len(reference.fields)
        for here, there, type_given in zip(
            reference.fields, reference.target_fields, types_given, strict=True
        ):
            known = schema.field(here)
            field = EntityField(
                there,
                type_given or known.type,
                required=True,
                type_name=known.type_name if type_given in (None, known.type) else None,
                enum_values=known.enum_values if type_given in (None, known.type) else (),
            )
            if attribute_name(there) not in cls.__annotations__:
                add_field(cls, field, types.field_type(schema.entity, field))
        self._keys[name].add(reference.target_fields)
        return cls

    def add_list(self, name: str, field: Any) -> None:
        """Offer a list on a stub."""
        _add(self._classes[name], field, name)
        self._with_fields.add(name)

    def finish(self) -> tuple[type, ...]:
        """Decorate all of them; the result is what the schema must be told of."""
        made = []
        for name, cls in self._classes.items():
            resolvable = name in self._with_fields
            texts = [" ".join(key) for key in sorted(self._keys[name])]
            keys: list[Any] = list(texts)
            if not resolvable:
                keys = [Key(fields=FieldSet(text), resolvable=False) for text in texts]
            made.append(strawberry.federation.type(cls, name=name, keys=keys))
        return tuple(made)


def add_reference(cls: Any, reference: EntityReference, target: Any, adapter: Any) -> None:
    """Add `customer: Customer`; without an adapter the target is made of its key alone."""
    attributes = [attribute_name(name) for name in reference.fields]

    async def resolve(self: Any, info: Info) -> Any:
        values = key_values(self, attributes)
        if values is None:
            return None
        if adapter is None:
            return to_object(target, dict(zip(reference.target_fields, values, strict=True)))
        loaders = request_loaders(info)
        entity = await load_entity_by_key(loaders, adapter, reference.target_fields, values)
        return None if entity is None else target.from_entity(entity)

    # What another subgraph serves may be out of reach; null then stops there.
    required = reference.required and adapter is not None
    resolve.__annotations__["return"] = target if required else optional(target)
    field = named_field(reference.name, resolve, reference.description)
    _add(cls, field, cls.__name__)


def reverse_field(reference: EntityReference, items: ListOf, adapter: RegisteredAdapter) -> Any:
    """The list on the far side: `Customer.orders`."""
    name = check_name(str(reference.reverse))

    async def pages(
        values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        return await adapter.query_by_reference(reference.fields, values, query)

    ask = _ask_pages(("reference", id(adapter), reference.fields), reference.target_fields, pages)
    description = f"The {items.schema.entity} entities that refer to this by {reference.name!r}."
    return page_field(name, items, ask, description, of_object=True)


def link_field(
    link: EntityLink, near: EntitySchema, items: ListOf, adapter: RegisteredAdapter
) -> Any:
    """A many-to-many list: `Article.tags`."""

    async def pages(
        values: Sequence[tuple[str, ...]], query: EntityQuery
    ) -> Mapping[tuple[str, ...], Sequence[Entity]]:
        return await adapter.query_by_link(link.link, values, query)

    ask = _ask_pages(("link", id(adapter), link.link), near.key, pages)
    return page_field(check_name(link.name), items, ask, link.description, of_object=True)


def _ask_pages(identity: Any, key: tuple[str, ...], pages: Any) -> Ask:
    attributes = [attribute_name(name) for name in key]

    async def ask(root: Any, info: Info[Any, Any], query: EntityQuery) -> Sequence[Entity]:
        values = key_values(root, attributes)
        if values is None:
            return ()
        what = (identity, freeze(query.filter), query.order, query.limit, query.offset)
        return await load_page(
            request_loaders(info), what, lambda wanted: pages(wanted, query), values
        )

    return ask


def key_values(root: Any, attributes: Sequence[str]) -> tuple[str, ...] | None:
    """The values of a key as text, or None if one is missing."""
    values = [comparable(getattr(root, attribute, None)) for attribute in attributes]
    return None if None in values else tuple(map(str, values))


def _add(cls: Any, field: Any, owner: str) -> None:
    if field.python_name in cls.__annotations__ or field.python_name in vars(cls):
        raise ConfigurationError(
            f"{owner} would have two fields {field.name!r}: rename the reference or the list"
        )
    setattr(cls, field.python_name, field)
