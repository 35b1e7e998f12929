"""What is concluded from a PostgreSQL database."""

import asyncpg
import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.sql import inspect_sql
from subgraph_kit.scaffold.model import (
    ChangeCursor,
    EntityModel,
    EnumModel,
    FieldModel,
    SourceModel,
)
from subgraph_kit.scaffold.options import InspectOptions

pytestmark = pytest.mark.embedded


async def look(dsn: str, ddl: str, **options: object) -> SourceModel:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {ddl}")
    finally:
        await connection.close()
    return await inspect_sql(dsn, InspectOptions(**options))  # type: ignore[arg-type]


def entity(model: SourceModel, name: str) -> EntityModel:
    return next(each for each in model.entities if each.name == name)


def enum(model: SourceModel, name: str) -> EnumModel:
    return next(each for each in model.enums if each.name == name)


def types(found: EntityModel) -> dict[str, str]:
    return {field.name: type_text(field) for field in found.fields}


def type_text(field: FieldModel) -> str:
    type_ = field.type
    name = f"[{type_.name}{'' if type_.item_nullable else '!'}]" if type_.is_list else type_.name
    return f"{name}{'' if type_.nullable else '!'}"


def notes(model: SourceModel) -> dict[str, str]:
    return {note.place: note.message for note in model.notes}


async def test_every_type_gets_its_scalar(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TYPE place AS (x int, y int);
        CREATE DOMAIN short AS varchar(9) NOT NULL;
        CREATE TABLE thing (
          id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
          small smallint NOT NULL, big bigint, whole numeric(8, 0), huge numeric(30, 0),
          price numeric(10, 2), free numeric, single real, double float, flag boolean NOT NULL,
          code char(3), name short, day date, at timestamptz, local timestamp, clock time,
          zoned timetz, lasts interval, key uuid, doc json, docb jsonb, raw bytea, cash money,
          host inet, bits bit(3), spot place, spots place[], tags text[] NOT NULL, grid int[][],
          span int4range, days datemultirange,
          twice bigint GENERATED ALWAYS AS (big * 2) STORED);
        """,
    )
    assert types(entity(model, "Thing")) == {
        "id": "ID!", "small": "Int!", "big": "BigInt", "whole": "Int", "huge": "BigInt",
        "price": "Decimal", "free": "Decimal", "single": "Float", "double": "Float",
        "flag": "Boolean!", "code": "String", "name": "String!", "day": "Date", "at": "DateTime",
        "local": "DateTime", "clock": "Time", "zoned": "String", "lasts": "Duration",
        "key": "UUID", "doc": "JSON", "docb": "JSON", "raw": "Bytes", "cash": "Decimal",
        "host": "String", "bits": "String", "spot": "JSON", "spots": "JSON",
        "tags": "[String]!", "grid": "JSON", "span": "IntRange", "days": "[DateRange]",
        "twice": "BigInt",
    }  # fmt: skip
    assert [each.name for each in model.types] == ["DateRange", "IntRange"]


async def test_keys_are_primary_keys_and_unique_sets_that_are_never_null(
    empty_postgres_dsn: str,
) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE line (
          order_no int, line_no int, sku text NOT NULL UNIQUE, ean text UNIQUE, part text NOT NULL,
          shelf text NOT NULL, PRIMARY KEY (order_no, line_no), UNIQUE (part, shelf));
        CREATE UNIQUE INDEX ON line (part) WHERE shelf = 'a';
        CREATE UNIQUE INDEX ON line (lower(shelf));
        CREATE TABLE no_primary (code text NOT NULL UNIQUE);
        """,
    )
    assert entity(model, "Line").keys == (("orderNo", "lineNo"), ("sku",), ("part", "shelf"))
    assert entity(model, "NoPrimary").keys == (("code",),)
    assert types(entity(model, "NoPrimary")) == {"code": "ID!"}


