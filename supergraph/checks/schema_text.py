"""SDL to definitions, for two schemas at once: what is written alike in both is not even parsed.

Between two versions of a schema little differs, and parsing is nearly all the time a comparison
takes. So both texts are first cut into their definitions, by a scan that knows strings and
comments only; what stands alike in both is blanked out (its line breaks stay, so that places are
right), and the rest is parsed.

Why this is safe: a piece starts where a keyword of the type system begins a line or follows the end
of a definition, or at the description before it. Should the cut be wrong (a union with a member
named `type`), the piece before it ends too early, does not parse alone, and the whole text is
parsed instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    ExecutableDefinitionNode,
    GraphQLError,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    TypeNode,
)

from supergraph.definitions import ROOT_NAMES, SchemaDefinitions
from supergraph.parsing import parse
from supergraph.subgraph.from_ast import FeatureOf, fill_definitions
from supergraph.subgraph.load import MAX_TOKENS

_TOKENS = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""'  # a block string
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|\#[^\n]*"
    r"|[{}()\[\]]"
    r"|(?:^|(?<=[\"}]))[ \t,]*(?:extend\s+)?"
    r"(?P<keyword>type|interface|union|enum|scalar|input|directive|schema)\b"
    r"(?:\s*@?\s*(?P<name>[A-Za-z_]\w*))?",
    re.MULTILINE | re.DOTALL,
)
_NOT_LINE_BREAKS = re.compile(r"[^\n\r]+")
_NOTHING = re.compile(r"(?:[\s,\ufeff]|\#[^\n]*)*")

SCHEMA = "schema"
"""The key of schema definitions and extensions. A type of that name shares it: no harm done."""

BUILT_IN_SCALARS = frozenset({"Int", "Float", "String", "Boolean", "ID"})


class InvalidSchemaError(Exception):
    """A text is no schema; the message is one sentence that says why, fit for users."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Piece:
    """A definition of an SDL text: `key` tells what it defines, `start` and `end` where it is."""

    key: str
    start: int
    end: int


@lru_cache(maxsize=8)  # of the two texts at hand, and parts of them; each stage asks again
def pieces(sdl: str) -> tuple[Piece, ...]:
    """The definitions of the text, in their order; together they cover it up to comments."""
    starts: list[tuple[str, int]] = []
    depth = 0
    description: int | None = None
    for match in _TOKENS.finditer(sdl):
        keyword = match["keyword"]
        if keyword is not None:
            if depth == 0:
                start = match.start() if description is None else description
                starts.append((_key(keyword, match["name"]), start))
                description = None
            continue
        first = sdl[match.start()]
        if first in "{([":
            depth += 1
        elif first in "})]":
            depth -= 1
        elif first == '"' and depth == 0:
            description = match.start()
    ends = [*(start for _, start in starts[1:]), len(sdl)][: len(starts)]
    return tuple(Piece(key, start, end) for (key, start), end in zip(starts, ends, strict=True))


def _key(keyword: str, name: str | None) -> str:
    if keyword == SCHEMA:
        return SCHEMA
    return f"@{name}" if keyword == "directive" else name or ""


def without_common(
    old: str, new: str, keep: Callable[[str], bool] = lambda _: False
) -> tuple[str, str]:
    """Both texts with what they have in common blanked out; schema definitions always stay.

    A type or directive is in common if all its pieces (`extend type` included) are written alike
    and in the same order; `keep` says which text to leave in all the same.
    """
    common = {key for key, texts in common_texts(old, new).items() if not any(map(keep, texts))}
    return blanked(old, common), blanked(new, common)


def common_texts(old: str, new: str) -> dict[str, list[str]]:
    """The texts of the types and directives that are written alike in both, by their keys."""
    old_texts, new_texts = _by_key(old, pieces(old)), _by_key(new, pieces(new))
    return {
        key: texts
        for key, texts in old_texts.items()
        if key not in ("", SCHEMA) and new_texts.get(key) == texts
    }


