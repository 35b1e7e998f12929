"""A GraphQL API on loopback, executed by graphql-core: what a third party's looks like."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError, build_schema, graphql_sync

from tests.testkit.servers import CloseConnection, ReceivedRequest, http, serve

SDL = """
"A moment, ISO 8601."
scalar DateTime
enum Status { ACTIVE AWAY }
interface Node { id: ID! }
type Company { id: ID! name: String! users: [User!]! }
type Address { street: String! country: Country }
type Country { code: String! addresses: [Address!] }
type Card { last4: String! }
type Cash { currency: String! }
union Payment = Card | Cash
"Somebody."
type User implements Node {
  id: ID!
  name: String!
  status: Status!
  company: Company
  address: Address
  payments: [Payment!]!
  createdAt: DateTime
  avatar(size: Int!): String
}
type Repo { owner: String! name: String! stars: Int }
type UserEdge { node: User cursor: String! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type UserConnection { edges: [UserEdge!]! pageInfo: PageInfo! }
type Query {
  node(id: ID!): Node
  user(id: ID!): User
  users(first: Int, after: String, status: Status): UserConnection!
  company(companyId: ID!): Company
  companiesByIds(ids: [ID!]!): [Company]!
  companies(limit: Int, offset: Int): [Company!]!
  repo(owner: String!, name: String!): Repo
  version: String
}
"""

USERS = {
    str(n): {
        "__typename": "User", "id": str(n), "name": f"Name {n}",
        "status": "ACTIVE" if n % 2 else "AWAY",
        "company": {"id": "c1"} if n % 2 else None, "createdAt": "2024-01-01T01:00:00+01:00",
        "address": {"street": "Main", "country": {"code": "DE"}},
        "payments": [
            {"__typename": "Card", "last4": "4242"}, {"__typename": "Cash", "currency": "EUR"},
        ],
    }
    for n in range(1, 8)
}  # fmt: skip
COMPANIES = [{"id": f"c{n}", "name": f"Company {n}"} for n in range(1, 6)]


class Root:
    """The resolvers."""

    def user(self, _info: Any, id: str) -> Any:
        if id == "secret":
            raise GraphQLError("user secret@example.com failed", extensions={"code": "BROKEN"})
        if id not in USERS:
            raise GraphQLError(f"user {id} not found", extensions={"code": "NOT_FOUND"})
        return USERS[id]

    def node(self, _info: Any, id: str) -> Any:
        return USERS.get(id)

    def users(
        self, _info: Any, first: int = 3, after: str | None = None, status: str | None = None
    ) -> Any:
        found = [u for u in USERS.values() if status in (None, u["status"])]
        start = 0 if after is None else [u["id"] for u in found].index(after) + 1
        first = min(first, 3)
        page = found[start : start + first]
        return {
            "edges": [{"node": each, "cursor": each["id"]} for each in page],
            "pageInfo": {
                "hasNextPage": start + first < len(found),
                "endCursor": page[-1]["id"] if page else None,
            },
        }

    def company(self, _info: Any, companyId: str) -> Any:  # noqa: N803 - the API's own word
        return next((each for each in COMPANIES if each["id"] == companyId), None)

    def companiesByIds(self, _info: Any, ids: list[str]) -> Any:  # noqa: N802
        return [self.company(None, each) for each in ids]

    def companies(self, _info: Any, limit: int = 2, offset: int = 0) -> Any:
        return COMPANIES[offset : offset + limit]

    def repo(self, _info: Any, owner: str, name: str) -> Any:
        return {"owner": owner, "name": name, "stars": 5} if name == "mesh" else None


@dataclass
class GraphqlApi:
    """The API as a test sees it."""

    port: int = 0
    broken: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    async def answer(self, request: ReceivedRequest, _: object) -> bytes:
        if self.broken:
            raise CloseConnection
        question = request.json
        self.asked.append(question)
        result = graphql_sync(
            SCHEMA, question["query"], Root(), variable_values=question.get("variables")
        )
        return http(json.dumps(result.formatted))


SCHEMA = build_schema(SDL)


@asynccontextmanager
async def graphql_api() -> AsyncIterator[GraphqlApi]:
    api = GraphqlApi()
    async with serve(api.answer) as server:
        api.port = server.port
        yield api