async def test_foreign_keys_become_references_and_lists(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE address (id int PRIMARY KEY);
        CREATE TABLE employee (id int PRIMARY KEY, parent int REFERENCES employee,
          manager_id int REFERENCES employee, created_by int REFERENCES employee);
        CREATE TABLE orders (
          id int PRIMARY KEY, customer text NOT NULL, seller int NOT NULL REFERENCES employee,
          billing_address_id int NOT NULL REFERENCES address,
          shipping_address_id int REFERENCES address);
        """,
    )
    order = entity(model, "Order")
    assert [
        (each.name, each.target, each.fields, each.nullable, each.reverse)
        for each in order.references
    ] == [
        ("billingAddress", "Address", ("billingAddressId",), False, "ordersByBillingAddress"),
        ("seller", "Employee", ("sellerId",), False, "orders"),
        ("shippingAddress", "Address", ("shippingAddressId",), True, "ordersByShippingAddress"),
    ]
    assert notes(model)["orders.seller"] == "the field is 'sellerId'"
    assert [(each.name, each.reverse) for each in entity(model, "Employee").references] == [
        ("createdBy", None),
        ("manager", "employeesByManager"),
        ("parent", "children"),
    ]


async def test_composite_foreign_keys_are_named_after_what_they_point_to(
    empty_postgres_dsn: str,
) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE tenant (id int PRIMARY KEY);
        CREATE TABLE invoice (tenant_id int REFERENCES tenant, no int, PRIMARY KEY (tenant_id, no));
        CREATE TABLE payment (
          id int PRIMARY KEY, tenant_id int NOT NULL REFERENCES tenant, invoice_no int,
          FOREIGN KEY (tenant_id, invoice_no) REFERENCES invoice);
        """,
    )
    [tenant, invoice] = entity(model, "Payment").references
    assert (invoice.name, invoice.fields, invoice.target_fields, invoice.reverse) == (
        "invoice", ("tenantId", "invoiceNo"), ("tenantId", "no"), "payments",
    )  # fmt: skip
    assert (tenant.name, tenant.reverse) == ("tenant", "payments")
    assert [each.reverse for each in entity(model, "Invoice").references] == ["invoices"]
    # The tenant's id is an ID wherever it goes.
    assert types(entity(model, "Payment"))["tenantId"] == "ID!"
    assert types(entity(model, "Invoice")) == {"tenantId": "ID!", "no": "Int!"}


async def test_a_reference_to_what_may_be_null_is_left_out_with_a_note(
    empty_postgres_dsn: str,
) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE a (id int PRIMARY KEY, code text UNIQUE);
        CREATE TABLE b (id int PRIMARY KEY, a_code text REFERENCES a (code));
        """,
    )
    assert entity(model, "B").references == ()
    assert "no key of it" in notes(model)["b.b_a_code_fkey"]


async def test_tables_that_only_link_become_lists_on_both_sides(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE person (id int PRIMARY KEY);
        CREATE TABLE club (org int, no int, PRIMARY KEY (org, no));
        CREATE TABLE member (
          person_id int REFERENCES person, org int, no int, joined_at timestamptz,
          created_at timestamptz, PRIMARY KEY (person_id, org, no),
          FOREIGN KEY (org, no) REFERENCES club);
        CREATE TABLE fan (
          id serial PRIMARY KEY, no int, org int, person_id int NOT NULL REFERENCES person,
          UNIQUE (person_id, no, org), FOREIGN KEY (no, org) REFERENCES club (no, org));
        CREATE TABLE follow (
          follower_id int REFERENCES person, followee_id int REFERENCES person,
          PRIMARY KEY (follower_id, followee_id));
        ALTER TABLE fan ALTER no SET NOT NULL, ALTER org SET NOT NULL;
        """,
    )
    # `joined_at` tells something of the membership, so it is an entity.
    assert [each.name for each in model.entities] == ["Club", "Member", "Person"]
    person = entity(model, "Person")
    assert [(each.name, each.target, each.link) for each in person.many_to_many] == [
        ("clubs", "Club", "Person.clubs"),
        ("followers", "Person", "Person.followers"),
        ("followees", "Person", "Person.followees"),
    ]
    [people] = entity(model, "Club").many_to_many
    assert (people.name, people.near_fields, people.far_fields) == (
        "people", ("org", "no"), ("person_id",),
    )  # fmt: skip


