"""The connect specification: REST calls described in a subgraph's schema.

Composition checks that its directives are well formed and carries them through; it does not look
into selections and templates.

Source: https://specs.apollo.dev/connect, v0.1 to v0.4
"""

from __future__ import annotations

from supergraph.federation.directives import Version
from supergraph.federation.link import Link

CONNECT_IDENTITY = "https://specs.apollo.dev/connect"

CONNECT_DIRECTIVES = ("connect", "source")

FEDERATION_VERSION: dict[Version, Version] = {
    (0, 1): (2, 10),
    (0, 2): (2, 11),
    (0, 3): (2, 12),
    (0, 4): (2, 13),
}
"""The known versions, and the federation version each needs."""

_TYPES = (
    "JSONSelection",
    "URLTemplate",
    "HTTPHeaderMapping",
    "ConnectHTTP",
    "SourceHTTP",
    "ConnectBatch",
    "ConnectorErrors",
)

_DEFINITIONS = """
scalar %JSONSelection
scalar %URLTemplate
input %HTTPHeaderMapping { name: String! from: String value: String }
input %ConnectHTTP {
  GET: %URLTemplate POST: %URLTemplate PUT: %URLTemplate PATCH: %URLTemplate DELETE: %URLTemplate
  body: %JSONSelection headers: [%HTTPHeaderMapping!] path: %JSONSelection
  queryParams: %JSONSelection
}
input %SourceHTTP {
  baseURL: String! headers: [%HTTPHeaderMapping!] path: %JSONSelection queryParams: %JSONSelection
}
input %ConnectBatch { maxSize: Int }
input %ConnectorErrors { message: %JSONSelection extensions: %JSONSelection }
directive @connect(
  source: String id: String http: %ConnectHTTP batch: %ConnectBatch errors: %ConnectorErrors
  isSuccess: %JSONSelection selection: %JSONSelection! entity: Boolean = false
) repeatable on FIELD_DEFINITION | OBJECT
directive @source(
  name: String! http: %SourceHTTP errors: %ConnectorErrors isSuccess: %JSONSelection
) repeatable on SCHEMA
"""


def connect_types(link: Link) -> list[str]:
    """The local names of the specification's types."""
    return [link.type_name(name) for name in _TYPES]


def connect_definitions(link: Link) -> str:
    """SDL of the specification's elements under their local names."""
    text = _DEFINITIONS
    # Longer names first: none may be taken for the beginning of another.
    for name in sorted(_TYPES, key=len, reverse=True):
        text = text.replace(f"%{name}", link.type_name(name))
    for name in CONNECT_DIRECTIVES:
        text = text.replace(f"directive @{name}(", f"directive @{link.directive_name(name)}(")
    return text
