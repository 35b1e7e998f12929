"""`_entities` and `_service`: batches, order, errors in their slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry import Info

from subgraph_kit.adapter import DataProductAdapter
from subgraph_kit.cache.memory import MemoryCache
from subgraph_kit.data_product import (
    DataProduct,
    Entity,
    EntityQuery,
    EntitySchema,
    HealthState,
    HealthStatus,
    SourceAccess,
)
from subgraph_kit.errors import ConfigurationError, EntityNotFoundError, SourceUnavailableError
from subgraph_kit.registration import RegisteredAdapter
from subgraph_kit.schema.app import RequestContext
from subgraph_kit.schema.common import Money
from subgraph_kit.schema.entities import SubgraphSchema
from subgraph_kit.schema.loaders import RequestLoaders, batch_loader
from supergraph.compose import compose
from supergraph.subgraph.model import SubgraphInput


@strawberry.enum
class Kind(Enum):
    BOOK = "book"
    FILM = "film"


@strawberry.federation.type(keys=["id", "sku", "org code"])
class Product:
    id: strawberry.ID
    sku: str
    org: str
    code: str
    kind: Kind
    price: Money
    made_at: datetime
    weight: Decimal | None = strawberry.federation.field(external=True, default=None)

    @strawberry.federation.field(requires=["weight"])  # type: ignore[untyped-decorator] # Strawberry's own types
    def shipping(self) -> str:
        return f"{self.weight} kg"

    @strawberry.field
    async def reviews(self, info: Info, limit: int = 2) -> list[str]:
        return await reviews_of.load(info, self.id, limit=limit)

    @strawberry.field
    async def rating(self, info: Info) -> int | None:
        return await rating_of.load(info, self.id)


@strawberry.federation.type(keys=["id"])
class Customer:
    """Another subgraph's entity, to which this one adds a field."""

    id: strawberry.ID

    @strawberry.field
    def greeting(self) -> str:
        return f"hello {self.id}"


@strawberry.federation.type(keys=["email"])
class Account:
    email: str
    name: str

    @classmethod
    def resolve_reference(cls, email: str) -> Account:
        return cls(email=email, name=email.partition("@")[0])


BATCHES: list[tuple[list[str], int]] = []


@batch_loader(missing=list)
async def reviews_of(ids: Sequence[str], limit: int) -> dict[str, list[str]]:
    BATCHES.append((list(ids), limit))
    return {each: [f"review of {each}"] * limit for each in ids if each != "3"}


@batch_loader()
async def rating_of(ids: Sequence[str]) -> dict[str, int]:
    return {each: 5 for each in ids if each != "2"}


@strawberry.type
class Query:
    @strawberry.field
    async def product(self, info: Info, id: strawberry.ID) -> Product | None:
        return None


class ProductAdapter(DataProductAdapter):
    data_product = DataProduct(
        "products",
        "vendor",
        EntitySchema("Product", "1.0.0", ()),
        SourceAccess("http://vendor.example", "/{id}"),
        cache_ttl_seconds=0,
    )

    def __init__(self) -> None:
        self.queries: list[EntityQuery] = []
        self.broken = False

    async def get_entity(self, entity_id: str) -> Entity:
        raise EntityNotFoundError("Product", entity_id)

    async def query_entities(self, query: EntityQuery) -> Sequence[Entity]:
        self.queries.append(query)
        if self.broken:
            raise SourceUnavailableError("vendor cannot be reached")
        everything = [self.entity(str(number)) for number in range(1, 5)]
        if query.ids is not None:
            return [entity for entity in reversed(everything) if entity.id in query.ids]
        return [
            entity
            for entity in everything
            if all(entity.data[name] in wanted["in"] for name, wanted in query.filter.items())
        ]

    def entity(self, number: str) -> Entity:
        data = {
            "id": number,
            "sku": f"S{number}",
            "org": f"o{int(number) % 2}",
            "code": f"c{(int(number) - 1) // 2}",
            "kind": "book",
            "price": {"amount": "19.90", "currency": "EUR"},
            "madeAt": "2024-01-01T10:00:00Z",
        }
        return Entity("Product", number, data)

    async def health_check(self) -> HealthStatus:
        return HealthStatus(HealthState.HEALTHY)


