"""`@join__directive`: directives that are carried through as they are, with the subgraphs' names.

What connectors and cache tags mean is nothing composition decides; the supergraph tells which
subgraph said it.

Source: https://specs.apollo.dev/join/v0.4
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphql import ListValueNode, NameNode, ObjectFieldNode, ObjectValueNode, ValueNode

from supergraph.definitions import AppliedDirective, enum_value, string_value, value_text
from supergraph.federation.connect import CONNECT_IDENTITY
from supergraph.merge.context import ElementT, MergeContext, Source
from supergraph.merge.feature_names import CACHE_TAG
from supergraph.subgraph.model import Subgraph

_JOINED = (CACHE_TAG, "connect", "source")
_CACHE_TAG_LINK = "https://specs.apollo.dev/cacheTag/v0.1"
_OLDEST_CONNECT = (0, 3)


def merge_join_directives(
    context: MergeContext, sources: Sequence[Source[ElementT]]
) -> list[AppliedDirective]:
    """One `@join__directive` per distinct application, with all subgraphs that have it."""
    return _merge(
        context,
        (
            (source.subgraph, _name(item), item.arguments)
            for source in sources
            for item in source.element.directives
            if item.feature in _JOINED
        ),
    )


def join_links(context: MergeContext) -> list[AppliedDirective]:
    """The links that carried directives need in the supergraph, and the subgraphs' own."""
    links: list[AppliedDirective] = []
    connects = [
        (subgraph, link)
        for subgraph in context.subgraphs
        for link in subgraph.links
        if link.identity == CONNECT_IDENTITY
    ]
    if connects:
        major, minor = max(_OLDEST_CONNECT, *(link.version or (0, 0) for _, link in connects))
        links.append(_link(f"{CONNECT_IDENTITY}/v{major}.{minor}"))
        links += _merge(
            context, ((subgraph, "link", _arguments(link.node)) for subgraph, link in connects)
        )
    if CACHE_TAG in context.feature_names:
        links.append(_link(_CACHE_TAG_LINK))
    return links


def _name(directive: AppliedDirective) -> str:
    return f"federation__{CACHE_TAG}" if directive.feature == CACHE_TAG else directive.name


def _merge(
    context: MergeContext, applied: Iterable[tuple[Subgraph, str, dict[str, ValueNode]]]
) -> list[AppliedDirective]:
    groups: dict[tuple[str, str], list[str]] = {}
    values: dict[tuple[str, str], ObjectValueNode] = {}
    for subgraph, name, arguments in applied:
        value = ObjectValueNode(
            fields=tuple(
                ObjectFieldNode(name=NameNode(value=key), value=item)
                for key, item in arguments.items()
            )
        )
        key = (name, value_text(value))
        values.setdefault(key, value)
        graphs = groups.setdefault(key, [])
        if context.graphs[subgraph.name] not in graphs:
            graphs.append(context.graphs[subgraph.name])
    return [
        AppliedDirective(
            "join__directive",
            {
                "graphs": ListValueNode(values=tuple(map(enum_value, graphs))),
                "name": string_value(key[0]),
                "args": values[key],
            },
        )
        for key, graphs in groups.items()
    ]


def _link(url: str) -> AppliedDirective:
    return AppliedDirective("link", {"url": string_value(url), "for": enum_value("EXECUTION")})


def _arguments(node: object) -> dict[str, ValueNode]:
    return {item.name.value: item.value for item in getattr(node, "arguments", None) or ()}
