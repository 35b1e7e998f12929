"""Compiled code answers the common good case itself, with what the interpreter would answer.

`execute_both` compares the two wherever tests execute a plan; here it is also asserted that it was
compiled code that answered, and not the interpreter for it.
"""

from __future__ import annotations

import ast
from functools import cache

import msgspec
import pytest

from gateway.context import RequestContext
from gateway.executor import execute_plan
from gateway.executor.compiled import CompiledPlan, NotCompilableError, compile_plan
from gateway.executor.compiled.run import CompiledExecution
from gateway.operation.prepare import PreparedOperation, prepare_operation
from gateway.operation.variables import coerce_variables
from gateway.plan.nodes import QueryPlan
from gateway.transport.base import JsonObject
from supergraph.load import load_supergraph
from supergraph.model import Supergraph
from tests.testkit.composition import compose_sdl
from tests.testkit.executors import execute_both
from tests.testkit.subgraphs import Subgraph, Subgraphs, planner_of

ITEMS = """
    type Query {
      item(id: ID!): Item items: [Item!]! shelves: [[Item]] things: [Thing] either: Both all: [Both]
    }
    interface Thing { id: ID! mark: String }
    union Both = Item | Box
    type Item implements Thing @key(fields: "id") {
      id: ID! name: String! size: Size color: Color tags: [String!] weight: Float count: Int
      extra: Anything owner: User mark: String
    }
    type Box implements Thing @key(fields: "id") {
      id: ID! name: Int label: String owner: User mark: String!
    }
    type Size { width: Int! height: Int! }
    type User @key(fields: "id", resolvable: false) { id: ID! }
    enum Color { RED BLUE }
    scalar Anything
    type Mutation { rename(id: ID!, name: String!): Item }
"""
STOCK = """
    type Item @key(fields: "id") {
      id: ID! stock: Int! size: Size @external
      shipping: Float @requires(fields: "size { width height }")
      similar: [Item!]!
    }
    type Size @external { width: Int! height: Int! }
    type Box @key(fields: "id") { id: ID! stock: Int! }
"""
USERS = """
    type User @key(fields: "id") { id: ID! name: String! email: String }
"""
SUPERGRAPH: Supergraph = load_supergraph(compose_sdl(items=ITEMS, stock=STOCK, users=USERS))

SIZE = {"width": 2, "height": 3}
ONE = {
    "__typename": "Item", "id": "i1", "name": "Pen", "size": SIZE, "color": "RED", "tags": ["a"],
    "weight": 1, "count": 4, "extra": {"b": [1, 2.5, None]}, "owner": {"id": "u1"},
}  # fmt: skip
TWO = {**ONE, "id": "i2", "name": "Ink", "weight": 0.5, "color": None, "extra": 10**30}
BOX = {
    "__typename": "Box", "id": "b1", "name": 7, "label": "big", "owner": {"id": "u1"}, "mark": "x",
}  # fmt: skip


def subgraphs() -> Subgraphs:
    def stock(representation: JsonObject) -> JsonObject:
        size = representation.get("size") or {}
        number = int(representation["id"][1:])
        shipping = size["width"] * size["height"] / 4 if size else None
        similar = [{"__typename": "Item", "id": f"i{number % 2 + 1}"}]
        return {**representation, "stock": number, "shipping": shipping, "similar": similar}

    return Subgraphs(
        {
            "items": Subgraph(
                ITEMS,
                {
                    "Query.item": lambda _root, id: ONE if id == "i1" else TWO,
                    "Query.items": [ONE, TWO, ONE],
                    "Query.shelves": [[ONE, None], None, [TWO]],
                    "Query.things": [ONE, BOX, None, TWO],
                    "Query.either": BOX,
                    "Query.all": [ONE, BOX],
                    "Mutation.rename": lambda _root, id, name: {**ONE, "id": id, "name": name},
                },
                {"Item": lambda key: ONE if key["id"] == "i1" else TWO},
            ),
            "stock": Subgraph(STOCK, {}, {"Item": stock, "Box": stock}),
            "users": Subgraph(USERS, {"User.name": "Ada", "User.email": None}),
        }
    )


@cache
def prepared(query: str) -> PreparedOperation:
    found = prepare_operation(SUPERGRAPH.api_schema, query)
    assert not isinstance(found, list), found
    return found


@cache
def planned(query: str) -> QueryPlan:
    return planner_of(SUPERGRAPH).plan(prepared(query).operation)


def compiled(query: str, variables: JsonObject | None = None) -> CompiledPlan:
    operation = prepared(query)
    return compile_plan(planned(query), operation, variables or {}, SUPERGRAPH)


