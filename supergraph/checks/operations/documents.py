"""Operations in .graphql files: each with the fragments it uses, from whichever file.

Tools such as Apollo's and Relay's let an operation use fragments of other files, and want fragment
names to be unique. So a fragment is looked for in the operation's own file first, then in all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from graphql import (
    DefinitionNode,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSyntaxError,
    Node,
    OperationDefinitionNode,
    Source,
)

from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Client
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.raw import RecordedFile
from supergraph.checks.store import digest
from supergraph.parsing import parse
from supergraph.source_parts import SourcePart

MAX_TOKENS = 200_000


@dataclass(frozen=True, slots=True)
class _Fragment:
    file: str
    text: str
    node: FragmentDefinitionNode


def read_documents(files: Sequence[RecordedFile]) -> list[KnownOperation]:
    """Every operation of the files.

    Raises:
        CheckInputError: for files that do not parse, and fragments that are nowhere.
    """
    problems: list[str] = []
    parsed: list[tuple[RecordedFile, str, DocumentNode]] = []
    for file in files:
        text = file.text().replace("\r\n", "\n").replace("\r", "\n")
        try:
            parsed.append((file, text, parse_operations(text, file.name)))
        except CheckInputError as error:
            problems += error.problems
    everywhere: dict[str, _Fragment] = {}
    for file, text, document in parsed:
        for node in _fragments(document.definitions):
            everywhere.setdefault(node.name.value, _Fragment(file.name, text, node))
    found: list[KnownOperation] = []
    for file, text, document in parsed:
        own = {
            node.name.value: _Fragment(file.name, text, node)
            for node in _fragments(document.definitions)
        }
        for definition in document.definitions:
            if not isinstance(definition, OperationDefinitionNode):
                continue
            needed, missing = _needed(definition, own, everywhere)
            problems += [
                f'{file.name}:{_line(definition)}: the fragment "{name}" is in none of the files.'
                for name in missing
            ]
            found.append(_operation(definition, file, text, needed))
    if problems:
        raise CheckInputError(*problems)
    if not found:
        raise CheckInputError(f"{files[0].name}: there is no operation in these files.")
    return found


def parse_operations(text: str, name: str) -> DocumentNode:
    """Parse a document of operations and fragments.

    Raises:
        CheckInputError: with file and line, if it is none.
    """
    try:
        document = parse(Source(text, name), max_tokens=MAX_TOKENS)
    except GraphQLSyntaxError as error:
        place = error.locations[0].line if error.locations else 1
        raise CheckInputError(f"{name}:{place}: {error.message}") from None
    except (GraphQLError, RecursionError):
        raise CheckInputError(f"{name}:1: the document is nested too deeply to be read.") from None
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            raise CheckInputError(
                f"{name}:{_line(node)}: this defines a type or directive; only operations and "
                "fragments belong here."
            )
    return document


def _fragments(definitions: Iterable[DefinitionNode]) -> Iterator[FragmentDefinitionNode]:
    return (node for node in definitions if isinstance(node, FragmentDefinitionNode))


def _needed(
    operation: OperationDefinitionNode, own: dict[str, _Fragment], everywhere: dict[str, _Fragment]
) -> tuple[list[_Fragment], list[str]]:
    needed: dict[str, _Fragment] = {}
    missing: dict[str, None] = {}
    pending = list(_spreads(operation))
    while pending:
        name = pending.pop(0)
        if name in needed or name in missing:
            continue
        fragment = own.get(name) or everywhere.get(name)
        if fragment is None:
            missing[name] = None
            continue
        needed[name] = fragment
        pending += _spreads(fragment.node)
    return list(needed.values()), list(missing)


def _spreads(node: Node) -> Iterator[str]:
    """The names of fragments spread anywhere in a node."""
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, FragmentSpreadNode):
            yield current.name.value
        selections = getattr(getattr(current, "selection_set", None), "selections", ())
        pending += selections


def _operation(
    node: OperationDefinitionNode, file: RecordedFile, text: str, fragments: list[_Fragment]
) -> KnownOperation:
    pieces: list[str] = []
    parts: list[SourcePart] = []
    line = 1
    for name, whole, definition in (
        (file.name, text, node),
        *((item.file, item.text, item.node) for item in fragments),
    ):
        piece = _text_of(definition, whole)
        parts.append(SourcePart(line, name, _line(definition)))
        pieces.append(piece)
        line += piece.count("\n")
    joined = "".join(pieces)
    clients = (Client(file.client),) if file.client else ()
    return KnownOperation(
        digest([joined]), node.name.value if node.name else None, joined, tuple(parts), clients
    )


def _text_of(node: DefinitionNode, whole: str) -> str:
    """The definition as written, in the columns it was written in, with a line end."""
    assert node.loc is not None  # noqa: S101 - parsed with places
    column = node.loc.start_token.column - 1
    return " " * column + whole[node.loc.start : node.loc.end] + "\n"


def _line(node: Node) -> int:
    return node.loc.start_token.line if node.loc is not None else 1
