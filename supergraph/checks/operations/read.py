"""Recorded files to known operations, each text once, whoever recorded it how often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from supergraph.checks.errors import CheckInputError
from supergraph.checks.finding import Client
from supergraph.checks.operations.documents import read_documents
from supergraph.checks.operations.manifests import read_manifest
from supergraph.checks.operations.model import KnownOperation
from supergraph.checks.operations.raw import RecordedFile, RecordKind
from supergraph.checks.operations.usage_file import read_usage
from supergraph.checks.settings import UsageSettings


def read_operations(
    files: Sequence[RecordedFile], settings: UsageSettings
) -> tuple[KnownOperation, ...]:
    """The operations of all files.

    Raises:
        CheckInputError: with every file that cannot be understood.
    """
    problems: list[str] = []
    found: list[KnownOperation] = []
    documents: dict[str | None, list[RecordedFile]] = {}
    usage: list[RecordedFile] = []
    for file in files:
        if file.kind is RecordKind.DIRECTORY:
            documents.setdefault(file.client, []).append(file)
        elif file.kind is RecordKind.USAGE:
            usage.append(file)
        else:
            try:
                found += read_manifest(file)
            except CheckInputError as error:
                problems += error.problems
    groups = [(read_documents, group) for group in documents.values()]
    if usage:
        groups.append((read_usage, usage))
    for read, group in groups:
        try:
            found += read(group)
        except CheckInputError as error:
            problems += error.problems
    if problems:
        raise CheckInputError(*problems)
    return tuple(_counting(_merged(found), settings))


def _merged(operations: Iterable[KnownOperation]) -> list[KnownOperation]:
    """Each text once, with the clients of all."""
    found: dict[str, KnownOperation] = {}
    for operation in operations:
        known = found.get(operation.text)
        if known is None:
            found[operation.text] = operation
        else:
            clients = _merged_clients((*known.clients, *operation.clients))
            found[operation.text] = replace(known, clients=clients)
    return list(found.values())


def _merged_clients(clients: Iterable[Client]) -> tuple[Client, ...]:
    counts: dict[tuple[str, str | None], int] = {}
    for client in clients:
        key = (client.name, client.version)
        counts[key] = counts.get(key, 0) + client.count
    return tuple(Client(name, version, count) for (name, version), count in counts.items())


def _counting(
    operations: Iterable[KnownOperation], settings: UsageSettings
) -> Iterable[KnownOperation]:
    """Without what the settings leave out: ignored clients, and what was hardly ever sent."""
    for operation in operations:
        clients = tuple(
            client
            for client in operation.clients
            if not any(fnmatchcase(client.name, name) for name in settings.ignored_clients)
        )
        if operation.clients and not clients:
            continue
        kept = replace(operation, clients=clients)
        if kept.count == 0 or kept.count >= settings.min_count:
            yield kept
