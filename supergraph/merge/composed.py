"""`@composeDirective`: directives of the users' own specifications that go into the supergraph.

A subgraph that asks for it exports a directive; the definition comes from the newest version of its
specification that an exporting subgraph links. Major versions and names must agree among those who
export, and are remarked on where others merely use the specification.

Source: https://specs.apollo.dev/federation/v2.1, `@composeDirective`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graphql import (
    ListValueNode,
    NameNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)

from supergraph.definitions import (
    AppliedDirective,
    DirectiveDefinition,
    quoted_list,
    string_value,
)
from supergraph.errors import CompositionError, ErrorCode, SourceLocation
from supergraph.federation.directives import DIRECTIVES, FEDERATION_IDENTITY
from supergraph.federation.link import LINK_IDENTITY, Link
from supergraph.hints import CompositionHint, HintCode
from supergraph.merge.feature_names import COMPOSED_BY_DEFAULT
from supergraph.subgraph.model import Subgraph

_MACHINERY = (FEDERATION_IDENTITY, LINK_IDENTITY)


@dataclass(frozen=True, slots=True)
class _Export:
    """One subgraph's wish: the directive it calls `name` is `element` of what `link` links."""

    subgraph: Subgraph
    link: Link
    name: str
    element: str
    node: Node | None


@dataclass(slots=True)
class ComposedDirectives:
    """What the subgraphs export.

    `definitions` has the directives of the supergraph by name, `exporting` the names each subgraph
    exports, `links` the supergraph's links to their specifications.
    """

    definitions: dict[str, DirectiveDefinition] = field(default_factory=dict)
    exporting: dict[str, set[str]] = field(default_factory=dict)
    links: list[AppliedDirective] = field(default_factory=list)
    errors: list[CompositionError] = field(default_factory=list)
    hints: list[CompositionHint] = field(default_factory=list)


def composed_directives(subgraphs: Sequence[Subgraph]) -> ComposedDirectives:
    """Read all `@composeDirective`; what is wrong with them is in the result."""
    result = ComposedDirectives()
    exports: dict[str, list[_Export]] = {}
    for subgraph in subgraphs:
        for directive in subgraph.schema.applied("composeDirective"):
            export = _read(subgraph, subgraphs, directive, result)
            if export is not None:
                exports.setdefault(export.link.identity, []).append(export)
    _check_major_versions(subgraphs, exports, result)
    _check_names(subgraphs, exports, result)
    if not result.errors:
        for identity, wishes in sorted(exports.items()):
            _compose(identity, wishes, result)
    return result


def _read(
    subgraph: Subgraph,
    subgraphs: Sequence[Subgraph],
    directive: AppliedDirective,
    result: ComposedDirectives,
) -> _Export | None:
    def fail(message: str) -> None:
        result.errors.append(
            CompositionError(
                ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                message,
                subgraph.locate(directive.node),
                "schema",
            )
        )

    me, written = subgraph.at("composeDirective"), directive.text("name")
    if not written:
        fail(
            f'Argument to {me} in subgraph "{subgraph.name}" cannot be null or empty: name a '
            'directive, as in "@example".'
        )
        return None
    name = written.removeprefix("@")
    if name == written:
        fail(f'Argument to {me} "{written}" in subgraph "{subgraph.name}" must have a leading "@".')
        return None
    plain = next((p for p, local in subgraph.directive_names.items() if local == name), None)
    if plain in COMPOSED_BY_DEFAULT:
        result.hints.append(
            CompositionHint(
                HintCode.DIRECTIVE_COMPOSITION_INFO,
                f'Directive "{written}" should not be explicitly manually composed since it is a '
                "federation directive composed by default",
                subgraph.locate(directive.node),
                written,
            )
        )
        return None
    if plain in DIRECTIVES or name == "link":
        fail(
            f'Composing federation directive "{written}" in subgraph "{subgraph.name}" is not '
            "supported"
        )
        return None
    if plain is None and name not in subgraph.directives:
        close = difflib.get_close_matches(name, list(subgraph.directives), n=1)
        advice = f' Did you mean "@{close[0]}"?' if close else ""
        fail(
            f'Could not find matching directive definition for argument to {me} "{written}" in '
            f'subgraph "{subgraph.name}".{advice}'
        )
        return None
    found = origin(subgraph, name)
    if found is None or found[0].identity in _MACHINERY:
        fail(
            f'Directive "{written}" in subgraph "{subgraph.name}" cannot be composed because it is '
            "not a member of a linked specification: add a @link that imports it."
        )
        return None
    taken = [
        other.name
        for other in subgraphs
        for feature in COMPOSED_BY_DEFAULT
        if other.version is not None and other.directive_names.get(feature) == name
    ]
    if taken:
        fail(
            f'Directive "{written}" in subgraph "{subgraph.name}" cannot be composed because it '
            f'conflicts with the automatically composed federation directive "{written}" of '
            f"{quoted_list(list(dict.fromkeys(taken)))}"
        )
        return None
    return _Export(subgraph, found[0], name, found[1], directive.node)


