"""What is different from one kind of source to the next: its adapter, settings and connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import LINE

_INDENT = 4


@dataclass(frozen=True, slots=True)
class Mount:
    """Files of this machine that a setting names: a container has them below `/data`.

    `path` is the directory here, `value` what the setting is in there.
    """

    path: str
    value: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the project. `default` is source text (None: it must be set)."""

    name: str
    annotation: str
    description: str
    default: str | None = None
    value: str | None = None
    """The default as the text of an environment variable."""
    mount: Mount | None = None

    @property
    def secret(self) -> bool:
        """Whether its value must not be written down."""
        return "SecretStr" in self.annotation

    @property
    def code(self) -> str:
        """The line of the settings class, or its lines where one would be too long."""
        head = f"{self.name}: {self.annotation}"
        if self.default is None:
            return head
        line = f"{head} = {self.default}"
        if _INDENT + len(line) <= LINE:
            return line
        called, bracket, inside = self.default.removesuffix(")").partition("(")
        if not bracket or not called.isidentifier():
            called, inside = "", self.default
        return f"{head} = {called}(\n        {inside}\n    )"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source, as far as rendering differs.

    `declare` makes what the adapter is driven by (a `SqlTable`), which a module of the entity holds
    under `declaration`. `open_source` is the body of `source.py`, with `imports` by module.
    """

    base: str
    base_module: str
    samples: str
    samples_module: str
    declaration: str | None
    declare: Callable[[EntityModel, SourceModel], Any]
    settings: Callable[[SourceModel], tuple[Setting, ...]]
    source_class: str | None = None
    source_module: str | None = None
    open_source: Callable[[SourceModel, ProjectSpec], str] = lambda _, __: ""
    source_imports: Callable[[SourceModel], dict[str, set[str]]] = lambda _: {}
    dependencies: Callable[[SourceModel], tuple[str, ...]] = lambda _: ()
    test_settings: Callable[[SourceModel], tuple[tuple[str, str], ...]] = lambda _: ()
    """Settings that the tests give: name and source text."""
    polls: bool = True
    """Whether the adapter takes `poll_seconds`."""
    origin: Callable[[EntityModel], str] = lambda entity: f"`{entity.source_name}`"
