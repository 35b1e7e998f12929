"""The subgraph over HTTP: a schema derived from the adapter, limits, and errors without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
import structlog
from graphql import parse

from subgraph_kit.telemetry.setup import setup_telemetry
from subgraph_kit.testing.environment import MeshEnvironment
from subgraph_kit.testing.otlp import OtlpReceiver
from supergraph.compose import compose
from supergraph.subgraph.model import SubgraphInput
from tests.subgraph_kit.adapter.people import PeopleSource

GRAPHQL_JSON = "application/graphql-response+json"


async def test_answers_from_the_adapter_without_a_schema_of_the_author_s(
    mesh: MeshEnvironment,
) -> None:
    answer = await mesh.execute(
        """query ($id: ID!) {
          person(id: $id) {
            id name balance role tags address { city }
            company { id } manager { name manager { id } }
          }
          persons(limit: 1, offset: 1, filter: {name: "Name 2"}) { id }
          two: persons(limit: 2) { id }
        }""",
        {"id": "3"},
    )
    assert answer == {
        "data": {
            "person": {
                "id": "3",
                "name": "Name 3",
                "balance": "3.10",
                "role": "ADMIN",
                "tags": ["a", "b"],
                "address": {"city": "Ulm"},
                "company": {"id": "c1"},
                "manager": {"name": "Name 2", "manager": {"id": "1"}},
            },
            "persons": [],
            "two": [{"id": "1"}, {"id": "2"}],
        }
    }


async def test_the_derived_schema_composes(mesh: MeshEnvironment) -> None:
    sdl = (await mesh.execute("{ _service { sdl } }"))["data"]["_service"]["sdl"]
    parse(sdl)
    company = """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])
        type Query { company: Company }
        type Company @key(fields: "id") { id: ID! name: String }
    """
    result = compose(
        [
            SubgraphInput("people", "http://127.0.0.1/people", sdl),
            SubgraphInput("companies", "http://127.0.0.1/companies", company),
        ]
    )
    assert [str(error) for error in result.errors] == []


async def test_managers_of_a_whole_list_are_one_call(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    await mesh.execute("{ persons(limit: 5) { manager { name } } }")
    assert len(people.asked) == 2


@pytest.mark.parametrize(
    ("body", "status", "text"),
    [
        (b"", 400, "the body is not JSON"),
        (b"{", 400, "the body is not JSON"),
        (b"\xff", 400, "the body is not JSON"),
        (b"[" * 100_000, 400, "the body is not JSON"),
        (b"[]", 400, "one at a time"),
        (b"7", 400, "must be a JSON object"),
        (b"{}", 400, "must have a query"),
        (b'{"query": 7}', 400, "must have a query"),
        (b'{"query": "{a}", "variables": []}', 400, "variables must be an object"),
        (b'{"query": "{a}", "operationName": 1}', 400, "operationName must be a string"),
        (b'{"query": "subscription {a}"}', 400, "subscriptions are not served"),
        (b'{"query": "{"}', 200, "Syntax Error"),
        (b'{"query": "{ nope }"}', 200, "Cannot query field 'nope'"),
        (b'{"query": "query ($i: ID!) { person(id: $i) { id } }"}', 200, "Variable '$i'"),
        (
            b'{"query": "query A {__typename} query B {__typename}"}',
            200,
            "say which by operationName",
        ),
        (b'{"query": "{__typename}", "operationName": "B"}', 400, "no operation of the name"),
        (b'{"query": "{ persons(limit: 100000) { id } }"}', 200, "limit must be from 0 to"),
    ],
)
async def test_bad_requests_get_clear_errors_and_the_service_lives(
    mesh: MeshEnvironment, body: bytes, status: int, text: str
) -> None:
    response = await mesh.client.post(
        "/graphql", content=body, headers={"content-type": "application/json"}
    )
    assert response.status_code == status
    assert text in response.json()["errors"][0]["message"]
    assert (await mesh.execute("{ __typename }")) == {"data": {"__typename": "Query"}}


def nested(depth: int) -> str:
    return "{ person(id: 1) { " + "manager { " * depth + "id" + " }" * depth + " } }"


@pytest.mark.parametrize(
    "query",
    [
        nested(60),
        nested(3000),
        "{ " + " ".join(f"a{n}: __typename" for n in range(1_500)) + " }",
        "{ " + "__typename " * 30_000 + "}",
    ],
    ids=["deep", "very deep", "aliases", "tokens"],
)
async def test_queries_beyond_the_limits_are_refused(mesh: MeshEnvironment, query: str) -> None:
    answer = await mesh.execute(query)
    assert "data" not in answer or answer["data"] is None
    assert answer["errors"]
    assert (await mesh.execute("{ __typename }")) == {"data": {"__typename": "Query"}}


async def test_too_large_and_too_many_are_refused(mesh: MeshEnvironment) -> None:
    response = await mesh.client.post(
        "/graphql",
        content=b" " * (17 * 1024 * 1024),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 413
    answer = await mesh.execute(
        "query ($representations: [_Any!]!) { _entities(representations: $representations) "
        "{ __typename } }",
        {"representations": [{"__typename": "Person", "id": "1"}] * 50_001},
    )
    assert "more than 50,000 representations" in answer["errors"][0]["message"]


async def test_other_methods_and_media_types_are_told_what_to_send(mesh: MeshEnvironment) -> None:
    get = await mesh.client.get("/graphql")
    assert (get.status_code, get.headers["allow"]) == (405, "POST")
    form = await mesh.client.post("/graphql", data={"query": "{a}"})
    assert form.status_code == 415
    assert (await mesh.client.put("/graphql")).status_code == 405


async def test_the_newer_media_type_shows_in_the_status_that_nothing_ran(
    mesh: MeshEnvironment,
) -> None:
    async def post(query: str) -> tuple[int, str]:
        response = await mesh.client.post(
            "/graphql", json={"query": query}, headers={"accept": GRAPHQL_JSON}
        )
        return response.status_code, response.headers["content-type"]

    assert await post("{ nope }") == (400, GRAPHQL_JSON)
    assert await post("{ __typename }") == (200, GRAPHQL_JSON)
    assert await post("{ persons(limit: -1) { id } }") == (200, GRAPHQL_JSON)


async def test_a_dead_source_is_an_error_with_its_code_and_path(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    async with people.failure():
        answer = await mesh.execute("{ __typename person(id: 1) { name } }")
    assert answer["data"] == {"__typename": "Query", "person": None}
    [error] = answer["errors"]
    assert error["path"] == ["person"]
    assert error["extensions"] == {"code": "SOURCE_UNAVAILABLE"}


async def test_what_is_internal_is_logged_and_sent_masked(
    mesh: MeshEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def bug(_: object) -> None:
        raise ValueError("cannot read jane@example.com")

    monkeypatch.setattr(mesh.app.adapters[0].adapter, "query_entities", bug)
    with structlog.testing.capture_logs() as logs:
        answer = await mesh.execute("{ person(id: 2) { name } }")
    assert answer["errors"][0]["message"] == "internal error"
    assert answer["errors"][0]["extensions"] == {"code": "INTERNAL_ERROR"}
    assert any(log["log_level"] == "error" and log.get("exc_info") for log in logs)


async def test_a_value_that_does_not_fit_its_type_is_named_and_not_shown(
    mesh: MeshEnvironment, people: PeopleSource
) -> None:
    people.people["1"]["balance"] = "jane@example.com"
    answer = await mesh.execute("{ person(id: 1) { balance } }")
    assert answer["errors"][0]["message"] == "the value of Person.balance does not fit its type"
    assert "jane" not in json.dumps(answer)


async def test_spans_join_the_caller_s_trace(mesh: MeshEnvironment) -> None:
    async with OtlpReceiver() as receiver:
        stop = setup_telemetry("people-subgraph", endpoint=receiver.endpoint, logs=False)
        trace_id = "0af7651916cd43dd8448eb211c80319c"
        traceparent = f"00-{trace_id}-b7ad6b7169203331-01"
        await mesh.execute("{ person(id: 1) { name } }", traceparent=traceparent)
        spans = await receiver.wait_for_trace(trace_id, spans=3)
        stop()
    by_name: dict[str, Any] = {span.name: span for span in spans}
    assert by_name["subgraph.graphql"].parent_span_id == "b7ad6b7169203331"
    adapter = by_name["adapter.query_entities"]
    assert adapter.attributes["entity.type"] == "Person"
    assert adapter.attributes["source.system"] == "directory"
    assert adapter.attributes["response.size_bytes"] > 0
    assert by_name["source.request"].parent_span_id == adapter.span_id