async def test_enums_of_types_checks_domains_and_lookup_tables(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TYPE mood AS ENUM ('sad', 'so-so', 'very happy');
        CREATE DOMAIN size AS text CHECK (VALUE IN ('s', 'm'));
        CREATE TABLE payment_type (id int PRIMARY KEY, label text NOT NULL);
        INSERT INTO payment_type VALUES (1, 'Cash'), (7, 'Credit card');
        CREATE TABLE country_kind (code char(2) PRIMARY KEY, name text);
        INSERT INTO country_kind VALUES ('DE', 'Germany'), ('FR', 'France');
        CREATE TABLE person (
          id int PRIMARY KEY, mood mood NOT NULL, moods mood[], size size,
          status varchar(9) NOT NULL CHECK (status IN ('new', 'it''s old')),
          level int CHECK (level IN (1, 2)), kind text CHECK (kind = 'a' OR kind = 'b'),
          name text CHECK (name <> 'x'),
          payment_type_id int REFERENCES payment_type,
          country_code char(2) REFERENCES country_kind);
        """,
    )
    assert types(entity(model, "Person")) == {
        "id": "ID!", "mood": "Mood!", "moods": "[Mood]", "size": "Size", "status": "PersonStatus!",
        "level": "Int", "kind": "PersonKind", "name": "String", "paymentType": "PaymentType",
        "country": "CountryKind",
    }  # fmt: skip
    assert [(v.name, v.source_value) for v in enum(model, "PersonStatus").values] == [
        ("NEW", "new"), ("IT_S_OLD", "it's old"),
    ]  # fmt: skip
    assert [v.name for v in enum(model, "Mood").values] == ["SAD", "SO_SO", "VERY_HAPPY"]
    assert [(v.name, v.source_value) for v in enum(model, "PaymentType").values] == [
        ("CASH", "1"), ("CREDIT_CARD", "7"),
    ]  # fmt: skip
    assert [(v.name, v.description) for v in enum(model, "CountryKind").values] == [
        ("DE", "Germany"), ("FR", "France"),
    ]  # fmt: skip
    assert [each.name for each in model.entities] == ["Person"]
    assert "--entity payment_type=" in notes(model)["payment_type"]


async def test_a_lookup_table_stays_an_entity_if_the_user_names_it(empty_postgres_dsn: str) -> None:
    ddl = """
        CREATE TABLE order_type (id int PRIMARY KEY, name text);
        INSERT INTO order_type VALUES (1, 'a'), (2, 'b');
        CREATE TABLE orders (id int PRIMARY KEY, type_id int REFERENCES order_type);
        """
    model = await look(empty_postgres_dsn, ddl, entities={"order_type": "Sort"})
    assert [each.name for each in model.entities] == ["Sort", "Order"]
    assert [each.target for each in entity(model, "Order").references] == ["Sort"]


async def test_indexes_decide_filters_and_orders(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE t (
          id int PRIMARY KEY, a int, b text, c text, d timestamptz, e text[], f boolean);
        CREATE INDEX ON t (a, c);
        CREATE INDEX ON t (b);
        CREATE INDEX ON t (d DESC);
        CREATE INDEX ON t USING gin (e);
        CREATE INDEX ON t (f) WHERE f;
        """,
    )
    fields = {field.name: field for field in entity(model, "T").fields}
    equal = ("eq", "neq", "in")
    ordered = (*equal, "gt", "gte", "lt", "lte")
    assert {name: field.filters for name, field in fields.items()} == {
        "id": equal, "a": ordered, "b": (*equal, "starts_with"), "c": (), "d": ordered,
        "e": (), "f": (),
    }  # fmt: skip
    assert [name for name, field in fields.items() if field.orderable] == ["id", "a", "b", "d"]


async def test_comments_changes_rows_and_personal_data(empty_postgres_dsn: str) -> None:
    model = await look(
        empty_postgres_dsn,
        """
        CREATE TABLE customer (
          id int PRIMARY KEY, first_name text, note text, updated_at timestamptz NOT NULL,
          deleted_at timestamptz);
        COMMENT ON TABLE customer IS 'Who buys.';
        COMMENT ON COLUMN customer.note IS '"Quoted" and \\ odd.';
        INSERT INTO customer SELECT i, 'x', 'a' || i || '@example.com', now(), NULL
          FROM generate_series(1, 1234) i;
        ANALYZE;
        """,
    )
    customer = entity(model, "Customer")
    assert customer.description == "Who buys."
    assert customer.field("note").description == '"Quoted" and \\ odd.'
    assert customer.change == ChangeCursor("updated_at", "deleted_at")
    assert customer.row_estimate == 1200
    pii = {field.name: field.pii.reason for field in customer.fields if field.pii}
    assert set(pii) == {"firstName", "note"}
    assert pii["note"] == "100% of 200 sampled values look like e-mail addresses"

    unread = await inspect_sql(empty_postgres_dsn, InspectOptions(sample_rows=0))
    assert unread.fingerprint == model.fingerprint
    assert not unread.entities[0].field("note").pii


async def test_views_and_tables_without_a_key_are_served_once_told_their_key(
    empty_postgres_dsn: str,
) -> None:
    ddl = """
        CREATE TABLE orders (id int PRIMARY KEY, total int);
        CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 9;
        CREATE MATERIALIZED VIEW totals AS SELECT total, count(*) AS n FROM orders GROUP BY 1;
        CREATE TABLE log (at timestamptz, line text);
        """
    model = await look(empty_postgres_dsn, ddl)
    assert [each.name for each in model.entities] == ["Order"]
    assert "--key big_orders=id" in notes(model)["big_orders"]
    assert "--key log=at" in notes(model)["log"]
    told = await look(empty_postgres_dsn, ddl, keys={"big_orders": ("id",), "totals": ("total",)})
    assert [(each.name, each.keys) for each in told.entities] == [
        ("BigOrder", (("id",),)), ("Order", (("id",),)), ("Total", (("total",),)),
    ]  # fmt: skip
    assert types(entity(told, "BigOrder")) == {"id": "ID!", "total": "Int"}
    with pytest.raises(ConfigurationError, match=r"'nope', but its columns are id, total"):
        await look(empty_postgres_dsn, ddl, keys={"big_orders": ("nope",)})


