"""Projects of every kind, served behind a gateway and joined with each other's entities."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from subgraph_kit.testing.samples.rest import RestSamples
from tests.subgraph_kit.generator.sources import pets_document, shop_database
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


async def test_an_http_api_is_served_by_its_description(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make_project(tmp_path, "pets", f"openapi:{pets_document(tmp_path)}")
    rows = {
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
