"""Projects of every kind, served behind a gateway and joined with each other's entities."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from subgraph_kit.scaffold.generate import guesses
from subgraph_kit.testing.samples.base import Rows
from subgraph_kit.testing.samples.graphql import GraphqlSamples
from subgraph_kit.testing.samples.rest import RestSamples
from tests.subgraph_kit.generator.sources import (
    books_schema,
    pets_document,
    shop_database,
    visits_file,
)
from tests.testkit.generated import app_of, imported, make_project, mesh_of


async def test_a_database_s_rows_are_joined_with_another_subgraph(tmp_path: Path) -> None:
    database = shop_database(tmp_path)
    await make_project(tmp_path, "parcels", "blank", include=("parcel",))
    await make_project(tmp_path, "shop", f"sqlite:{database}")
    with ExitStack() as stack:
        for name in ("parcels", "shop"):
            stack.enter_context(imported(tmp_path / name, f"{name}_subgraph"))
        apps = {
            "parcels": app_of("parcels_subgraph"),
            "shop": app_of("shop_subgraph", source_url=f"sqlite:///{database}"),
        }
        async with mesh_of(apps) as mesh:
            data = await mesh.ask(
                """{
                  customerByEmail(email: "ann@x") {
                    fullName orders(orderBy: [total_DESC]) { total status tags { name } }
                  }
                  order(shop: "t", number: 1) { customer { email } tags { name } }
                  orders(filter: {total: {gte: "10"}}, orderBy: [total_ASC]) { shop number }
                  tags { name }
                  parcel(id: "1") { name }
                }"""
            )
    assert data == {
        "customerByEmail": {
            "fullName": "Ann",
            "orders": [
                {"total": "20", "status": "IN_PROGRESS", "tags": []},
                {"total": "10.5", "status": "OPEN", "tags": [{"name": "blue"}, {"name": "red"}]},
            ],
        },
        "order": {"customer": {"email": "bob@x"}, "tags": [{"name": "red"}]},
        "orders": [{"shop": "s", "number": 1}, {"shop": "s", "number": 2}],
        "tags": [{"name": "blue"}, {"name": "red"}],
        "parcel": {"name": "name 1"},
    }


async def test_a_file_s_rows_refer_to_another_subgraph_s_entities(tmp_path: Path) -> None:
    database = shop_database(tmp_path)
    shop = await make_project(tmp_path, "shop", f"sqlite:{database}")
    (tmp_path / "graph.graphql").write_text(shop.files["schema.graphql"])
    visits = await make_project(
        tmp_path, "visits", f"csv:{visits_file(tmp_path)}", supergraph="../graph.graphql"
    )
    ((place, reference),) = guesses(visits.model)
    assert place == "Visit.customer"
    assert reference.external
    with ExitStack() as stack:
        for name in ("visits", "shop"):
            stack.enter_context(imported(tmp_path / name, f"{name}_subgraph"))
        apps = {
            "visits": app_of("visits_subgraph", directory=str(tmp_path)),
            "shop": app_of("shop_subgraph", source_url=f"sqlite:///{database}"),
        }
        async with mesh_of(apps) as mesh:
            data = await mesh.ask(
                """{ visits(filter: {paid: {eq: true}}, orderBy: [costEur_DESC]) {
                  costEur day customer { id fullName orders(limit: 1) { total } }
                } }"""
            )
    assert data["visits"] == [
        {
            "costEur": "100.25",
            "day": "2024-01-03",
            "customer": {"id": "2", "fullName": None, "orders": [{"total": "3"}]},
        },
        {
            "costEur": "20.50",
            "day": "2024-01-01",
            "customer": {"id": "1", "fullName": "Ann", "orders": [{"total": "10.5"}]},
        },
        {"costEur": "0.99", "day": "2024-02-01", "customer": None},
    ]


async def test_another_graphql_api_is_served_with_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_project(tmp_path, "books", f"graphql:{books_schema(tmp_path)}")
    rows: Rows = {
        "Book": [
            {"id": str(n), "title": f"Book {n}", "genre": "POEM", "pages": n, "authorId": "7",
             "author": {"id": "7"}}
            for n in range(1, 6)
        ],
        "Author": [{"id": "7", "name": "Ann"}],
    }  # fmt: skip
    with imported(tmp_path / "books", "books_subgraph"):
        async with GraphqlSamples.open(rows, tmp_path) as api:
            monkeypatch.setattr("books_subgraph.app.open_source", lambda _: api.source)
            app = app_of("books_subgraph", url="http://samples.invalid/graphql")
            api.serve([registered.adapter for registered in app.adapters])
            async with mesh_of({"books": app}) as mesh:
                data = await mesh.ask(
                    """{ book(id: "2") { title genre } books(limit: 2, offset: 3) { id pages }
                         author(id: "7") { name } }"""
                )
    assert data == {
        "book": {"title": "Book 2", "genre": "POEM"},
        "books": [{"id": "4", "pages": 4}, {"id": "5", "pages": 5}],
        "author": {"name": "Ann"},
    }


async def test_an_http_api_is_served_by_its_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_project(tmp_path, "pets", f"openapi:{pets_document(tmp_path)}")
    rows: Rows = {
        "Pet": [
            {"id": str(n), "name": f"Pet {n}", "status": "SOLD_OUT" if n % 2 else "AVAILABLE",
             "ownerId": 7, "tags": [{"label": "a", "weight": n / 2}]}
            for n in range(1, 130)
        ],
        "Owner": [{"id": "7", "name": "Ann", "email": None}],
    }  # fmt: skip
    with imported(tmp_path / "pets", "pets_subgraph"):
        async with RestSamples.open(rows, tmp_path) as api:
            monkeypatch.setattr("pets_subgraph.app.open_source", lambda _: api.source)
            app = app_of("pets_subgraph")
            api.serve([registered.adapter for registered in app.adapters])
            async with mesh_of({"pets": app}) as mesh:
                data = await mesh.ask(
                    """{
                      pet(id: "3") { name status tags { weight } owner { name } }
                      pets(limit: 2, offset: 120) { id }
                      sold: pets(filter: {status: {eq: AVAILABLE}}, limit: 2) { id }
                      connection: petsConnection(first: 129) { pageInfo { hasNextPage } }
                    }"""
                )
    assert data == {
        "pet": {
            "name": "Pet 3",
            "status": "SOLD_OUT",
            "tags": [{"weight": 1.5}],
            "owner": {"name": "Ann"},
        },
        "pets": [{"id": "121"}, {"id": "122"}],
        "sold": [{"id": "2"}, {"id": "4"}],
        "connection": {"pageInfo": {"hasNextPage": False}},
    }
