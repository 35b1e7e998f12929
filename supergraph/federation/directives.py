"""The directives and types of the federation specification, version by version.

A subgraph says which version it uses by its `@link`, and under which names. Everything that depends
on a version is a row of the tables here; the rest of the composer asks only for plain names.

Source: https://specs.apollo.dev/federation, v2.0 to v2.14, and the subgraph
specification of Federation 1.
"""

from __future__ import annotations

from dataclasses import dataclass

Version = tuple[int, int]

FEDERATION_IDENTITY = "https://specs.apollo.dev/federation"
CONTEXT_IDENTITY = "https://specs.apollo.dev/context"
"""In supergraphs only: subgraphs have `@context` of the federation specification."""
LATEST_VERSION: Version = (2, 14)
KNOWN_VERSIONS = frozenset((2, minor) for minor in range(LATEST_VERSION[1] + 1))

TYPES: dict[str, Version] = {
    "FieldSet": (2, 0),
    "Scope": (2, 5),
    "Policy": (2, 6),
    "ContextFieldValue": (2, 8),
}
"""Scalars of the specification and the version that brought them."""

_EVERYWHERE = (
    "FIELD_DEFINITION",
    "OBJECT",
    "INTERFACE",
    "UNION",
    "ARGUMENT_DEFINITION",
    "SCALAR",
    "ENUM",
    "ENUM_VALUE",
    "INPUT_OBJECT",
    "INPUT_FIELD_DEFINITION",
)
_ACCESS = ("FIELD_DEFINITION", "OBJECT", "INTERFACE", "SCALAR", "ENUM")


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument; `type` names scalars of the specification with a leading `%`."""

    name: str
    type: str
    default: str | None = None
    since: Version = (2, 0)


@dataclass(frozen=True, slots=True)
class FederationDirective:
    """A directive of the specification.

    `repeatable_since` is None for a directive that never became repeatable; `in_federation_1` tells
    whether schemas without a link have it.
    """

    name: str
    locations: tuple[str, ...]
    arguments: tuple[Argument, ...] = ()
    since: Version = (2, 0)
    repeatable_since: Version | None = None
    in_federation_1: bool = False


_FIELDS = Argument("fields", "%FieldSet!")

DIRECTIVES: dict[str, FederationDirective] = {
    item.name: item
    for item in (
        FederationDirective(
            "key",
            ("OBJECT", "INTERFACE"),
            (_FIELDS, Argument("resolvable", "Boolean", "true")),
            repeatable_since=(1, 0),
            in_federation_1=True,
        ),
        FederationDirective("requires", ("FIELD_DEFINITION",), (_FIELDS,), in_federation_1=True),
        FederationDirective("provides", ("FIELD_DEFINITION",), (_FIELDS,), in_federation_1=True),
        FederationDirective(
            "external",
            ("OBJECT", "FIELD_DEFINITION"),
            (Argument("reason", "String"),),
            in_federation_1=True,
        ),
        FederationDirective("extends", ("OBJECT", "INTERFACE"), in_federation_1=True),
        FederationDirective(
            "tag",
            (*_EVERYWHERE, "SCHEMA"),
            (Argument("name", "String!"),),
            repeatable_since=(1, 0),
            in_federation_1=True,
        ),
        FederationDirective("inaccessible", _EVERYWHERE, in_federation_1=True),
        FederationDirective("shareable", ("OBJECT", "FIELD_DEFINITION"), repeatable_since=(2, 2)),
        FederationDirective(
            "override",
            ("FIELD_DEFINITION",),
            (Argument("from", "String!"), Argument("label", "String", since=(2, 7))),
        ),
        FederationDirective(
            "composeDirective",
            ("SCHEMA",),
            (Argument("name", "String"),),
            since=(2, 1),
            repeatable_since=(2, 1),
        ),
        FederationDirective("interfaceObject", ("OBJECT",), since=(2, 3)),
        FederationDirective("authenticated", _ACCESS, since=(2, 5)),
        FederationDirective(
            "requiresScopes", _ACCESS, (Argument("scopes", "[[%Scope!]!]!"),), since=(2, 5)
        ),
        FederationDirective(
            "policy", _ACCESS, (Argument("policies", "[[%Policy!]!]!"),), since=(2, 6)
        ),
        FederationDirective(
            "context",
            ("INTERFACE", "OBJECT", "UNION"),
            (Argument("name", "String!"),),
            since=(2, 8),
            repeatable_since=(2, 8),
        ),
        FederationDirective(
            "fromContext",
            ("ARGUMENT_DEFINITION",),
            (Argument("field", "%ContextFieldValue"),),
            since=(2, 8),
        ),
        FederationDirective(
            "cost",
            (
                "ARGUMENT_DEFINITION",
                "ENUM",
                "FIELD_DEFINITION",
                "INPUT_FIELD_DEFINITION",
                "OBJECT",
                "SCALAR",
            ),
            (Argument("weight", "Int!"),),
            since=(2, 9),
        ),
        FederationDirective(
            "listSize",
            ("FIELD_DEFINITION",),
            (
                Argument("assumedSize", "Int"),
                Argument("slicingArguments", "[String!]"),
                Argument("sizedFields", "[String!]"),
                Argument("requireOneSlicingArgument", "Boolean", "true"),
            ),
            since=(2, 9),
        ),
        FederationDirective(
            "cacheTag",
            ("OBJECT", "FIELD_DEFINITION"),
            (Argument("format", "String!"),),
            since=(2, 12),
            repeatable_since=(2, 12),
        ),
    )
}
"""Every directive of the specification by its plain name."""

ACCESS_DIRECTIVES: dict[str, str | None] = {
    "authenticated": None,
    "requiresScopes": "scopes",
    "policy": "policies",
}
"""Directives that say who may read something, and the argument that lists the alternatives."""

STANDALONE_SPECS: dict[str, tuple[str, ...]] = {
    "https://specs.apollo.dev/tag": ("tag",),
    "https://specs.apollo.dev/inaccessible": ("inaccessible",),
    "https://specs.apollo.dev/authenticated": ("authenticated",),
    "https://specs.apollo.dev/requiresScopes": ("requiresScopes",),
    "https://specs.apollo.dev/policy": ("policy",),
    "https://specs.apollo.dev/cost": ("cost", "listSize"),
}
"""Specifications a subgraph may link directly; their directives mean the same."""

STANDARD_DIRECTIVES = frozenset({"skip", "include", "deprecated", "specifiedBy", "oneOf", "defer"})
"""Directives of GraphQL itself: their plain name is their name."""


def directives_of(version: Version | None) -> dict[str, FederationDirective]:
    """The directives a federation version has; None stands for Federation 1."""
    if version is None:
        return {name: item for name, item in DIRECTIVES.items() if item.in_federation_1}
    return {name: item for name, item in DIRECTIVES.items() if item.since <= version}


def definition_text(
    directive: FederationDirective, version: Version | None, name: str, type_names: dict[str, str]
) -> str:
    """The SDL of a directive under a local name; `type_names` are the local names of scalars."""
    arguments = []
    for argument in directive.arguments:
        if version is not None and argument.since > version:
            continue
        written = argument.type
        for plain, local in type_names.items():
            written = written.replace(f"%{plain}", local)
        default = f" = {argument.default}" if argument.default else ""
        arguments.append(f"{argument.name}: {written}{default}")
    head = f"({', '.join(arguments)})" if arguments else ""
    since = directive.repeatable_since
    repeatable = " repeatable" if since is not None and since <= (version or (1, 0)) else ""
    return f"directive @{name}{head}{repeatable} on {' | '.join(directive.locations)}"
