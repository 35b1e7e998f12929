"""Which names of a subgraph's SDL mean which directives and types of the specifications."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    DocumentNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
)

from supergraph.errors import CompositionError, ErrorCode, locate
from supergraph.federation.connect import (
    CONNECT_DIRECTIVES,
    CONNECT_IDENTITY,
    FEDERATION_VERSION,
)
from supergraph.federation.directives import (
    DIRECTIVES,
    FEDERATION_IDENTITY,
    KNOWN_VERSIONS,
    LATEST_VERSION,
    STANDALONE_SPECS,
    STANDARD_DIRECTIVES,
    TYPES,
    Version,
    directives_of,
)
from supergraph.federation.link import (
    LINK_IDENTITY,
    Link,
    LinkError,
    link_directive_name,
    parse_link,
)


@dataclass(slots=True)
class LinkedNames:
    """The result of reading all links of a document.

    `features` maps local directive names to plain ones, `type_names` plain names of the
    specification's scalars to local ones; `connect` is the link to the connect specification.
    """

    version: Version | None = None
    link_name: str = "link"
    links: list[Link] = field(default_factory=list)
    features: dict[str, str] = field(default_factory=dict)
    type_names: dict[str, str] = field(default_factory=dict)
    import_type: str = "link__Import"
    purpose_type: str = "link__Purpose"
    connect: Link | None = None
    errors: list[CompositionError] = field(default_factory=list)

    @property
    def local_names(self) -> dict[str, str]:
        """Plain names of directives to local ones."""
        return {plain: local for local, plain in self.features.items()}


def read_links(document: DocumentNode, subgraph: str, file: str | None) -> LinkedNames:
    """Read the links of a document; what is wrong with them is in `errors` of the result."""
    applied = list(_schema_directives(document))
    names = LinkedNames(link_name=link_directive_name(applied))
    seen: set[str] = set()
    for node in applied:
        if node.name.value != names.link_name or not any(
            argument.name.value == "url" for argument in node.arguments or ()
        ):
            continue
        try:
            link = parse_link(node)
        except LinkError as error:
            code = (
                ErrorCode.INVALID_LINK_IDENTIFIER
                if error.invalid_identifier
                else ErrorCode.INVALID_LINK_DIRECTIVE_USAGE
            )
            names.errors.append(
                CompositionError(
                    code,
                    f"[{subgraph}] {error.message}",
                    locate(subgraph, file, [error.node]),
                )
            )
            continue
        if link.identity in seen:
            names.errors.append(
                CompositionError(
                    ErrorCode.INVALID_LINK_DIRECTIVE_USAGE,
                    f'[{subgraph}] Duplicate inclusion of feature "{link.identity}": link each '
                    "specification once.",
                    locate(subgraph, file, [node]),
                )
            )
            continue
        seen.add(link.identity)
        names.links.append(link)
    names.features.update({name: name for name in STANDARD_DIRECTIVES})
    _expand(names, subgraph, file)
    return names


def _schema_directives(document: DocumentNode) -> Iterator[DirectiveNode]:
    for node in document.definitions:
        if isinstance(node, (SchemaDefinitionNode, SchemaExtensionNode)):
            yield from node.directives or ()


def _expand(names: LinkedNames, subgraph: str, file: str | None) -> None:
    federation = None
    for link in names.links:
        if link.identity == FEDERATION_IDENTITY:
            federation = link
        elif link.identity == LINK_IDENTITY:
            names.import_type = link.type_name("Import")
            names.purpose_type = link.type_name("Purpose")
            if link.version != (1, 0):
                names.errors.append(
                    _version_error(link, subgraph, file, ErrorCode.UNKNOWN_LINK_VERSION, "link")
                )
        elif link.identity == CONNECT_IDENTITY:
            if link.version in FEDERATION_VERSION:
                names.connect = link
                for plain in CONNECT_DIRECTIVES:
                    names.features[link.directive_name(plain)] = plain
        else:
            for plain in STANDALONE_SPECS.get(link.identity, ()):
                names.features[link.directive_name(plain)] = plain
    if federation is None:
        for plain in directives_of(None):
            names.features.setdefault(plain, plain)
        names.type_names["FieldSet"] = "_FieldSet"
        return
    version = federation.version
    if version is None:
        names.errors.append(
            CompositionError(
                ErrorCode.INVALID_LINK_IDENTIFIER,
                f"[{subgraph}] Expected a version (of the form v1.2) at the end of the federation "
                f'url, as in "{FEDERATION_IDENTITY}/v2.9".',
                locate(subgraph, file, [federation.node]),
            )
        )
        version = LATEST_VERSION
    elif version not in KNOWN_VERSIONS:
        names.errors.append(
            _version_error(
                federation, subgraph, file, ErrorCode.UNKNOWN_FEDERATION_LINK_VERSION, "federation"
            )
        )
        version = LATEST_VERSION
    names.version = max(version, _needed_version(names))
    known = directives_of(version)
    known_types = {name for name, since in TYPES.items() if since <= version}
    for plain in known:
        names.features[federation.directive_name(plain)] = plain
    names.type_names.update({plain: federation.type_name(plain) for plain in known_types})
    elements = [*(f"@{name}" for name in known), *known_types]
    for element in federation.imports:
        if element not in elements:
            names.errors.append(
                CompositionError(
                    ErrorCode.INVALID_LINK_DIRECTIVE_USAGE,
                    f'[{subgraph}] Cannot import unknown element "{element}".'
                    + _suggest(element, elements),
                    locate(subgraph, file, [federation.node]),
                )
            )


def _needed_version(names: LinkedNames) -> Version:
    """The oldest federation version that the other linked specifications work with."""
    needed = [
        DIRECTIVES[plain].since
        for link in names.links
        for plain in STANDALONE_SPECS.get(link.identity, ())
    ]
    if names.connect is not None and names.connect.version is not None:
        needed.append(FEDERATION_VERSION[names.connect.version])
    return max(needed, default=(2, 0))


def _suggest(element: str, elements: list[str]) -> str:
    if f"@{element}" in elements:
        return f' Did you mean directive "@{element}"?'
    close = difflib.get_close_matches(element, elements, n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


def _version_error(
    link: Link, subgraph: str, file: str | None, code: ErrorCode, feature: str
) -> CompositionError:
    major, minor = link.version or (0, 0)
    latest = LATEST_VERSION if feature == "federation" else (1, 0)
    written = f"v{major}.{minor}" if link.version else "(none)"
    return CompositionError(
        code,
        f"[{subgraph}] Invalid version {written} for the {feature} feature in @link directive on "
        f"schema; the latest known version is v{latest[0]}.{latest[1]}",
        locate(subgraph, file, [link.node]),
    )
