"""A database of PostgreSQL as companies have them: 120 tables, 21 views, and one of everything.

Twenty areas (sales, stock, ...) have six tables each: an entity with a parent of its own kind, its
lines with composite keys, a lookup table, tags and the table that links them, and a log without a
key; and a view. Every third area is a schema of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

AREAS = (
    "sales", "stock", "billing", "crm", "hr", "travel", "fleet", "claims", "energy", "library",
    "clinic", "school", "sports", "cinema", "hotel", "farm", "port", "rail", "lab", "museum",
)  # fmt: skip
TABLES_PER_AREA = 6


def large_database() -> tuple[str, ...]:
    """The statements that make it."""
    return tuple(_statements())


def schema_of(area: str) -> str:
    """The schema that has the tables of an area."""
    return area if AREAS.index(area) % 3 == 2 else "public"


def _statements() -> Iterator[str]:
    yield "CREATE TYPE address AS (street text, zip text)"
    yield "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)"
    yield "CREATE DOMAIN color AS text CHECK (VALUE IN ('red', 'green', 'light blue'))"
    for area in AREAS:
        schema = schema_of(area)
        if schema != "public":
            yield f'CREATE SCHEMA "{schema}"'
        yield from _area(area, f'"{schema}".')
    yield (
        'CREATE MATERIALIZED VIEW "public".totals AS'
        ' SELECT tenant_id, count(*) AS total FROM "public".sales_order_lines GROUP BY tenant_id'
    )


def _area(area: str, at: str) -> Iterator[str]:
    order, line, tag = f"{area}_orders", f"{area}_order_lines", f"{area}_tags"
    yield f"CREATE TYPE {at}{area}_state AS ENUM ('open', 'in progress', 'closed')"
    yield f"CREATE TABLE {at}{area}_type (id smallint PRIMARY KEY, name text NOT NULL)"
    yield f"INSERT INTO {at}{area}_type VALUES (1, 'Plain'), (2, 'Very special')"
    yield f"""CREATE TABLE {at}{order} (
        tenant_id integer NOT NULL, number integer GENERATED ALWAYS AS IDENTITY,
        parent_tenant_id integer, parent_number integer,
        code uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
        type_id smallint NOT NULL REFERENCES {at}{area}_type,
        state {at}{area}_state NOT NULL DEFAULT 'open',
        level text CHECK (level IN ('low', 'high')), shade color, amount positive,
        email text, total numeric(14, 2) NOT NULL DEFAULT 0, huge bigint, ratio real,
        keywords text[], matrix integer[][], valid daterange, slots tstzrange, sizes int8range,
        home address, document jsonb, picture bytea, lasts interval, host inet,
        total_text text GENERATED ALWAYS AS ('x') STORED,
        created_by integer, updated_at timestamptz NOT NULL DEFAULT now(), deleted_at timestamptz,
        PRIMARY KEY (tenant_id, number),
        FOREIGN KEY (parent_tenant_id, parent_number) REFERENCES {at}{order} (tenant_id, number)
    )"""
    yield f"CREATE INDEX ON {at}{order} (state)"
    yield f"CREATE INDEX ON {at}{order} (updated_at, number)"
    yield f"CREATE INDEX ON {at}{order} (total) WHERE deleted_at IS NULL"
    yield f"COMMENT ON TABLE {at}{order} IS 'What {area} does.'"
    yield f"COMMENT ON COLUMN {at}{order}.email IS 'Where to write to.'"
    yield f"""CREATE TABLE {at}{line} (
        tenant_id integer NOT NULL, order_number integer NOT NULL, line_no integer NOT NULL,
        made_by integer, "Sold To" integer, price numeric(12, 2),
        PRIMARY KEY (tenant_id, order_number, line_no),
        FOREIGN KEY (tenant_id, order_number) REFERENCES {at}{order} (tenant_id, number)
    )"""
    yield f"CREATE TABLE {at}{tag} (id bigserial PRIMARY KEY, label varchar(40) NOT NULL UNIQUE)"
    yield f"""CREATE TABLE {at}{area}_order_tags (
        tenant_id integer, number integer, tag_id bigint REFERENCES {at}{tag},
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, number, tag_id),
        FOREIGN KEY (tenant_id, number) REFERENCES {at}{order} (tenant_id, number)
    )"""
    yield f"CREATE TABLE {at}{area}_log (at timestamptz, message text)"
    yield f"CREATE VIEW {at}{area}_open AS SELECT * FROM {at}{order} WHERE state = 'open'"
