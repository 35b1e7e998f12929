"""What composition tells about mistakes: one value per mistake, with code, sentence and places.

Composition never raises for a user's mistake. Each stage appends `CompositionError` values and the
caller gets all of them at once, with Apollo's codes, so that tools made for those codes work.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from supergraph.source_parts import SourcePart, place_in_parts

if TYPE_CHECKING:
    from graphql import GraphQLError, Node


class ErrorCode(StrEnum):
    """Every code this composer produces, spelled as Apollo spells it."""

    INVALID_GRAPHQL = "INVALID_GRAPHQL"
    DIRECTIVE_DEFINITION_INVALID = "DIRECTIVE_DEFINITION_INVALID"
    TYPE_DEFINITION_INVALID = "TYPE_DEFINITION_INVALID"
    UNSUPPORTED_FEATURE = "UNSUPPORTED_FEATURE"
    UNSUPPORTED_LINKED_FEATURE = "UNSUPPORTED_LINKED_FEATURE"
    UNKNOWN_FEDERATION_LINK_VERSION = "UNKNOWN_FEDERATION_LINK_VERSION"
    UNKNOWN_LINK_VERSION = "UNKNOWN_LINK_VERSION"
    INVALID_LINK_DIRECTIVE_USAGE = "INVALID_LINK_DIRECTIVE_USAGE"
    INVALID_LINK_IDENTIFIER = "INVALID_LINK_IDENTIFIER"
    LINK_IMPORT_NAME_MISMATCH = "LINK_IMPORT_NAME_MISMATCH"
    DIRECTIVE_COMPOSITION_ERROR = "DIRECTIVE_COMPOSITION_ERROR"
    INVALID_SUBGRAPH_NAME = "INVALID_SUBGRAPH_NAME"
    NO_QUERIES = "NO_QUERIES"
    ROOT_QUERY_USED = "ROOT_QUERY_USED"
    ROOT_MUTATION_USED = "ROOT_MUTATION_USED"
    ROOT_SUBSCRIPTION_USED = "ROOT_SUBSCRIPTION_USED"
    KEY_INVALID_FIELDS = "KEY_INVALID_FIELDS"
    KEY_INVALID_FIELDS_TYPE = "KEY_INVALID_FIELDS_TYPE"
    KEY_DIRECTIVE_IN_FIELDS_ARG = "KEY_DIRECTIVE_IN_FIELDS_ARG"
    KEY_FIELDS_HAS_ARGS = "KEY_FIELDS_HAS_ARGS"
    KEY_FIELDS_SELECT_INVALID_TYPE = "KEY_FIELDS_SELECT_INVALID_TYPE"
    KEY_UNSUPPORTED_ON_INTERFACE = "KEY_UNSUPPORTED_ON_INTERFACE"
    PROVIDES_INVALID_FIELDS = "PROVIDES_INVALID_FIELDS"
    PROVIDES_INVALID_FIELDS_TYPE = "PROVIDES_INVALID_FIELDS_TYPE"
    PROVIDES_DIRECTIVE_IN_FIELDS_ARG = "PROVIDES_DIRECTIVE_IN_FIELDS_ARG"
    PROVIDES_FIELDS_HAS_ARGS = "PROVIDES_FIELDS_HAS_ARGS"
    PROVIDES_FIELDS_MISSING_EXTERNAL = "PROVIDES_FIELDS_MISSING_EXTERNAL"
    PROVIDES_ON_NON_OBJECT_FIELD = "PROVIDES_ON_NON_OBJECT_FIELD"
    PROVIDES_UNSUPPORTED_ON_INTERFACE = "PROVIDES_UNSUPPORTED_ON_INTERFACE"
    REQUIRES_INVALID_FIELDS = "REQUIRES_INVALID_FIELDS"
    REQUIRES_INVALID_FIELDS_TYPE = "REQUIRES_INVALID_FIELDS_TYPE"
    REQUIRES_DIRECTIVE_IN_FIELDS_ARG = "REQUIRES_DIRECTIVE_IN_FIELDS_ARG"
    REQUIRES_FIELDS_MISSING_EXTERNAL = "REQUIRES_FIELDS_MISSING_EXTERNAL"
    REQUIRES_UNSUPPORTED_ON_INTERFACE = "REQUIRES_UNSUPPORTED_ON_INTERFACE"
    EXTERNAL_UNUSED = "EXTERNAL_UNUSED"
    TYPE_WITH_ONLY_UNUSED_EXTERNAL = "TYPE_WITH_ONLY_UNUSED_EXTERNAL"
    EXTERNAL_TYPE_MISMATCH = "EXTERNAL_TYPE_MISMATCH"
    EXTERNAL_ARGUMENT_MISSING = "EXTERNAL_ARGUMENT_MISSING"
    EXTERNAL_ARGUMENT_TYPE_MISMATCH = "EXTERNAL_ARGUMENT_TYPE_MISMATCH"
    EXTERNAL_ARGUMENT_DEFAULT_MISMATCH = "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH"
    EXTERNAL_ON_INTERFACE = "EXTERNAL_ON_INTERFACE"
    EXTERNAL_MISSING_ON_BASE = "EXTERNAL_MISSING_ON_BASE"
    EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE = "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE"
    MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL = "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL"
    EXTENSION_WITH_NO_BASE = "EXTENSION_WITH_NO_BASE"
    TYPE_KIND_MISMATCH = "TYPE_KIND_MISMATCH"
    FIELD_TYPE_MISMATCH = "FIELD_TYPE_MISMATCH"
    FIELD_ARGUMENT_TYPE_MISMATCH = "FIELD_ARGUMENT_TYPE_MISMATCH"
    FIELD_ARGUMENT_DEFAULT_MISMATCH = "FIELD_ARGUMENT_DEFAULT_MISMATCH"
    INPUT_FIELD_DEFAULT_MISMATCH = "INPUT_FIELD_DEFAULT_MISMATCH"
    INTERFACE_FIELD_NO_IMPLEM = "INTERFACE_FIELD_NO_IMPLEM"
    ENUM_VALUE_MISMATCH = "ENUM_VALUE_MISMATCH"
    EMPTY_MERGED_ENUM_TYPE = "EMPTY_MERGED_ENUM_TYPE"
    EMPTY_MERGED_INPUT_TYPE = "EMPTY_MERGED_INPUT_TYPE"
    REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH = "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH"
    REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH = "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH"
    INVALID_FIELD_SHARING = "INVALID_FIELD_SHARING"
    INVALID_SHAREABLE_USAGE = "INVALID_SHAREABLE_USAGE"
    SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES = "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"
    CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS = (
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS"
    )
    REFERENCED_INACCESSIBLE = "REFERENCED_INACCESSIBLE"
    DEFAULT_VALUE_USES_INACCESSIBLE = "DEFAULT_VALUE_USES_INACCESSIBLE"
    QUERY_ROOT_TYPE_INACCESSIBLE = "QUERY_ROOT_TYPE_INACCESSIBLE"
    REQUIRED_INACCESSIBLE = "REQUIRED_INACCESSIBLE"
    IMPLEMENTED_BY_INACCESSIBLE = "IMPLEMENTED_BY_INACCESSIBLE"
    DISALLOWED_INACCESSIBLE = "DISALLOWED_INACCESSIBLE"
    ONLY_INACCESSIBLE_CHILDREN = "ONLY_INACCESSIBLE_CHILDREN"
    OVERRIDE_FROM_SELF_ERROR = "OVERRIDE_FROM_SELF_ERROR"
    OVERRIDE_SOURCE_HAS_OVERRIDE = "OVERRIDE_SOURCE_HAS_OVERRIDE"
    OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE = "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE"
    OVERRIDE_ON_INTERFACE = "OVERRIDE_ON_INTERFACE"
    OVERRIDE_LABEL_INVALID = "OVERRIDE_LABEL_INVALID"
    INTERFACE_OBJECT_USAGE_ERROR = "INTERFACE_OBJECT_USAGE_ERROR"
    INTERFACE_KEY_NOT_ON_IMPLEMENTATION = "INTERFACE_KEY_NOT_ON_IMPLEMENTATION"
    INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE = "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"
    CONTEXT_NAME_INVALID = "CONTEXT_NAME_INVALID"
    CONTEXT_NOT_SET = "CONTEXT_NOT_SET"
    NO_CONTEXT_IN_SELECTION = "NO_CONTEXT_IN_SELECTION"
    CONTEXT_INVALID_SELECTION = "CONTEXT_INVALID_SELECTION"
    CONTEXT_NO_RESOLVABLE_KEY = "CONTEXT_NO_RESOLVABLE_KEY"
    COST_APPLIED_TO_INTERFACE_FIELD = "COST_APPLIED_TO_INTERFACE_FIELD"
    LIST_SIZE_APPLIED_TO_NON_LIST = "LIST_SIZE_APPLIED_TO_NON_LIST"
    LIST_SIZE_INVALID_ASSUMED_SIZE = "LIST_SIZE_INVALID_ASSUMED_SIZE"
    LIST_SIZE_INVALID_SIZED_FIELD = "LIST_SIZE_INVALID_SIZED_FIELD"
    LIST_SIZE_INVALID_SLICING_ARGUMENT = "LIST_SIZE_INVALID_SLICING_ARGUMENT"
    AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE = "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE"
    MISSING_TRANSITIVE_AUTH_REQUIREMENTS = "MISSING_TRANSITIVE_AUTH_REQUIREMENTS"
    SATISFIABILITY_ERROR = "SATISFIABILITY_ERROR"
    MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED = "MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"


@dataclass(frozen=True, slots=True, order=True)
class SourceLocation:
    """A place in a subgraph's SDL; `line` and `column` count from 1."""

    subgraph: str
    line: int
    column: int
    file: str | None = None

    def __str__(self) -> str:
        where = self.file or f"subgraph {self.subgraph}"
        return f"{where}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class CompositionError:
    """A mistake that keeps the subgraphs from composing.

    `message` names the subgraphs that disagree; `coordinate` is a schema coordinate such as
    `Product.price` or `Query.search(first:)`; `locations` are all places involved.
    """

    code: ErrorCode
    message: str
    locations: tuple[SourceLocation, ...] = ()
    coordinate: str | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def locate(
    subgraph: str, file: str | None, nodes: Iterable[Node | None]
) -> tuple[SourceLocation, ...]:
    """The places of AST nodes, without repetition, in the order given."""
    found: dict[SourceLocation, None] = {}
    for item in nodes:
        # What is described starts with its description, but it is found by its name.
        described = getattr(item, "description", None) is not None
        node: Node | None = getattr(item, "name", item) if described else item
        if node is not None and node.loc is not None:
            token = node.loc.start_token
            found[SourceLocation(subgraph, token.line, token.column, file)] = None
    return tuple(found)


def relocate(
    places: Iterable[SourceLocation], parts: Mapping[str, Sequence[SourcePart]]
) -> tuple[SourceLocation, ...]:
    """The places in the files they stand in; `parts` are those of subgraphs of several files."""
    found = []
    for place in places:
        there = place_in_parts(parts.get(place.subgraph, ()), place.line)
        found.append(place if there is None else replace(place, file=there[0], line=there[1]))
    return tuple(found)


def from_graphql_error(error: GraphQLError, subgraph: str, file: str | None) -> CompositionError:
    """An error of the GraphQL library as a composition error of a subgraph."""
    places: Sequence[SourceLocation] = [
        SourceLocation(subgraph, place.line, place.column, file) for place in error.locations or ()
    ]
    return CompositionError(
        ErrorCode.INVALID_GRAPHQL, f"[{subgraph}] {error.message}", tuple(places)
    )
