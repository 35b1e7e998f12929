"""A project with two subgraphs on disk, and the command as a user calls it."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from supergraph.cli import app

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", '
    'import: ["@key", "@tag"])\n'
)
PRODUCTS = LINK + 'type Query { top: P }\ntype P @key(fields: "id") {\n  id: ID!\n  price: Int\n}\n'
RATINGS = LINK + 'type P @key(fields: "id") {\n  id: ID!\n  stars: Int\n}\n'


def run(*arguments: object) -> Result:
    """Call `dictamesh supergraph` with these arguments."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