async def both(query: str, variables: JsonObject | None = None) -> str:
    """The answer of compiled code as JSON, after it was compared with the interpreter's."""
    operation = prepared(query)
    values = coerce_variables(SUPERGRAPH.api_schema, operation.operation.variables, variables)
    assert not isinstance(values, list), values
    plan = planned(query)
    result = await execute_both(plan, operation, values, supergraph=SUPERGRAPH, client=subgraphs())
    assert not result.errors, result.errors
    code = compile_plan(plan, operation, values, SUPERGRAPH)
    client = subgraphs()
    execution = CompiledExecution(code, values, client=client, context=RequestContext())
    data = await execution.run()
    assert data is not None, f"it stepped aside\n{plan}\n{code.source}"
    text = msgspec.json.encode(data)
    assert text == msgspec.json.encode(result.data)
    return text.decode()


@pytest.mark.parametrize(
    "query",
    [
        "{ items { name stock } }",
        "{ items { stock name } }",
        "{ items { name shipping } }",
        "{ items { shipping size { height } } }",
        "{ items { owner { name email } similar { name owner { name } } } }",
        "{ shelves { id stock } }",
        "{ items { __typename a: __typename name b: name } __typename }",
        "{ items { color tags weight count extra } }",
        "{ things { id } }",
        "{ things { __typename id ... on Box { label } ... on Item { name stock } } }",
        "{ things { ... on Item { size { width } } id ... on Box { owner { name } __typename } } }",
        "{ things { ... on Item { it: name owner { name } } ... on Box { it2: name stock } } }",
        "{ things { ... on Item { stock } ... on Box { stock } } }",
        "{ either { ... on Item { name } ... on Box { label } } }",
        "{ either { ... on Item { name } } }",
        "{ all { __typename ... on Thing { mark } } }",
        "{ all { ... on Thing { mark } __typename } }",
        '{ a: item(id: "i1") { name stock } b: item(id: "i2") { stock } }',
        'mutation { a: rename(id: "1", name: "") { name id } b: rename(id: "2", name: "") { id } }',
    ],
)  # fmt: skip
async def test_compiled_code_answers_like_the_interpreter(query: str) -> None:
    await both(query)


async def test_fields_stand_in_the_clients_order_without_what_was_only_needed() -> None:
    assert await both('{ item(id: "i1") { shipping name } }') == (
        '{"item":{"shipping":1.5,"name":"Pen"}}'
    )


async def test_numbers_are_written_as_they_came() -> None:
    answered = await both("{ items { extra } }")
    assert '{"extra":{"b":[1,2.5,null]}}' in answered
    assert '{"extra":1000000000000000000000000000000}' in answered


@pytest.mark.parametrize("yes", [True, False])
@pytest.mark.parametrize("no", [True, False])
async def test_conditions_are_decided_before_the_code_is_written(yes: bool, no: bool) -> None:
    query = """query ($yes: Boolean!, $no: Boolean!) {
      items {
        id stock @include(if: $yes) owner @skip(if: $no) { name } ... @include(if: $no) { count }
      }
    }"""  # fmt: skip
    answered = await both(query, {"yes": yes, "no": no})
    assert ('"stock"' in answered) is yes
    assert ('"owner"' in answered) is not no
    assert ('"count"' in answered) is no


async def test_an_entity_at_many_places_is_asked_for_once() -> None:
    operation = prepared("{ items { owner { name } } }")
    plan = planner_of(SUPERGRAPH).plan(operation.operation)
    client = subgraphs()
    code = compile_plan(plan, operation, {}, SUPERGRAPH)
    execution = CompiledExecution(code, {}, client=client, context=RequestContext())
    assert await execution.run() is not None
    assert client.representations("users") == [[{"__typename": "User", "id": "u1"}]]


def test_the_same_plan_gives_the_same_code() -> None:
    query = "{ things { id ... on Item { name stock } ... on Box { stock } } }"
    first, second = compiled(query).source, compiled(query).source
    assert first == second
    ast.parse(first)


def test_texts_of_clients_do_not_become_code() -> None:
    query = "{ class: item(id: \"'); import os; ('\") { import: name lambda: stock __x: count } }"
    source = compiled(query).source
    assert "import os" not in source
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert not names & {"lambda", "__x"}


async def test_words_of_python_are_good_aliases() -> None:
    answered = await both('{ class: item(id: "i1") { import: name None: stock self: count } }')
    assert answered == '{"class":{"import":"Pen","None":1,"self":4}}'


@pytest.mark.parametrize(
    ("query", "reason"),
    [("{ __schema { queryType { name } } items { id } }", "introspection"),
     ("{ __typename }", "nothing to fetch")],
)  # fmt: skip
def test_what_is_not_compiled_says_why(query: str, reason: str) -> None:
    with pytest.raises(NotCompilableError, match=reason):
        compiled(query)


async def test_a_huge_fan_of_types_is_left_to_the_interpreter() -> None:
    fields = " ".join(f"a{n}: things {{ id ... on Box {{ label }} }}" for n in range(160))
    operation = prepared(f"{{ {fields} }}")
    plan = planner_of(SUPERGRAPH).plan(operation.operation)
    with pytest.raises(NotCompilableError, match="too many different objects"):
        compile_plan(plan, operation, {}, SUPERGRAPH)
    result = await execute_plan(plan, operation, {}, supergraph=SUPERGRAPH, client=subgraphs())
    assert not result.errors