async def test_a_view_that_is_too_slow_to_sample_spoils_nothing(
    empty_postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subgraph_kit.scaffold.inspect.sql.samples.SAMPLE_SECONDS", 0.2)
    model = await look(
        empty_postgres_dsn,
        """
        CREATE VIEW a_slow_one AS SELECT 'x'::text AS t, pg_sleep(60)::text AS s;
        CREATE VIEW broken AS SELECT (1 / 0)::text AS t;
        CREATE TABLE zebra (id int PRIMARY KEY, mail text);
        INSERT INTO zebra SELECT i, i || '@example.com' FROM generate_series(1, 9) i;
        """,
        keys={"a_slow_one": ("t",)},
    )
    assert [each.name for each in model.entities] == ["ASlowOne", "Zebra"]
    assert entity(model, "Zebra").field("mail").pii


async def test_schemas_partitions_and_what_is_the_systems(empty_postgres_dsn: str) -> None:
    ddl = """
        DROP SCHEMA IF EXISTS archive CASCADE; CREATE SCHEMA archive;
        CREATE TABLE orders (id int PRIMARY KEY);
        CREATE TABLE archive.orders (id int PRIMARY KEY, order_id int REFERENCES public.orders);
        CREATE TABLE event (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
        CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        INSERT INTO event VALUES (1, '2024-02-02');
        ANALYZE;
        """
    model = await look(empty_postgres_dsn, ddl)
    assert [(each.name, each.source_name) for each in model.entities] == [
        ("Event", "event"), ("Order", "orders"), ("ArchiveOrder", "archive.orders"),
    ]  # fmt: skip
    assert entity(model, "Event").row_estimate == 1
    [reference] = entity(model, "ArchiveOrder").references
    assert (reference.target, reference.reverse) == ("Order", "archiveOrders")

    model = await look(empty_postgres_dsn, ddl, include=("archive.*", "ev*"), exclude=("*2024",))
    assert [each.source_name for each in model.entities] == ["event", "archive.orders"]
    assert entity(model, "Order").references == ()


async def test_odd_names_become_valid_and_renames_are_kept(empty_postgres_dsn: str) -> None:
    long = "x" * 63
    ddl = f"""
        CREATE TABLE "Größe der ""Hose"", neu" ("a, b" int PRIMARY KEY, "__typename" text,
          "1st" text, "a_b" text, "AB" text, "{long}" text,
          "parent, 2" int REFERENCES "Größe der ""Hose"", neu");
        CREATE TABLE query (id int PRIMARY KEY, type text);
        CREATE TABLE news (id int PRIMARY KEY);
        """
    model = await look(empty_postgres_dsn, ddl)
    assert [(each.name, each.plural) for each in model.entities] == [
        ("GrosseDerHoseNeu", "grosseDerHoseNeus"), ("News", "newsList"),
        ("QueryRecord", "queryRecords"),
    ]  # fmt: skip
    trousers = model.entities[0]
    assert [field.name for field in trousers.fields] == [
        "aB", "typename", "_1st", "aBColumn", "ab", long, "parent2Id",
    ]  # fmt: skip
    assert [each.name for each in trousers.references] == ["parent2"]

    kept = await look(
        empty_postgres_dsn, ddl, renames={"news.id": "number"}, entities={"query": "Question"}
    )
    assert entity(kept, "Question").plural == "questions"
    assert types(entity(kept, "News")) == {"number": "ID!"}


async def test_only_what_may_be_read_is_looked_at(empty_postgres_dsn: str) -> None:
    ddl = """
        CREATE TABLE open (id int PRIMARY KEY);
        CREATE TABLE shut (id int PRIMARY KEY, open_id int REFERENCES open);
        DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN PASSWORD 'hush';
        GRANT USAGE ON SCHEMA public TO reader;
        """
    await look(empty_postgres_dsn, ddl)
    as_reader = empty_postgres_dsn.replace("postgres:@", "reader:hush@")
    with pytest.raises(ConfigurationError, match="may read none of the database's 2 tables"):
        await inspect_sql(as_reader, InspectOptions())
    connection = await asyncpg.connect(empty_postgres_dsn)
    await connection.execute("GRANT SELECT ON open TO reader")
    model = await inspect_sql(as_reader, InspectOptions())
    await connection.execute("DROP OWNED BY reader; DROP ROLE reader")
    await connection.close()
    assert [each.name for each in model.entities] == ["Open"]
    assert "grant it SELECT" in notes(model)["shut"]
    assert "hush" not in repr(model)
