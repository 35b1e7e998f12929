"""SDL → `Subgraph`: parse, expand links, check against GraphQL, set aside what is federation's own.

Users write federation SDL in many forms: with or without definitions of the federation directives,
with `_service` and `_entities` or without, root types under any name, types in pieces. Behind this
module there is one form only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    Source,
    TypeDefinitionNode,
    TypeExtensionNode,
)

from supergraph.definitions import ROOT_NAMES
from supergraph.errors import (
    CompositionError,
    ErrorCode,
    SourceLocation,
    from_graphql_error,
    locate,
)
from supergraph.federation.connect import connect_definitions, connect_types
from supergraph.federation.directives import (
    DIRECTIVES,
    Version,
    definition_text,
    directives_of,
)
from supergraph.parsing import parse
from supergraph.subgraph.from_ast import fill_definitions
from supergraph.subgraph.graphql_rules import check_graphql
from supergraph.subgraph.links import LinkedNames, read_links
from supergraph.subgraph.model import Subgraph, SubgraphInput
from supergraph.subgraph.root_types import use_default_root_names

MAX_TOKENS = 1_000_000
"""Tokens of one SDL; a schema of 20,000 fields has some 200,000. Each costs half a kilobyte."""

_SERVICE_FIELDS = ("_service", "_entities")
_BUILT_IN_SCALARS = ("Int", "Float", "String", "Boolean", "ID")
_SERVICE_TYPES = ("_Service", "_Entity", "_Any", "_FieldSet")


@dataclass(frozen=True, slots=True)
class ParsedSubgraph:
    """What takes long about a subgraph: its SDL parsed, and checked against GraphQL.

    Nobody changes it, so it serves any number of compositions. `document` lacks what belongs to the
    specifications; if there are `errors`, the SDL cannot be worked with.
    """

    given: SubgraphInput
    document: DocumentNode
    names: LinkedNames
    errors: tuple[CompositionError, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadResult:
    """`subgraph` is None if the SDL cannot be worked with; `errors` say why."""

    subgraph: Subgraph | None
    errors: tuple[CompositionError, ...] = ()


def load_subgraph(given: SubgraphInput) -> LoadResult:
    """Understand one subgraph's SDL."""
    return build_subgraph(parse_subgraph(given))


def parse_subgraph(given: SubgraphInput) -> ParsedSubgraph:
    """Parse one subgraph's SDL and check that it is a GraphQL schema."""
    try:
        return _parse(given)
    except RecursionError:
        return _refused(given, _too_deep(given))


