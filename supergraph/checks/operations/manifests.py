"""Manifests of persisted documents: Apollo's form and Relay's.

Apollo:  {"format": "apollo-persisted-query-manifest", "version": 1,
          "operations": [{"id": …, "name": …, "type": "query", "body": …, "clientName": …}]}
Relay:   {"<hash>": "query …", …}   (also as a list of pairs)
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from graphql import OperationDefinitionNode

from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Client
from supergraph.checks.operations.documents import parse_operations
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.raw import RecordedFile
from supergraph.source_parts import SourcePart

_APOLLO = "apollo-persisted-query-manifest"


def read_manifest(file: RecordedFile) -> list[KnownOperation]:
    """Every operation of a manifest.

    Raises:
        CheckInputError: if it is no manifest, or one of its documents does not parse.
    """
    text = file.text()
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise CheckInputError(
            f"{file.name}:{error.lineno}: the manifest is no JSON: {error.msg}."
        ) from None
    except RecursionError:
        raise CheckInputError(f"{file.name}:1: the manifest is nested too deeply.") from None
    lines = _Lines(text)
    found: list[KnownOperation] = []
    problems: list[str] = []
    for identifier, body, name, client in _entries(document, file):
        line = lines.of(identifier)
        try:
            found += _operations(identifier, body, name, client or file.client, file.name, line)
        except CheckInputError as error:
            problems.append(
                f"{file.name}:{line}: the document {identifier[:64]} does not parse: "
                f"{error.problems[0].partition(': ')[2]}"
            )
    if problems:
        raise CheckInputError(*problems)
    if not found:
        raise CheckInputError(f"{file.name}:1: the manifest has no operations.")
    return found


def _entries(
    document: Any, file: RecordedFile
) -> Iterator[tuple[str, str, str | None, str | None]]:
    """Id, document, name and client of each entry."""
    if isinstance(document, dict) and document.get("format") == _APOLLO:
        if document.get("version") != 1:
            raise CheckInputError(
                f"{file.name}:1: version {document.get('version')!r} of Apollo's manifest is not "
                "known; version 1 is."
            )
        operations = document.get("operations")
        if not isinstance(operations, list):
            raise CheckInputError(f'{file.name}:1: the manifest has no list "operations".')
        for item in operations:
            if (
                not isinstance(item, dict)
                or not isinstance(item.get("id"), str)
                or not isinstance(item.get("body"), str)
            ):
                raise CheckInputError(
                    f'{file.name}:1: every operation of the manifest needs an "id" and a "body".'
                )
            name, client = item.get("name"), item.get("clientName")
            yield (
                item["id"],
                item["body"],
                name if isinstance(name, str) else None,
                client if isinstance(client, str) else None,
            )
        return
    pairs = document.items() if isinstance(document, dict) else document
    if not isinstance(document, dict | list) or not all(
        isinstance(pair, tuple | list)
        and len(pair) == 2
        and all(isinstance(item, str) for item in pair)
        for pair in pairs
    ):
        raise CheckInputError(
            f"{file.name}:1: this is no manifest of persisted documents; Apollo's form "
            f'("format": "{_APOLLO}") and Relay\'s (hash to text) are known.'
        )
    for identifier, body in pairs:
        yield identifier, body, None, None


def _operations(
    identifier: str, body: str, name: str | None, client: str | None, file: str, line: int
) -> Iterator[KnownOperation]:
    document = parse_operations(body, file)
    definitions = [n for n in document.definitions if isinstance(n, OperationDefinitionNode)]
    if not definitions:
        raise CheckInputError(f"{file}: the document has no operation.")
    # Of a document with several operations the client runs the one that the entry names.
    named = [n for n in definitions if n.name is not None and n.name.value == name]
    chosen = named[0] if named else definitions[0]
    clients = (Client(client),) if client else ()
    parts = tuple(SourcePart(number, file, line) for number in range(1, body.count("\n") + 2))
    yield KnownOperation(
        identifier, chosen.name.value if chosen.name else name, body, parts, clients
    )


class _Lines:
    """On which line of the manifest an id stands, going forward."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._line = 1

    def of(self, identifier: str) -> int:
        wanted = json.dumps(identifier, ensure_ascii=False)
        position = self._text.find(wanted, self._position)
        if position >= 0:
            self._line += self._text.count("\n", self._position, position)
            self._position = position
        return self._line