def origin(subgraph: Subgraph, name: str) -> tuple[Link, str] | None:
    """The link a directive's name comes from, and what the specification calls it."""
    for link in subgraph.links:
        for element, local in link.imports.items():
            if local == f"@{name}":
                return link, element.removeprefix("@")
    for link in subgraph.links:
        if name == link.namespace:
            return link, link.name
        if name.startswith(f"{link.namespace}__"):
            return link, name.removeprefix(f"{link.namespace}__")
    return None


def _check_major_versions(
    subgraphs: Sequence[Subgraph], exports: dict[str, list[_Export]], result: ComposedDirectives
) -> None:
    linked: dict[str, list[tuple[Subgraph, Link]]] = {}
    for subgraph in subgraphs:
        for link in subgraph.links:
            if link.identity not in _MACHINERY and link.version is not None:
                linked.setdefault(link.identity, []).append((subgraph, link))
    for identity, users in linked.items():
        exporting = [(item.subgraph, item.link) for item in exports.get(identity, ())]
        for pairs, is_error in ((exporting, True), (users, False)):
            majors = {link.version[0] for _, link in pairs if link.version is not None}
            if len(majors) < 2:
                continue
            places = tuple(place for s, link in pairs for place in s.locate(link.node))
            versions = ", ".join(
                f'v{link.version[0]}.{link.version[1]} in "{s.name}"'
                for s, link in pairs
                if link.version is not None
            )
            if is_error:
                result.errors.append(
                    CompositionError(
                        ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                        f'The specification "{identity}" requested to be merged has major version '
                        f"mismatch across subgraphs: {versions}",
                        places,
                    )
                )
            else:
                result.hints.append(
                    CompositionHint(
                        HintCode.DIRECTIVE_COMPOSITION_INFO,
                        f'The specification "{identity}", whose directives are not composed from '
                        f"all subgraphs, has major version mismatch across subgraphs: {versions}",
                        places,
                    )
                )
            break


