"""A small graph on disk, in a git repository, and the commands as a user calls them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from gateway.plan_figures import PlanMeter
from supergraph.cli import app
from supergraph.cli.operations import app as operations_app
from supergraph.cli.services import Services

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", '
    '"@tag", "@shareable", "@external", "@requires", "@override"])\n'
)
PRODUCTS = f"""{LINK}
"What can be asked."
type Query {{
  "The best one."
  top: Product
  "Another one."
  old: Product
}}

"What is sold."
type Product @key(fields: "id") {{
  "Its identity."
  id: ID!
  "What it costs."
  price: Int
  "What it is called."
  name: String @tag(name: "partner")
}}
"""
PRICE = '  "What it costs."\n  price: Int\n'
RATINGS = f"""{LINK}
type Product @key(fields: "id") {{
  id: ID!
  "How much people like it."
  stars: Int
}}
"""
CONFIG = """\
subgraphs:
  products:
    routing_url: http://products
    schema: { file: products.graphql }
  ratings:
    routing_url: http://ratings
    schema: { file: ratings.graphql }
"""


class Project:
    """A directory with a graph; relative paths in commands count from it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.write("products.graphql", PRODUCTS)
        self.write("ratings.graphql", RATINGS)
        self.write("supergraph.yaml", CONFIG)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.directory / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def commit(self) -> None:
        """Make a repository of it, with all there is as the branch main."""
        for arguments in (
            ["init", "-q", "-b", "main", "."],
            ["add", "-A"],
            ["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "base"],
        ):
            subprocess.run(["git", "-C", str(self.directory), *arguments], check=True)

    def check(self, *arguments: object) -> Result:
        return run("check", *arguments)


def run(command: str, *arguments: object, **services: Any) -> Result:
    """Call `dictamesh supergraph COMMAND`."""
    given = Services(**{"planner": PlanMeter, **services})
    words = [command, *map(str, arguments)]
    return CliRunner().invoke(app, words, obj=given)


def run_operations(command: str, *arguments: object) -> Result:
    """Call `dictamesh operations COMMAND`."""
    words = [command, *map(str, arguments)]
    return CliRunner().invoke(operations_app, words, obj=Services(planner=PlanMeter))


def lines(result: Result) -> list[str]:
    """The headings of a text report: `error[CODE…`."""
    return [
        line.partition("]")[0] + "]"
        for line in result.stdout.splitlines()
        if line.startswith(("error[", "warning[", "note["))
    ]