def _parse(given: SubgraphInput) -> ParsedSubgraph:
    try:
        document = parse(Source(given.sdl, given.file or given.name), max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        return _refused(given, from_graphql_error(error, given.name, given.file))
    misplaced = [
        node for node in document.definitions if isinstance(node, ExecutableDefinitionNode)
    ]
    if misplaced:
        return _refused(
            given,
            *(
                CompositionError(
                    ErrorCode.INVALID_GRAPHQL,
                    f"[{given.name}] A schema cannot contain operations or fragments.",
                    locate(given.name, given.file, [node]),
                )
                for node in misplaced
            ),
        )
    names = read_links(document, given.name, given.file)
    if names.errors:
        return _refused(given, *names.errors)
    own, errors = _without_federation_definitions(given, document, names)
    errors += check_graphql(given, own, _federation_definitions(names), names)
    return ParsedSubgraph(given, own, names, tuple(errors))


def _refused(given: SubgraphInput, *errors: CompositionError) -> ParsedSubgraph:
    return ParsedSubgraph(given, DocumentNode(definitions=()), LinkedNames(), errors)


def build_subgraph(parsed: ParsedSubgraph) -> LoadResult:
    """A new `Subgraph`, for the stages that follow to change as they need."""
    if parsed.errors:
        return LoadResult(None, parsed.errors)
    given, names = parsed.given, parsed.names
    subgraph = Subgraph(
        name=given.name,
        url=given.url or "",
        file=given.file,
        sdl=given.sdl,
        version=names.version,
        links=tuple(names.links),
        directive_names=names.local_names,
    )
    fill_definitions(subgraph, parsed.document, names.features.get)
    errors = use_default_root_names(subgraph)
    _mark_extensions(subgraph)
    query = subgraph.types.get(ROOT_NAMES["query"])
    if query is not None and not query.fields:
        del subgraph.types[query.name]
        subgraph.roots.pop("query", None)
    return LoadResult(None if errors else subgraph, tuple(errors))


def _mark_extensions(subgraph: Subgraph) -> None:
    """`@extends` on a definition is another spelling of `extend type`."""
    for definition in subgraph.types.values():
        if definition.has("extends"):
            definition.has_base = False
            definition.has_extensions = True
            for field in definition.fields.values():
                field.in_extension = True


def _without_federation_definitions(
    given: SubgraphInput, document: DocumentNode, names: LinkedNames
) -> tuple[DocumentNode, list[CompositionError]]:
    """The document without definitions of the specifications' own elements."""
    errors: list[CompositionError] = []
    own_types = {
        *_SERVICE_TYPES,
        *names.type_names.values(),
        names.import_type,
        names.purpose_type,
        *(connect_types(names.connect) if names.connect else ()),
    }
    kept: list[DefinitionNode] = []
    for node in document.definitions:
        if isinstance(node, DirectiveDefinitionNode):
            plain = names.features.get(node.name.value)
            if plain in DIRECTIVES:
                problem = _incompatible(node, plain, names.version)
                if problem:
                    errors.append(
                        CompositionError(
                            ErrorCode.DIRECTIVE_DEFINITION_INVALID,
                            f"[{given.name}] Invalid definition for directive "
                            f'"@{node.name.value}": {problem}',
                            locate(given.name, given.file, [node]),
                            f"@{node.name.value}",
                        )
                    )
            if plain is not None or node.name.value == names.link_name:
                continue
        elif isinstance(node, (TypeDefinitionNode, TypeExtensionNode)):
            if node.name.value in _BUILT_IN_SCALARS:
                continue  # GraphQL has them: a definition says nothing
            if node.name.value in own_types:
                if node.name.value in names.type_names.values() and not isinstance(
                    node, (ScalarTypeDefinitionNode, ScalarTypeExtensionNode)
                ):
                    errors.append(
                        CompositionError(
                            ErrorCode.TYPE_DEFINITION_INVALID,
                            f"[{given.name}] Invalid definition for type {node.name.value}: it is "
                            "a scalar of the federation specification.",
                            locate(given.name, given.file, [node]),
                            node.name.value,
                        )
                    )
                continue
            if isinstance(node, (ObjectTypeDefinitionNode, ObjectTypeExtensionNode)):
                kept.append(_without_service_fields(node))
                continue
        kept.append(node)
    return DocumentNode(definitions=tuple(kept), loc=document.loc), errors


def _without_service_fields(
    node: ObjectTypeDefinitionNode | ObjectTypeExtensionNode,
) -> ObjectTypeDefinitionNode | ObjectTypeExtensionNode:
    fields = tuple(node.fields or ())
    kept = tuple(item for item in fields if item.name.value not in _SERVICE_FIELDS)
    if len(kept) == len(fields):
        return node
    members: dict[str, Any] = {key: getattr(node, key, None) for key in node.keys}
    return type(node)(**{**members, "fields": kept})


def _incompatible(node: DirectiveDefinitionNode, plain: str, version: Version | None) -> str | None:
    """Why a user's definition of a federation directive cannot stand for the specified one."""
    known = DIRECTIVES[plain]
    arguments = {argument.name: argument for argument in known.arguments}
    for argument in node.arguments or ():
        if argument.name.value not in arguments:
            return f'unknown/unsupported argument "{argument.name.value}"'
    defined = {argument.name.value for argument in node.arguments or ()}
    for argument_name, specified in arguments.items():
        if specified.type.endswith("!") and argument_name not in defined:
            return f'missing required argument "{argument_name}"'
    since = known.repeatable_since
    if node.repeatable and (since is None or since > (version or (1, 0))):
        return f'"@{plain}" should not be repeatable'
    for location in node.locations:
        if location.value not in known.locations:
            return (
                f'"@{plain}" should have locations {", ".join(known.locations)}, '
                f"but found (non-subset) {location.value}"
            )
    return None


def _federation_definitions(names: LinkedNames) -> str:
    """SDL of every specified directive and scalar, under their local names."""
    version = names.version
    lines = [f"scalar {name}" for name in names.type_names.values()]
    known = {**DIRECTIVES} if version is None else directives_of(version)
    lines += [
        definition_text(known[plain], version, local, names.type_names)
        for local, plain in names.features.items()
        if plain in known
    ]
    if names.connect is not None:
        lines.append(connect_definitions(names.connect))
    lines += [
        f"scalar {names.import_type}",
        f"enum {names.purpose_type} {{ SECURITY EXECUTION }}",
        f"directive @{names.link_name}(url: String, as: String, for: {names.purpose_type}, "
        f"import: [{names.import_type}]) repeatable on SCHEMA",
    ]
    return "\n".join(lines)


def _too_deep(given: SubgraphInput) -> CompositionError:
    return CompositionError(
        ErrorCode.INVALID_GRAPHQL,
        f"[{given.name}] The schema is nested too deeply to be read; use fewer levels of brackets.",
        (SourceLocation(given.name, 1, 1, given.file),),
    )
