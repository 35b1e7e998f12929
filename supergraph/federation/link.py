"""`@link`: which specifications a schema uses, in which version, under which names.

A link gives a specification a namespace and may import single elements under other names. This
module reads the links of a schema and answers one question: what is the local name of an element?

Source: https://specs.apollo.dev/link/v1.0
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphql import (
    DirectiveNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)

LINK_IDENTITY = "https://specs.apollo.dev/link"
_URL = re.compile(r"^(?P<identity>.*?)/v(?P<major>\d{1,9})\.(?P<minor>\d{1,9})$")
_NAME = re.compile(r"^[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9-])?$")


class LinkError(ValueError):
    """A `@link` that cannot be understood; the message says why and is fit for users."""

    def __init__(self, message: str, node: Node, *, invalid_identifier: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.node = node
        self.invalid_identifier = invalid_identifier


@dataclass(frozen=True, slots=True)
class Link:
    """One `@link`. `imports` maps an element as its specification names it to its local name.

    Directive names in `imports` start with `@` on both sides; `version` is None
    if the URL has none.
    """

    identity: str
    name: str
    version: tuple[int, int] | None
    alias: str | None = None
    imports: dict[str, str] = field(default_factory=dict)
    purpose: str | None = None
    node: Node | None = None

    @property
    def namespace(self) -> str:
        """The prefix of elements that are not imported."""
        return self.alias or self.name

    def directive_name(self, plain: str) -> str:
        """The local name of a directive, without `@`."""
        imported = self.imports.get(f"@{plain}")
        if imported is not None:
            return imported.removeprefix("@")
        return self.namespace if plain == self.name else f"{self.namespace}__{plain}"

    def type_name(self, plain: str) -> str:
        """The local name of a type."""
        return self.imports.get(plain) or f"{self.namespace}__{plain}"


def link_directive_name(directives: Iterable[DirectiveNode]) -> str:
    """How the schema calls `@link` itself: it may rename it by linking the link specification."""
    for node in directives:
        arguments = _arguments(node)
        url = arguments.get("url")
        if isinstance(url, StringValueNode) and url.value.startswith(f"{LINK_IDENTITY}/"):
            try:
                link = parse_link(node)
            except LinkError:
                continue
            if link.directive_name("link") == node.name.value:
                return node.name.value
    return "link"


def parse_link(node: DirectiveNode) -> Link:
    """Read one application of `@link`.

    Raises:
        LinkError: if arguments are missing or not of the form the specification asks for.
    """
    arguments = _arguments(node)
    name = node.name.value
    url = arguments.get("url")
    if not isinstance(url, StringValueNode):
        raise LinkError(
            f'Invalid @{name}: argument "url" must be a string such as '
            f'"https://specs.apollo.dev/federation/v2.9".',
            node,
        )
    identity, spec_name, version = _parse_url(url.value, node)
    alias = arguments.get("as")
    if alias is not None and not isinstance(alias, StringValueNode):
        raise LinkError(f'Invalid @{name}: argument "as" must be a string.', node)
    local = alias.value if isinstance(alias, StringValueNode) else None
    if local is not None and (local.startswith("@") or "__" in local or not _NAME.match(local)):
        raise LinkError(
            f'Invalid @{name}: "{local}" cannot be used as a namespace; use letters, digits and '
            "single underscores, without a leading @.",
            node,
        )
    purpose = arguments.get("for")
    return Link(
        identity=identity,
        name=spec_name,
        version=version,
        alias=local,
        imports=_checked_imports(arguments.get("import"), node),
        purpose=getattr(purpose, "value", None),
        node=node,
    )


def _arguments(node: DirectiveNode) -> dict[str, ValueNode]:
    return {argument.name.value: argument.value for argument in node.arguments or ()}


def _parse_url(url: str, node: Node) -> tuple[str, str, tuple[int, int] | None]:
    match = _URL.match(url)
    if match is None and _URL.match(url.rstrip("/")):
        raise LinkError(
            f'Invalid @link: the url "{url}" must end with its version, without a slash.',
            node,
            invalid_identifier=True,
        )
    if match is None:
        identity = url.rstrip("/")
        return identity, identity.rsplit("/", 1)[-1], None
    identity = match["identity"]
    name = identity.rsplit("/", 1)[-1]
    if not name:
        raise LinkError(f'Invalid @link: the url "{url}" names no specification.', node)
    return identity, name, (int(match["major"]), int(match["minor"]))


def _checked_imports(value: ValueNode | None, node: Node) -> dict[str, str]:
    imports = dict(_imports(value, node))
    taken: dict[str, str] = {}
    for element, local in imports.items():
        other = taken.setdefault(local, element)
        if other != element:
            raise LinkError(
                f'Cannot import "{element}" as "{local}" since it was previously imported for '
                f'"{other}". Please rename the import to avoid conflicts via "as".',
                node,
            )
    return imports


def _imports(value: ValueNode | None, node: Node) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if not isinstance(value, ListValueNode):
        raise LinkError('Invalid @link: argument "import" must be a list.', node)
    for item in value.values:
        if isinstance(item, StringValueNode):
            yield item.value, item.value
            continue
        if not isinstance(item, ObjectValueNode):
            raise LinkError(
                'Invalid @link: each item of "import" must be a string or an object '
                "{ name:, as: }.",
                node,
            )
        members = {
            member.name.value: member.value.value
            for member in item.fields
            if isinstance(member.value, StringValueNode)
        }
        if (
            "name" not in members
            or len(members) != len(item.fields)
            or members.keys()
            - {
                "name",
                "as",
            }
        ):
            raise LinkError(
                'Invalid @link: an import object has the strings "name" and, if renamed, "as".',
                node,
            )
        element, local = members["name"], members.get("as", members["name"])
        if element.startswith("@") and not local.startswith("@"):
            raise LinkError(
                f'Invalid @link import renaming: directive "{element}" imported name should start '
                f"with a '@' character, but got \"{local}\".",
                node,
            )
        if local.startswith("@") and not element.startswith("@"):
            raise LinkError(
                f'Invalid @link import renaming: type "{element}" imported name should not start '
                f"with a '@' character, but got \"{local}\".",
                node,
            )
        yield element, local