def _check_names(
    subgraphs: Sequence[Subgraph], exports: dict[str, list[_Export]], result: ComposedDirectives
) -> None:
    by_name: dict[str, dict[str, _Export]] = {}
    by_element: dict[tuple[str, str], dict[str, list[_Export]]] = {}
    for identity, wishes in exports.items():
        for wish in wishes:
            by_name.setdefault(wish.name, {}).setdefault(identity, wish)
            names = by_element.setdefault((identity, wish.element), {})
            names.setdefault(wish.name, []).append(wish)
    for name, identities in by_name.items():
        if len(identities) > 1:
            result.errors.append(
                CompositionError(
                    ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                    f'Composed directive "@{name}" is not linked by the same specification in '
                    "every subgraph: it is of "
                    + " and of ".join(
                        f'"{identity}" in subgraph "{wish.subgraph.name}"'
                        for identity, wish in identities.items()
                    ),
                    tuple(_places(identities.values())),
                    f"@{name}",
                )
            )
    for (identity, element), groups in by_element.items():
        if len(groups) > 1:
            said = [
                f'"@{name}" in {quoted_list([wish.subgraph.name for wish in wishes])}'
                for name, wishes in groups.items()
            ]
            result.errors.append(
                CompositionError(
                    ErrorCode.LINK_IMPORT_NAME_MISMATCH,
                    f'The "@{element}" directive (from {identity}) is imported with mismatched '
                    f"name between subgraphs: it is imported as {said[0]} but "
                    f"{' and '.join(said[1:])}",
                    tuple(_places([wish for wishes in groups.values() for wish in wishes])),
                    f"@{element}",
                )
            )
            continue
        name, wishes = next(iter(groups.items()))
        exporting = {wish.subgraph.name for wish in wishes}
        for subgraph in subgraphs:
            if subgraph.name not in exporting:
                _remark_on_other_name(subgraph, identity, element, name, result)


def _remark_on_other_name(
    subgraph: Subgraph, identity: str, element: str, name: str, result: ComposedDirectives
) -> None:
    for link in subgraph.links:
        local = link.directive_name(element)
        if link.identity == identity and local != name and local in subgraph.directives:
            result.hints.append(
                CompositionHint(
                    HintCode.DIRECTIVE_COMPOSITION_WARN,
                    f'Composed directive "@{name}" is named "@{local}" in subgraph '
                    f'"{subgraph.name}", which does not export it: consistent naming will be '
                    "required to export it.",
                    subgraph.locate(link.node),
                    f"@{name}",
                )
            )


def _compose(identity: str, wishes: Sequence[_Export], result: ComposedDirectives) -> None:
    """Take the definitions from the newest version; among equals, from the last subgraph."""
    newest = wishes[0]
    for wish in wishes:
        if (wish.link.version or (0, 0)) >= (newest.link.version or (0, 0)):
            newest = wish
    names = {wish.name: wish for wish in wishes}
    for name, wish in names.items():
        definition = newest.subgraph.directives.get(name)
        if definition is None:
            result.errors.append(
                CompositionError(
                    ErrorCode.DIRECTIVE_COMPOSITION_ERROR,
                    f'The specification "{_url(newest.link)}" in subgraph '
                    f'"{newest.subgraph.name}" does not have a directive definition for "@{name}", '
                    f'which subgraph "{wish.subgraph.name}" composes.',
                    tuple(_places([newest, wish])),
                    f"@{name}",
                )
            )
            continue
        result.definitions[name] = definition
    for wish in wishes:
        result.exporting.setdefault(wish.subgraph.name, set()).add(wish.name)
    imports = [
        _import(wish.element, name)
        for name, wish in sorted(names.items(), key=lambda item: item[1].element)
    ]
    arguments: dict[str, ValueNode] = {
        "url": string_value(_url(newest.link)),
        "import": ListValueNode(values=tuple(imports)),
    }
    result.links.append(AppliedDirective("link", arguments))


def _url(link: Link) -> str:
    return (
        f"{link.identity}/v{link.version[0]}.{link.version[1]}" if link.version else link.identity
    )


def _import(element: str, name: str) -> ValueNode:
    if element == name:
        return string_value(f"@{name}")
    members = {"name": f"@{element}", "as": f"@{name}"}
    return ObjectValueNode(
        fields=tuple(
            ObjectFieldNode(
                name=NameNode(value=key), value=StringValueNode(value=text, block=False)
            )
            for key, text in members.items()
        )
    )


def _places(wishes: Iterable[_Export]) -> Iterator[SourceLocation]:
    for wish in wishes:
        yield from wish.subgraph.locate(wish.node)
