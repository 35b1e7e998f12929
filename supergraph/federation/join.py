"""Definitions that every supergraph carries: the join and link specifications, and features.

Source: https://specs.apollo.dev/join (v0.3 to v0.5), https://specs.apollo.dev/link/v1.0
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from supergraph.federation.directives import (
    DIRECTIVES,
    LATEST_VERSION,
    Version,
    definition_text,
)

_JOIN_SINCE: tuple[tuple[Version, Version], ...] = (
    ((2, 8), (0, 5)),
    ((2, 7), (0, 4)),
    ((2, 0), (0, 3)),
)
"""Federation version to the join version that can express what it allows, newest first."""


def join_version(federation_versions: Iterable[Version | None]) -> Version:
    """The join version for a supergraph of subgraphs with these federation versions."""
    highest = max((version or (2, 0) for version in federation_versions), default=(2, 0))
    return next(join for since, join in _JOIN_SINCE if highest >= since)


def join_definitions(version: Version) -> str:
    """SDL of the join specification's elements, without `join__Graph`."""
    has_contexts = version >= (0, 5)
    has_labels = version >= (0, 4)
    field_arguments = [
        "graph: join__Graph",
        "requires: join__FieldSet",
        "provides: join__FieldSet",
        "type: String",
        "external: Boolean",
        "override: String",
        "usedOverridden: Boolean",
        *(["overrideLabel: String"] if has_labels else []),
        *(["contextArguments: [join__ContextArgument!]"] if has_contexts else []),
    ]
    blocks = []
    if has_labels:
        blocks.append(
            "directive @join__directive(graphs: [join__Graph!], name: String!, "
            "args: join__DirectiveArguments) repeatable on "
            "SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION"
        )
    blocks += [
        "directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE",
        f"directive @join__field({', '.join(field_arguments)}) repeatable on "
        "FIELD_DEFINITION | INPUT_FIELD_DEFINITION",
        "directive @join__graph(name: String!, url: String!) on ENUM_VALUE",
        "directive @join__implements(graph: join__Graph!, interface: String!) repeatable on "
        "OBJECT | INTERFACE",
        "directive @join__type(graph: join__Graph!, key: join__FieldSet, "
        "extension: Boolean! = false, resolvable: Boolean! = true, "
        "isInterfaceObject: Boolean! = false) repeatable on "
        "OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR",
        "directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION",
        "directive @link(url: String, as: String, for: link__Purpose, "
        "import: [link__Import]) repeatable on SCHEMA",
    ]
    if has_contexts:
        blocks.append(
            "input join__ContextArgument {\n  name: String!\n  type: String!\n"
            "  context: String!\n  selection: join__FieldValue!\n}"
        )
    if has_labels:
        blocks.append("scalar join__DirectiveArguments")
    blocks.append("scalar join__FieldSet")
    if has_contexts:
        blocks.append("scalar join__FieldValue")
    blocks += ["scalar link__Import", _PURPOSE]
    return "\n\n".join(blocks)


_PURPOSE = '''enum link__Purpose {
  """
  `SECURITY` features provide metadata necessary to securely resolve fields.
  """
  SECURITY

  """
  `EXECUTION` features provide metadata necessary for operation execution.
  """
  EXECUTION
}'''


@dataclass(frozen=True, slots=True)
class Feature:
    """A specification whose directives can stand in a supergraph.

    `directives` are plain names, the first of which gives the specification its name; `scalars`
    maps the type names of `directives.TYPES` to the supergraph's.
    """

    name: str
    version: Version
    directives: tuple[str, ...]
    purpose: str | None = None
    scalars: tuple[tuple[str, str], ...] = ()

    def link(self, used: Mapping[str, str]) -> str:
        """The `@link` for the directives used; `used` maps plain names to those in the schema."""
        url = f"https://specs.apollo.dev/{self.name}/v{self.version[0]}.{self.version[1]}"
        imported = [
            import_text(item, used[item])
            for item in self.directives
            if item in used and (item != self.name or used[item] != item)
        ]
        parts = [f'url: "{url}"']
        if imported:
            parts.append(f"import: [{', '.join(imported)}]")
        if self.purpose:
            parts.append(f"for: {self.purpose}")
        return f"@link({', '.join(parts)})"

    def definitions(self, used: Mapping[str, str]) -> Iterable[str]:
        """SDL of all its directives and scalars; those not used are under the namespace."""
        types = dict(self.scalars)
        yield from (f"scalar {name}" for name in types.values())
        for item in self.directives:
            name = used.get(item, item if item == self.name else f"{self.name}__{item}")
            yield definition_text(DIRECTIVES[item], LATEST_VERSION, name, types)


def import_text(plain: str, local: str) -> str:
    """A directive in the list of imports of a `@link`."""
    if plain == local:
        return f'"@{plain}"'
    return f'{{name: "@{plain}", as: "@{local}"}}'


FEATURES: tuple[Feature, ...] = (
    Feature("tag", (0, 3), ("tag",)),
    Feature("inaccessible", (0, 2), ("inaccessible",), "SECURITY"),
    Feature("authenticated", (0, 1), ("authenticated",), "SECURITY"),
    Feature(
        "requiresScopes",
        (0, 1),
        ("requiresScopes",),
        "SECURITY",
        (("Scope", "requiresScopes__Scope"),),
    ),
    Feature("policy", (0, 1), ("policy",), "SECURITY", (("Policy", "policy__Policy"),)),
    Feature("cost", (0, 1), ("cost", "listSize")),
    Feature(
        "context",
        (0, 1),
        ("context", "fromContext"),
        "SECURITY",
        (("ContextFieldValue", "context__ContextFieldValue"),),
    ),
)
"""In the order their links are printed."""
