"""Small sources of every kind, about the same small shop; what their projects serve is known."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, full_name TEXT);
CREATE TABLE tags (name TEXT PRIMARY KEY);
CREATE TABLE orders (
  shop TEXT NOT NULL, number INTEGER NOT NULL, customer_id INTEGER REFERENCES customers(id),
  status TEXT CHECK (status IN ('open', 'in progress', 'done')), total NUMERIC(10, 2) NOT NULL,
  parcel_id TEXT, updated_at TIMESTAMP NOT NULL, PRIMARY KEY (shop, number)
);
CREATE INDEX orders_total ON orders(total);
CREATE INDEX orders_parcel ON orders(parcel_id);
CREATE TABLE order_tags (
  shop TEXT, number INTEGER, tag TEXT REFERENCES tags(name), PRIMARY KEY (shop, number, tag),
  FOREIGN KEY (shop, number) REFERENCES orders(shop, number)
);
INSERT INTO customers VALUES (1, 'ann@x', 'Ann'), (2, 'bob@x', NULL);
INSERT INTO tags VALUES ('red'), ('blue');
INSERT INTO orders VALUES
  ('s', 1, 1, 'open', 10.5, '1', '2024-01-01'), ('s', 2, 1, 'in progress', 20, '2', '2024-01-02'),
  ('t', 1, 2, 'done', 3, NULL, '2024-01-03');
INSERT INTO order_tags VALUES ('s', 1, 'red'), ('s', 1, 'blue'), ('t', 1, 'red');
"""

BOOKS = """
type Query {
  book(id: ID!): Book
  books(first: Int, after: String): BookConnection!
  author(id: ID!): Author
  authors(ids: [ID!]!): [Author]!
}
type BookConnection { edges: [BookEdge!]! pageInfo: PageInfo! }
type BookEdge { node: Book! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Author { id: ID! name: String! }
enum Genre { NOVEL POEM }
type Book { id: ID! title: String! "What kind." genre: Genre pages: Int author: Author }
"""

VISITS = """\
Visit ID,Customer ID,Cost EUR,Paid,Day
1,1,20.50,true,2024-01-01
2,1,7.00,false,2024-01-02
3,2,100.25,true,2024-01-03
4,,0.99,true,2024-02-01
"""

PETS = """
openapi: 3.0.3
info: {title: Pets, version: "1"}
servers: [{url: "https://api.example.org/v1"}]
components:
  securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}
  schemas:
    Owner:
      type: object
      required: [id, name]
      properties: {id: {type: integer}, name: {type: string}, email: {type: string}}
    Pet:
      type: object
      required: [id, name, status]
      properties:
        id: {type: string}
        name: {type: string, description: "How it is called: a \\"name\\""}
        status: {type: string, enum: [available, sold-out]}
        ownerId: {type: integer}
        tags:
          type: array
          items: {type: object, properties: {label: {type: string}, weight: {type: number}}}
security: [{key: []}]
paths:
  /pets:
    get:
      parameters:
        - {name: limit, in: query, schema: {type: integer, maximum: 50}}
        - {name: offset, in: query, schema: {type: integer}}
        - {name: status, in: query, schema: {type: string}}
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema:
                type: object
                properties: {data: {type: array, items: {$ref: "#/components/schemas/Pet"}}}
  /pets/{petId}:
    get:
      parameters: [{name: petId, in: path, required: true, schema: {type: string}}]
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
  /owners/{id}:
    get:
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: ok
          content: {application/json: {schema: {$ref: "#/components/schemas/Owner"}}}
"""


def shop_database(directory: Path) -> Path:
    """A SQLite file with composite keys, a unique key, an enum, and a table of pairs."""
    path = directory / "shop.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(SHOP)
        connection.commit()
    return path


def books_schema(directory: Path) -> Path:
    """The SDL of another GraphQL API: one by id, many by ids, and a connection."""
    path = directory / "books.graphql"
    path.write_text(BOOKS, encoding="utf-8")
    return path


def visits_file(directory: Path) -> Path:
    """A CSV file whose columns are called as people call them."""
    path = directory / "visits.csv"
    path.write_text(VISITS, encoding="utf-8")
    return path


def pets_document(directory: Path) -> Path:
    """An OpenAPI document with a list that turns pages, and a resource that has no list."""
    path = directory / "pets.yaml"
    path.write_text(PETS, encoding="utf-8")
    return path