def _by_key(sdl: str, found: Iterable[Piece]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for piece in found:
        texts.setdefault(piece.key, []).append(sdl[piece.start : piece.end].strip())
    return texts


def blanked(sdl: str, keys: Container[str]) -> str:
    """The text without the definitions that have these keys; all else keeps its place."""
    parts = []
    at = 0
    for piece in pieces(sdl):
        if piece.key in keys:
            parts += [sdl[at : piece.start], _blank(sdl[piece.start : piece.end])]
            at = piece.end
    return "".join([*parts, sdl[at:]])


def _blank(text: str) -> str:
    """As many lines, and columns in the last of them, with nothing in it."""
    breaks = _NOT_LINE_BREAKS.sub("", text)
    return breaks + " " * (len(text) - 1 - max(text.rfind("\n"), text.rfind("\r")))


def parse_differing(
    old: str,
    new: str,
    names: tuple[str, str],
    keep: Callable[[str], bool] = lambda _: False,
) -> tuple[DocumentNode, DocumentNode]:
    """Parse what differs between two texts, and what `keep` says; `names` are named in errors.

    Raises:
        InvalidSchemaError: if what is left of one is no schema.
    """
    rests = without_common(old, new, keep)
    try:
        first, second = (
            _parse(rest, sdl, name)
            for rest, sdl, name in zip(rests, (old, new), names, strict=True)
        )
    except InvalidSchemaError:
        # A wrong cut, or a wrong text: the whole texts tell.
        return parse_schema(old, names[0]), parse_schema(new, names[1])
    return first, second


def parse_schema(sdl: str, name: str) -> DocumentNode:
    """Parse the whole of an SDL text.

    Raises:
        InvalidSchemaError: if it is no schema: not GraphQL, operations, a name defined twice or not
            at all.
    """
    return _parse(sdl, sdl, name)


def schema_document(sdl: str, name: str) -> DocumentNode:
    """Only the schema definition and its extensions, which carry the links.

    Raises:
        InvalidSchemaError: if they are not GraphQL.
    """
    text = "\n".join(sdl[item.start : item.end] for item in pieces(sdl) if item.key == SCHEMA)
    try:
        document = parse(text, max_tokens=MAX_TOKENS) if text else DocumentNode(definitions=())
    except (GraphQLError, RecursionError):
        # Cut wrongly, or wrong itself.
        document = parse_schema(sdl, name)
    return document


def definitions(sdl: str, document: DocumentNode, feature: FeatureOf) -> SchemaDefinitions:
    """The definitions of a document that was parsed from `sdl`, or from what differs in it."""
    found = SchemaDefinitions()
    fill_definitions(found, document, feature)
    if not any(isinstance(node, SchemaDefinitionNode) for node in document.definitions):
        elsewhere = {piece.key for piece in pieces(sdl)}
        for operation, name in ROOT_NAMES.items():
            if name in elsewhere:
                found.roots.setdefault(operation, name)
    return found


def _parse(rest: str, sdl: str, name: str) -> DocumentNode:
    """Parse `rest`, which is `sdl` or what is left of it."""
    if rest is not sdl and _NOTHING.fullmatch(rest):
        return DocumentNode(definitions=())
    try:
        document = parse(rest, max_tokens=MAX_TOKENS)
    except GraphQLError as error:
        place = error.locations[0] if error.locations else None
        where = f" (line {place.line}, column {place.column})" if place else ""
        problem = error.message.removeprefix("Syntax Error: ").rstrip(".")
        raise InvalidSchemaError(f"{name} is no GraphQL schema: {problem}{where}.") from None
    except RecursionError:
        raise InvalidSchemaError(f"{name} is nested too deeply to be read.") from None
    for problem in _problems(document, {piece.key for piece in pieces(sdl)}):
        raise InvalidSchemaError(f"{name} is no GraphQL schema: {problem}.")
    return document


def _problems(document: DocumentNode, known: set[str]) -> Iterator[str]:
    """What keeps definitions from being compared; `known` are names defined elsewhere."""
    seen: set[str] = set()
    for node in document.definitions:
        line = node.loc.start_token.line if node.loc else 0
        if isinstance(node, ExecutableDefinitionNode):
            yield f"line {line} is an operation or a fragment"
        elif isinstance(node, TypeDefinitionNode | DirectiveDefinitionNode | SchemaDefinitionNode):
            what = _defined(node)
            if what in seen:
                yield f"line {line} defines {what} a second time"
            seen.add(what)
    known = known | {
        node.name.value
        for node in document.definitions
        if isinstance(node, TypeDefinitionNode | TypeExtensionNode)
    }
    links = any(
        directive.name.value in ("link", "core")
        for node in document.definitions
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
        for directive in node.directives or ()
    )
    for reference in () if links else _references(document):
        name = reference.name.value
        if name not in known and name not in BUILT_IN_SCALARS and not name.startswith("_"):
            line = reference.loc.start_token.line if reference.loc else 0
            yield f'line {line} refers to the type "{name}", which is not defined'


def _defined(node: TypeDefinitionNode | DirectiveDefinitionNode | SchemaDefinitionNode) -> str:
    if isinstance(node, SchemaDefinitionNode):
        return "the schema"
    at = "@" if isinstance(node, DirectiveDefinitionNode) else ""
    return f'"{at}{node.name.value}"'


def _references(document: DocumentNode) -> Iterator[NamedTypeNode]:
    """The references to types, in their order."""
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode):
            yield from (operation.type for operation in node.operation_types)
        yield from getattr(node, "interfaces", None) or ()
        yield from getattr(node, "types", None) or ()
        for member in (
            *(getattr(node, "fields", None) or ()),
            *(getattr(node, "arguments", None) or ()),
        ):
            yield _named(member.type)
            for argument in getattr(member, "arguments", None) or ():
                yield _named(argument.type)


def _named(node: TypeNode) -> NamedTypeNode:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)  # noqa: S101 - the three kinds are all there are
    return node
