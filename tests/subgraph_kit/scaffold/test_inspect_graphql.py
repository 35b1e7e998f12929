"""What is found in a GraphQL schema: entities by their lookups, types as they are."""

import json
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.graphql import inspect_graphql
from subgraph_kit.scaffold.model import EntityModel, GraphqlAccess, SourceModel
from subgraph_kit.scaffold.options import InspectOptions
from tests.subgraph_kit.sources.graphql_api import SDL, graphql_api
from tests.testkit.servers import answering, http, serve


async def look(tmp_path: Path, text: str, name: str = "api.graphql") -> SourceModel:
    (tmp_path / name).write_text(text)
    return await inspect_graphql(str(tmp_path / name), InspectOptions())


def access(entity: EntityModel) -> GraphqlAccess:
    assert isinstance(entity.access, GraphqlAccess)
    return entity.access


async def test_url_sdl_and_introspection_tell_the_same(tmp_path: Path) -> None:
    from_sdl = await look(tmp_path, SDL)
    introspection = introspection_from_schema(build_schema(SDL))
    from_file = await look(tmp_path, json.dumps({"data": introspection}), "api.json")
    async with graphql_api() as api:
        from_url = await inspect_graphql(api.url, InspectOptions())
    assert from_sdl.fingerprint == from_file.fingerprint == from_url.fingerprint
    assert from_url.address == api.url


async def test_finds_how_each_type_is_asked_for(tmp_path: Path) -> None:
    model = await look(tmp_path, SDL)
    company, user, repo = model.entities
    assert [e.name for e in model.entities] == ["Company", "User", "Repo"]
    assert access(company).batch_field == "companiesByIds"
    assert (access(company).item_field, access(company).list_field) == ("company", "companies")
    assert access(company).pagination.style == "offset"
    assert (access(user).items_at, access(user).pagination.next_cursor_path) == (
        "edges.node", "pageInfo.endCursor",
    )  # fmt: skip
    assert repo.keys == (("owner", "name"),)
    assert access(repo).key_arguments == ("owner", "name")


async def test_an_entity_inside_another_becomes_a_reference(tmp_path: Path) -> None:
    model = await look(tmp_path, SDL)
    (reference,) = model.entities[1].references
    assert (reference.name, reference.target, reference.fields) == (
        "company", "Company", ("companyId",),
    )  # fmt: skip
    assert model.entities[1].field("companyId").source_name == "company.id"


async def test_what_has_no_end_or_needs_arguments_is_left_out_and_noted(tmp_path: Path) -> None:
    model = await look(tmp_path, SDL)
    notes = {note.place: note.message for note in model.notes}
    assert notes["User.avatar"] == "it needs arguments; left out"
    assert notes["Country.addresses"] == "it leads back to Address, without end; left out"
    assert notes["Company.users"].startswith("it lists User, which the other side offers")
    names = {value.name for value in model.types}
    assert names == {"Address", "Country", "Payment", "Card", "Cash"}


async def test_a_federated_subgraph_is_asked_by_its_own_keys(tmp_path: Path) -> None:
    model = await look(
        tmp_path,
        """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])
        type Query { _entities(representations: [_Any!]!): [_Entity]! top: Product }
        scalar _Any
        union _Entity = Product
        type Product @key(fields: "upc") { upc: String! name: String }
        """,
    )
    (product,) = model.entities
    assert product.keys == (("upc",),)
    assert (access(product).batch_field, access(product).type_name) == ("_entities", "Product")


async def test_relays_node_answers_types_that_have_no_field_of_their_own(tmp_path: Path) -> None:
    model = await look(
        tmp_path,
        """
        interface Node { id: ID! }
        type Tag implements Node { id: ID! label: String }
        type Query { node(id: ID!): Node nodes(ids: [ID!]!): [Node]! }
        """,
    )
    (tag,) = model.entities
    assert (access(tag).item_field, access(tag).batch_field) == ("node", "nodes")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("<html></html>", "is HTML or XML"),
        ("type Query { a: ", "at line 1: mend it; is the file complete"),
        ("type User { id: ID! }", "has no type Query"),
        ("type Query { a: Int }", "no type that can be asked for by a key"),
        ('{"data": {"__schema": {', "no whole introspection result"),
    ],
)
async def test_bad_input_is_one_clear_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        await look(tmp_path, text)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (http("<html>", content_type="text/html"), "answered HTTP 200 with HTML"),
        (http("{}", status=401), "it wants credentials"),
        (http('{"errors": [{"message": "no"}]}'), "does not tell its schema"),
    ],
)
async def test_an_api_that_does_not_tell_is_said_so(answer: bytes, says: str) -> None:
    async with serve(answering(answer)) as server:
        with pytest.raises(ConfigurationError, match=says):
            await inspect_graphql(server.url, InspectOptions())


async def test_an_api_that_is_away_is_said_so() -> None:
    with pytest.raises(ConfigurationError, match="cannot be reached: check the URL"):
        await inspect_graphql("http://user:secret@127.0.0.1:9/graphql?token=x", InspectOptions())
