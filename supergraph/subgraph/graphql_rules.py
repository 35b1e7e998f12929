"""Is the SDL a valid GraphQL schema? Asked of the GraphQL library, in terms of the user's file.

Two things differ from plain GraphQL: a subgraph may extend types it does not define, and it needs
no query root. Extensions are therefore folded into definitions first, and a root is lent.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import lru_cache
from typing import Any

from graphql import (
    DefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    build_ast_schema,
    validate_schema,
)

from supergraph.definitions import ROOT_NAMES
from supergraph.errors import CompositionError, ErrorCode, from_graphql_error
from supergraph.federation.directives import DIRECTIVES
from supergraph.parsing import parse
from supergraph.subgraph.links import LinkedNames
from supergraph.subgraph.model import SubgraphInput
from supergraph.subgraph.sdl_rules import sdl_errors

_DEFINITION_OF: dict[type[DefinitionNode], type[TypeDefinitionNode]] = {
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
}
_SCHEMA = "schema definition"
_LISTS = ("directives", "fields", "interfaces", "types", "values", "operation_types")
_LENT_FIELD = "_dictameshServiceField"
_UNKNOWN_DIRECTIVE = re.compile(r"""^Unknown directive ['"]@(?P<name>\w+)['"]\.""")


def check_graphql(
    given: SubgraphInput, document: DocumentNode, known: str, names: LinkedNames
) -> list[CompositionError]:
    """All errors GraphQL itself finds; `known` is SDL of the specifications' elements."""
    folded, errors = _fold_extensions(given, document)
    if errors:
        return errors
    whole = DocumentNode(definitions=(*_lend_root(folded), *_parsed(known)))
    found = _library_errors(whole)
    return [_translate(error, given, names) for error in found]


def _library_errors(document: DocumentNode) -> Iterable[GraphQLError]:
    errors = sdl_errors(document)
    if errors:
        return errors
    try:
        schema = build_ast_schema(document, assume_valid_sdl=True)
        return validate_schema(schema)
    except GraphQLError as error:
        return [error]
    except (TypeError, ValueError) as error:
        # The library refuses some schemas while building them, e.g. a default of the wrong type.
        return [GraphQLError(str(error))]


@lru_cache(maxsize=64)
def _parsed(known: str) -> tuple[DefinitionNode, ...]:
    """Definitions of specifications, which most subgraphs of a graph share."""
    return parse(known, no_location=True).definitions


def _fold_extensions(
    given: SubgraphInput, document: DocumentNode
) -> tuple[list[DefinitionNode], list[CompositionError]]:
    folded: list[DefinitionNode] = []
    errors: list[CompositionError] = []
    position: dict[str, int] = {}
    extensions: list[TypeExtensionNode | SchemaExtensionNode] = []
    for node in document.definitions:
        if isinstance(node, (TypeExtensionNode, SchemaExtensionNode)):
            extensions.append(node)
            continue
        if isinstance(node, TypeDefinitionNode):
            position.setdefault(node.name.value, len(folded))
        elif isinstance(node, SchemaDefinitionNode):
            position.setdefault(_SCHEMA, len(folded))
        folded.append(node)
    for extension in extensions:
        kind: type[DefinitionNode]
        if isinstance(extension, SchemaExtensionNode):
            name, kind = _SCHEMA, SchemaDefinitionNode
        else:
            name, kind = extension.name.value, _DEFINITION_OF[type(extension)]
        index = position.get(name)
        if index is None:
            position[name] = len(folded)
            folded.append(_rebuild(kind, extension))
        elif type(folded[index]) is not kind:
            places = from_graphql_error(
                GraphQLError("", [folded[index], extension]), given.name, given.file
            ).locations
            errors.append(
                CompositionError(
                    ErrorCode.INVALID_GRAPHQL,
                    f'[{given.name}] Cannot extend type "{name}": it is defined as another kind '
                    "of type.",
                    places,
                    name,
                )
            )
        else:
            folded[index] = _rebuild(kind, folded[index], extension)
    index = position.get(_SCHEMA)
    if index is not None and not getattr(folded[index], "operation_types", ()):
        # Only directives were given for the schema: the roots are those of the default names.
        folded[index] = _with_default_roots(folded[index], position)
    return folded, errors


def _rebuild(kind: type[DefinitionNode], *pieces: Node) -> DefinitionNode:
    """One definition of a definition and its extensions; nodes are values and never changed."""
    members: dict[str, Any] = {}
    for key in kind.keys:
        if key in _LISTS:
            members[key] = tuple(
                item for piece in pieces for item in getattr(piece, key, None) or ()
            )
        elif key == "description":
            members[key] = getattr(pieces[0], key, None)
        elif key not in ("kind", "hash"):
            members[key] = getattr(pieces[0], key)
    return kind(**members)


def _with_default_roots(schema: DefinitionNode, types: Container[str]) -> DefinitionNode:
    roots = [
        f"{operation}: {name}"
        for operation, name in ROOT_NAMES.items()
        if name in types or operation == "query"
    ]
    made = parse(f"schema {{ {' '.join(roots)} }}", no_location=True).definitions[0]
    return _rebuild(SchemaDefinitionNode, made, schema)


def _lend_root(folded: list[DefinitionNode]) -> list[DefinitionNode]:
    """Give the query root a field: a subgraph may have none of its own."""
    root = ROOT_NAMES["query"]
    for node in folded:
        if isinstance(node, SchemaDefinitionNode):
            for operation in node.operation_types or ():
                if operation.operation.value == "query":
                    root = operation.type.name.value
    lent = parse(f"type {root} {{ {_LENT_FIELD}: Boolean }}", no_location=True).definitions[0]
    for index, node in enumerate(folded):
        if isinstance(node, TypeDefinitionNode) and node.name.value == root:
            if isinstance(node, ObjectTypeDefinitionNode) and not node.fields:
                folded[index] = _rebuild(ObjectTypeDefinitionNode, node, lent)
            return folded
    return [*folded, lent]


def _translate(error: GraphQLError, given: SubgraphInput, names: LinkedNames) -> CompositionError:
    """Add what a user of federation needs to know to the library's sentence."""
    translated = from_graphql_error(error, given.name, given.file)
    match = _UNKNOWN_DIRECTIVE.match(error.message)
    plain = match["name"].rsplit("__", 1)[-1] if match else None
    if plain not in DIRECTIVES:
        return translated
    if names.version is None:
        advice = (
            f'If you meant the "@{plain}" federation 2 directive, note that this schema is a '
            "federation 1 schema. To be a federation 2 schema, it needs to @link to the federation "
            "specification v2."
        )
    elif plain in names.local_names:
        advice = (
            f'If you meant the "@{plain}" federation directive, you should use '
            f'"@{names.local_names[plain]}", its name by the @link to the federation '
            "specification, or add it to that link's import."
        )
    else:
        since = DIRECTIVES[plain].since
        advice = (
            f'The "@{plain}" federation directive exists since v{since[0]}.{since[1]}, but this '
            f"schema links v{names.version[0]}.{names.version[1]}."
        )
    return CompositionError(translated.code, f"{translated.message} {advice}", translated.locations)
