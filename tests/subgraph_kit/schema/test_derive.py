"""What is declared becomes a schema: every kind of field, of list and of way to other entities."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry

from subgraph_kit.app import MeshApp
from subgraph_kit.data_product import (
    DataProduct,
    EntityField,
    EntityLink,
    EntityReference,
    EntitySchema,
    EnumMember,
    EnumType,
    FilterOperator,
    LineageEdge,
    NamedType,
    ObjectType,
    SourceAccess,
)
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.sources.samples import SampleAdapter
from subgraph_kit.testing.environment import MeshEnvironment
from supergraph.compose import compose
from supergraph.subgraph.model import SubgraphInput

EQUALITY: tuple[FilterOperator, ...] = ("eq", "in")
RANGE: tuple[FilterOperator, ...] = ("eq", "in", "gt", "gte", "lt", "lte")

STATUS = EnumType(
    "OrderStatus",
    (EnumMember("OPEN", "open", "Not paid."), EnumMember("None_", "none"), EnumMember("mro")),
    "How far it is.",
)
POINT = ObjectType("Point", (EntityField("x", "float", required=True),), interfaces=("Shape",))
LINE = ObjectType(
    "Line",
    (EntityField("to", "object", type_name="Shape"), EntityField("class", "string")),
    interfaces=("Shape",),
)
SHAPE = ObjectType("Shape", (EntityField("label", "string"),), kind="interface")
MARK = ObjectType("Mark", kind="union", members=("Point", "Line"))
TYPES: tuple[NamedType, ...] = (STATUS, LINE, POINT, SHAPE, MARK)

ORDER = EntitySchema(
    "Order",
    "1.0.0",
    (
        EntityField("shop", "id", required=True),
        EntityField("number", "bigint", required=True, filters=RANGE, orderable=True),
        EntityField("code", "string", required=True, filters=("eq", "in", "contains")),
        EntityField("status", "enum", type_name="OrderStatus", filters=EQUALITY),
        EntityField("total", "decimal", orderable=True, filters=RANGE),
        EntityField("placed", "timestamp", filters=RANGE),
        EntityField("email", "string", pii=True, deprecated="Ask the customer."),
        EntityField("from", "time"),
        EntityField("wait", "duration"),
        EntityField("blob", "bytes"),
        EntityField("shape", "object", type_name="Shape"),
        EntityField("marks", "object", type_name="Mark", is_list=True, item_required=False),
        EntityField("customer_no", "integer"),
        EntityField("previous", "bigint"),
    ),
    key=("shop", "number"),
    other_keys=(("code",),),
    references=(
        EntityReference(
            "customer", "Customer", ("customer_no",), ("id",), ("id",), reverse="orders"
        ),
        EntityReference(
            "before", "Order", ("shop", "previous"), ("shop", "number"), reverse="followers"
        ),
    ),
    links=(EntityLink("tags", "Tag", "order_tags"),),
    row_estimate=4,
)
TAG = EntitySchema(
    "Tag", "1.0.0", (EntityField("name", "id", required=True, orderable=True),), key=("name",)
)


def order(number: int, **values: Any) -> dict[str, Any]:
    return {"shop": "a", "number": str(number), "code": f"A-{number}", **values}


ROWS = [
    order(1, status="OPEN", total="9.50", customer_no=7, placed="2024-01-01T10:00:00Z"),
    order(2, total="100.25", customer_no=7, previous="1", status="None_"),
    order(
        3,
        shape={"__typename": "Line", "to": {"__typename": "Point", "x": 1.5}, "class": "thin"},
        marks=[{"__typename": "Point", "x": 2, "label": "p"}, None],
        previous="1",
        wait="PT1H",
        blob="aGk=",
        **{"from": "10:30:00"},
    ),
    order(9007199254740993, status="mro", customer_no=8),
]
TAGS = [{"name": "blue"}, {"name": "red"}]
PAIRS = [(("a", "1"), ("red",)), (("a", "1"), ("blue",)), (("a", "2"), ("red",))]


def product(schema: EntitySchema) -> DataProduct:
    return DataProduct(
        domain="orders",
        source_system="memory",
        schema=schema,
        access=SourceAccess("file:///nowhere", "/{id}"),
        lineage=(LineageEdge("memory", "orders"),),
    )


class Extra:
    """What the author adds to an order."""

    @strawberry.field(description="Both.")  # type: ignore[untyped-decorator] # by Strawberry
    def label(self, upper: bool = False) -> str:
        text = f"{self.shop}/{self.code}"  # type: ignore[attr-defined] # of the derived class
        return text.upper() if upper else text


def app_of(
    *schemas: EntitySchema, extensions: dict[str, type] | None = None, app: MeshApp | None = None
) -> MeshApp:
    app = app or MeshApp("orders")
    for schema in schemas:
        rows = {"Order": ROWS, "Tag": TAGS}.get(schema.entity, [])
        app.register_adapter("orders", SampleAdapter(product(schema), rows, {"order_tags": PAIRS}))
    app.serve_declared(types=TYPES, extensions=extensions)
    return app


@pytest.fixture
async def mesh() -> AsyncIterator[MeshEnvironment]:
    def build(settings: Any, backends: Any) -> MeshApp:
        app = MeshApp("orders", settings, backends=backends)
        return app_of(ORDER, TAG, extensions={"Order": Extra}, app=app)

    async with MeshEnvironment.of(build) as environment:
        yield environment


async def ask(mesh: MeshEnvironment, query: str) -> Any:
    answer = await mesh.execute(query)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


async def test_the_schema_says_what_is_declared() -> None:
    sdl = app_of(ORDER, TAG, extensions={"Order": Extra}).sdl()
    for line in (
        'type Order @key(fields: "shop number") @key(fields: "code") {',
        'type Customer @key(fields: "id") {',
        'type Tag @key(fields: "name") {',
        "type Point implements Shape @shareable {",
        "union Mark = Point | Line",
        "scalar BigInt",
        "  number: BigInt!",
        "  from: Time",
        "  marks: [Mark]",
        '  email: String @tag(name: "pii") @deprecated(reason: "Ask the customer.")',
        "  label(upper: Boolean! = false): String!",
        "  customer: Customer",
        "  orders(filter: OrderFilter, orderBy: [OrderOrderBy!], limit: Int! = 20, "
        "offset: Int! = 0): [Order!]! @listSize(assumedSize: 4, "
        'slicingArguments: ["limit"], requireOneSlicingArgument: false)',
        "  order(shop: ID!, number: BigInt!): Order",
        "  orderByCode(code: String!): Order",
        "  number: BigIntRangeFilter",
        "  total_DESC",
        '@link(url: "https://specs.apollo.dev/federation/v2.9"',
    ):
        assert line in sdl, line


async def test_the_schema_composes_with_the_one_that_serves_the_other_entity() -> None:
    customers = """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
        type Query { customer: Customer }
        type Customer @key(fields: "id") { id: ID! name: String }
    """
    result = compose(
        [
            SubgraphInput("orders", "http://127.0.0.1/orders", app_of(ORDER, TAG).sdl()),
            SubgraphInput("customers", "http://127.0.0.1/customers", customers),
        ]
    )
    assert [str(error) for error in result.errors] == []


async def test_values_are_as_their_types_say(mesh: MeshEnvironment) -> None:
    data = await ask(
        mesh,
        """{
          three: order(shop: "a", number: 3) {
            from wait blob label(upper: true)
            shape { __typename label ... on Line { class to { ... on Point { x } } } }
            marks { __typename ... on Point { x label } }
          }
          big: order(shop: "a", number: "9007199254740993") { number status total }
          one: orderByCode(code: "A-1") { status total placed }
        }""",
    )
    assert data == {
        "three": {
            "from": "10:30:00",
            "wait": "PT1H",
            "blob": "aGk=",
            "label": "A/A-3",
            "shape": {"__typename": "Line", "label": None, "class": "thin", "to": {"x": 1.5}},
            "marks": [{"__typename": "Point", "x": 2.0, "label": "p"}, None],
        },
        "big": {"number": "9007199254740993", "status": "mro", "total": None},
        "one": {"status": "OPEN", "total": "9.50", "placed": "2024-01-01T10:00:00+00:00"},
    }


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ("", ["A-1", "A-2", "A-3", "A-9007199254740993"]),
        ("limit: 1, offset: 1", ["A-2"]),
        ("filter: {status: {eq: OPEN}}", ["A-1"]),
        ("filter: {status: {in: [OPEN, mro]}}", ["A-1", "A-9007199254740993"]),
        ('filter: {total: {gte: "9.5", lt: "100"}}', ["A-1"]),
        ('filter: {number: {gt: 1}, code: {contains: "2"}}', ["A-2", "A-9007199254740993"]),
        ('filter: {placed: {lt: "2024-06-01T00:00:00Z"}}', ["A-1"]),
        ("filter: {status: {}}", ["A-1", "A-2", "A-3", "A-9007199254740993"]),
        ("orderBy: [total_DESC, number_DESC], limit: 2", ["A-2", "A-1"]),
    ],
)
async def test_lists_are_filtered_ordered_and_cut(
    mesh: MeshEnvironment, arguments: str, codes: list[str]
) -> None:
    field = f"orders({arguments})" if arguments else "orders"
    data = await ask(mesh, f"{{ {field} {{ code }} }}")
    assert [each["code"] for each in data["orders"]] == codes


async def test_relay_turns_pages_by_cursor(mesh: MeshEnvironment) -> None:
    seen: list[str] = []
    after = "null"
    while True:
        data = await ask(
            mesh,
            f"""{{ ordersConnection(first: 3, after: {after}, orderBy: [number_DESC]) {{
              edges {{ cursor node {{ code }} }}
              pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}""",
        )
        page = data["ordersConnection"]
        assert page["pageInfo"]["hasPreviousPage"] is bool(seen)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        seen += [edge["node"]["code"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f'"{page["pageInfo"]["endCursor"]}"'
    assert seen == ["A-9007199254740993", "A-3", "A-2", "A-1"]


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ("orders(limit: -1) { code }", "limit must be from 0 to 1,000"),
        ("orders(offset: 2000000) { code }", "offset must be from 0 to"),
        ("orders(filter: {status: {eq: null}}) { code }", "status.eq is null"),
        ('ordersConnection(after: "x") { edges { cursor } }', "after is no cursor"),
        ("ordersConnection(first: 2000) { edges { cursor } }", "first must be from 0 to"),
        ('order(shop: "a", number: "1e9") { code }', "whole number"),
    ],
)
async def test_what_makes_no_sense_is_told_in_a_sentence(
    mesh: MeshEnvironment, field: str, problem: str
) -> None:
    answer = await mesh.execute(f"{{ {field} }}")
    assert problem in answer["errors"][0]["message"]


async def test_references_lead_there_and_back(mesh: MeshEnvironment) -> None:
    data = await ask(
        mesh,
        """{ two: order(shop: "a", number: 2) {
          customer { id }
          before { code before { code } followers(orderBy: [number_DESC]) { code } }
          tags { name }
        } one: order(shop: "a", number: 1) { tags(orderBy: [name_ASC], limit: 1) { name } } }""",
    )
    assert data["two"] == {
        "customer": {"id": "7"},
        "before": {
            "code": "A-1",
            "before": None,
            "followers": [{"code": "A-3"}, {"code": "A-2"}],
        },
        "tags": [{"name": "red"}],
    }
    assert data["one"] == {"tags": [{"name": "blue"}]}


async def test_the_gateway_reaches_entities_by_every_key(mesh: MeshEnvironment) -> None:
    answer = await mesh.execute(
        """query ($all: [_Any!]!) { _entities(representations: $all) {
          ... on Order { code } ... on Customer { orders(filter: {number: {lt: 2}}) { code } }
        } }""",
        {
            "all": [
                {"__typename": "Order", "shop": "a", "number": "2"},
                {"__typename": "Customer", "id": "7"},
                {"__typename": "Order", "code": "A-3"},
                {"__typename": "Order", "shop": "b", "number": "2"},
                {"__typename": "Customer", "id": "9"},
            ]
        },
    )
    assert answer == {
        "data": {
            "_entities": [
                {"code": "A-2"},
                {"orders": [{"code": "A-1"}]},
                {"code": "A-3"},
                None,
                {"orders": []},
            ]
        }
    }


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (EntitySchema("A", "1", (EntityField("b", "id"),), key=("c",)), "no field of it"),
        (EntitySchema("A", "1", (EntityField("id", "object", type_name="No"),)), "no type 'No'"),
        (
            EntitySchema(
                "A", "1", (EntityField("id", "id"),),
                references=(EntityReference("x", "B", ("y",)),),
            ),
            "A has no field 'y'",
        ),
        (
            EntitySchema(
                "A", "1", (EntityField("id", "id"),),
                references=(EntityReference("id", "B", ("id",)),),
            ),
            "two fields 'id'",
        ),
        (
            EntitySchema(
                "A", "1", (EntityField("id", "id"), EntityField("n", "id")),
                references=(EntityReference("x", "A", ("n",), ("n",)),),
            ),
            "'n' is no key of A",
        ),
        (
            EntitySchema("A", "1", (EntityField("id", "id"),), links=(EntityLink("x", "B", "c"),)),
            "nobody serves its target",
        ),
    ],
)  # fmt: skip
def test_declarations_that_lead_nowhere_are_refused(schema: EntitySchema, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        app_of(schema)


def test_names_stay_as_they_are_declared() -> None:
    fields = (EntityField("id", "id"), EntityField("a_b", "enum", enum_values=("x",)))
    sdl = app_of(EntitySchema("_Odd_Name", "1", fields)).sdl()
    assert 'type _Odd_Name @key(fields: "id") {' in sdl
    assert "enum _Odd_NameA_b {" in sdl
    assert "_Odd_NameConnection" in sdl


def test_an_extension_must_extend_something() -> None:
    with pytest.raises(ConfigurationError, match="'Ordr' extends no type"):
        app_of(ORDER, TAG, extensions={"Ordr": Extra})