@pytest.fixture
def adapter() -> ProductAdapter:
    return ProductAdapter()


@pytest.fixture
def schema(adapter: ProductAdapter) -> SubgraphSchema:
    BATCHES.clear()
    registered = RegisteredAdapter(adapter, cache=MemoryCache())
    return SubgraphSchema(query=Query, types=[Customer, Account], entities={Product: registered})


async def entities(
    schema: SubgraphSchema,
    selection: str,
    *representations: Any,
    loaders: RequestLoaders | None = None,
) -> tuple[list[Any], list[tuple[Any, str]]]:
    """The entities, and the errors by path."""
    result = await schema.execute(
        "query ($representations: [_Any!]!) "
        f"{{ _entities(representations: $representations) {{ {selection} }} }}",
        variable_values={"representations": list(representations)},
        context_value=RequestContext(loaders or RequestLoaders()),
    )
    errors = [(error.path, error.message) for error in result.errors or ()]
    return (result.data or {}).get("_entities"), errors  # type: ignore[return-value] # JSON


def product(**key: Any) -> dict[str, Any]:
    return {"__typename": "Product", **key}


async def test_any_number_of_representations_is_one_query(
    schema: SubgraphSchema, adapter: ProductAdapter
) -> None:
    ids = [str(1 + number % 6) for number in range(1000)]
    found, errors = await entities(
        schema, "... on Product { id sku }", *(product(id=each) for each in ids)
    )
    expected = [{"id": e, "sku": f"S{e}"} if int(e) < 5 else None for e in ids]
    assert (found, errors) == (expected, [])
    assert [query.ids for query in adapter.queries] == [("1", "2", "3", "4", "5", "6")]


async def test_values_become_what_the_types_say(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema, "... on Product { kind price { amount currency } madeAt }", product(id=1)
    )
    assert errors == []
    assert found == [
        {
            "kind": "BOOK",
            "price": {"amount": "19.90", "currency": "EUR"},
            "madeAt": datetime(2024, 1, 1, 10, tzinfo=UTC).isoformat(),
        }
    ]


async def test_bad_representations_are_errors_in_their_slots_only(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema,
        "__typename ... on Product { id }",
        product(id="1"),
        "text",
        {"id": "1"},
        {"__typename": 7},
        {"__typename": "Query"},
        {"__typename": "Nobody", "id": "1"},
        product(),
        product(id=None),
        product(id={"deep": 1}),
        product(id=True),
        {"__typename": "Customer"},
        {"__typename": "Account", "wrong": 1},
        product(id="2"),
    )
    assert found[0] == {"__typename": "Product", "id": "1"}
    assert found[-1] == {"__typename": "Product", "id": "2"}
    assert found[1:-1] == [None] * 11
    assert [path for path, _ in errors] == [["_entities", slot] for slot in range(1, 12)]


async def test_a_source_that_is_down_fails_its_slots_and_no_other_type(
    schema: SubgraphSchema, adapter: ProductAdapter
) -> None:
    adapter.broken = True
    found, errors = await entities(
        schema,
        "... on Product { id } ... on Customer { greeting }",
        product(id="1"),
        {"__typename": "Customer", "id": "7"},
        product(id="2"),
    )
    assert found == [None, {"greeting": "hello 7"}, None]
    assert errors == [
        (["_entities", 0], "vendor cannot be reached"),
        (["_entities", 2], "vendor cannot be reached"),
    ]


async def test_other_keys_are_one_filtered_query_each(
    schema: SubgraphSchema, adapter: ProductAdapter
) -> None:
    found, errors = await entities(
        schema,
        "... on Product { id }",
        product(sku="S2"),
        product(org="o1", code="c1"),
        product(id="1"),
        product(sku="S9"),
        product(sku="S1"),
        product(org="o0", code="c0"),
    )
    assert errors == []
    assert found == [{"id": "2"}, {"id": "3"}, {"id": "1"}, None, {"id": "1"}, {"id": "2"}]
    assert len(adapter.queries) == 3


async def test_required_inputs_reach_the_field_that_needs_them(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema,
        "... on Product { id shipping }",
        product(id="1", weight="1.50"),
        product(id="2", weight="2.25"),
    )
    assert errors == []
    assert [each["shipping"] for each in found] == ["1.50 kg", "2.25 kg"]


async def test_types_without_an_adapter_resolve_themselves(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema,
        "... on Customer { id greeting } ... on Account { name }",
        {"__typename": "Customer", "id": 7},
        {"__typename": "Account", "email": "jane@example.com"},
    )
    assert (found, errors) == ([{"id": "7", "greeting": "hello 7"}, {"name": "jane"}], [])


async def test_a_batch_loader_asks_once_per_set_of_arguments(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema,
        "... on Product { id reviews more: reviews(limit: 3) }",
        *(product(id=each) for each in "1231"),
    )
    assert errors == []
    assert sorted(BATCHES) == [(["1", "2", "3"], 2), (["1", "2", "3"], 3)]
    assert [len(each["more"]) for each in found] == [3, 3, 0, 3]


async def test_a_key_the_batch_does_not_answer_fails_in_its_slot(schema: SubgraphSchema) -> None:
    found, errors = await entities(
        schema, "... on Product { rating }", *(product(id=each) for each in "123")
    )
    assert found == [{"rating": 5}, {"rating": None}, {"rating": 5}]
    assert errors == [(["_entities", 1, "rating"], "rating_of has nothing for '2'")]


async def test_batches_may_be_limited_and_may_wait_for_company(
    schema: SubgraphSchema, adapter: ProductAdapter
) -> None:
    loaders = RequestLoaders(max_batch_size=3, window_seconds=0.005)
    found, _ = await entities(
        schema, "... on Product { id }", *(product(id=each) for each in "1234"), loaders=loaders
    )
    assert [each["id"] for each in found] == ["1", "2", "3", "4"]
    assert [query.ids for query in adapter.queries] == [("1", "2", "3"), ("4",)]


async def test_a_schema_without_the_kit_s_context_says_what_is_missing(
    schema: SubgraphSchema,
) -> None:
    result = await schema.execute(
        '{ _entities(representations: [{__typename: "X"}]) { __typename } }'
    )
    assert result.errors is not None
    assert "RequestContext()" in result.errors[0].message


def test_only_strawberry_types_can_be_entities(adapter: ProductAdapter) -> None:
    with pytest.raises(ConfigurationError, match="int is no Strawberry type"):
        SubgraphSchema(query=Query, entities={int: adapter})


async def test_the_sdl_is_a_federation_2_subgraph_that_composes(schema: SubgraphSchema) -> None:
    result = await schema.execute("{ _service { sdl } }", context_value=RequestContext())
    assert result.data is not None
    sdl = result.data["_service"]["sdl"]
    assert sdl == schema.sdl()
    assert "https://specs.apollo.dev/federation/v2.7" in sdl
    assert "type Money @shareable" in sdl
    parse(sdl)
    owner = """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
        type Query { me: Customer }
        type Customer @key(fields: "id") { id: ID! name: String }
        type Product @key(fields: "id") { id: ID! weight: Decimal }
        scalar Decimal
    """
    composed = compose(
        [
            SubgraphInput("products", "http://127.0.0.1/products", sdl),
            SubgraphInput("owner", "http://127.0.0.1/owner", owner),
        ]
    )
    assert [str(error) for error in composed.errors] == []
