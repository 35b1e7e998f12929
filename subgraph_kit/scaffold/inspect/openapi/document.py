"""From bytes to the trees of an OpenAPI document and of the files it refers to.

References to other files are followed where the first document came from: files for a file, the
same origin for a URL. They are all loaded before anything is read, so that reading does no I/O.
"""

from __future__ import annotations

import asyncio
import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin, urlsplit

import orjson

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.fetch import Fetched, fetch, is_url, shown
from subgraph_kit.scaffold.inspect.openapi.yaml_tree import YamlError, read_yaml

WHAT = "an OpenAPI document"

_MAX_LENIENT_BYTES = 4 * 1024 * 1024
"""How much of what is no JSON is tried as YAML that looks like it; more would take minutes."""
_MAX_FILES = 2_000
_MAX_TOTAL_BYTES = 256 * 1024 * 1024
_FOREIGN_REF = re.compile(rb"""\$ref["']?\s*:\s*["']?[^"'#\s]""")
"""Whether it is worth to walk a tree in search of references to other files."""

Tree = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Documents:
    """All files of one API description by URI; `root` is the one that was asked for.

    `unread` says of files that are referred to but cannot be had why that is.
    """

    root: str
    trees: dict[str, Any]
    version: str
    unread: dict[str, str]

    @property
    def tree(self) -> Tree:
        """The document itself."""
        tree: Tree = self.trees[self.root]
        return tree


async def load_documents(location: str) -> Documents:
    """Read the document at a path or URL, and what it refers to.

    Raises:
        ConfigurationError: if it is no OpenAPI document of a version that is read.
    """
    fetched = await fetch(location, what=WHAT)
    tree = await asyncio.to_thread(_parse, fetched, shown(location))
    version = _version(tree, shown(location))
    trees: dict[str, Any] = {fetched.uri: tree}
    unread: dict[str, str] = {}
    waiting = [fetched] if _FOREIGN_REF.search(fetched.body) else []
    total = len(fetched.body)
    while waiting:
        current = waiting.pop()
        for uri in sorted(_foreign_files(trees[current.uri], current.uri)):
            if uri in trees or uri in unread:
                continue
            if not _may_follow(fetched.uri, uri):
                unread[uri] = "it is on another host, which is not asked"
                continue
            if len(trees) >= _MAX_FILES or total > _MAX_TOTAL_BYTES:
                raise ConfigurationError(
                    f"{shown(location)} refers to more files than are read ({_MAX_FILES:,} files, "
                    f"{_MAX_TOTAL_BYTES // 1024**2} MiB); bundle it into one document first"
                )
            try:
                part = await fetch(uri, what="a part of an OpenAPI document")
                trees[uri] = await asyncio.to_thread(_parse, part, shown(uri))
            except ConfigurationError as error:
                unread[uri] = str(error)
                continue
            total += len(part.body)
            if _FOREIGN_REF.search(part.body):
                waiting.append(Fetched(part.body, uri))
    return Documents(fetched.uri, trees, version, unread)


def join_reference(base: str, reference: str) -> tuple[str, str]:
    """The (URI, JSON pointer) that a `$ref` found in the document `base` means."""
    target, fragment = urldefrag(reference)
    if not target:
        return base, unquote(fragment)
    if is_url(base) or is_url(target):
        return urljoin(base, target), unquote(fragment)
    path = Path(unquote(urlsplit(target).path if target.startswith("file://") else target))
    return str((Path(base).parent / path).resolve()), unquote(fragment)


def _may_follow(root: str, uri: str) -> bool:
    if not is_url(root):
        return not is_url(uri)
    return is_url(uri) and urlsplit(root)[:2] == urlsplit(uri)[:2]


def _foreign_files(tree: Any, uri: str) -> set[str]:
    found: set[str] = set()
    stack = [tree]
    seen: set[int] = set()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        if isinstance(node, dict):
            seen.add(id(node))
            reference = node.get("$ref")
            if isinstance(reference, str) and reference and not reference.startswith("#"):
                with suppress(ValueError):  # said where it is read
                    found.add(join_reference(uri, reference)[0])
            stack += [member for member in node.values() if isinstance(member, dict | list)]
        elif isinstance(node, list):
            seen.add(id(node))
            stack += [member for member in node if isinstance(member, dict | list)]
    found.discard(uri)
    return found


def _parse(fetched: Fetched, place: str) -> Any:
    body = fetched.body.removeprefix(b"\xef\xbb\xbf")
    start = body[:512].lstrip()
    if start[:1] == b"<":
        kind = "HTML" if b"html" in start.lower() else "XML"
        raise ConfigurationError(
            f"{place} is {kind}, not {WHAT}: give the address of the JSON or YAML file itself, "
            "which documentation pages link to"
        )
    if b"\0" in start and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise ConfigurationError(f"{place} is no text; {WHAT} is JSON or YAML")
    with _no_garbage_collection():
        if start[:1] in (b"{", b"["):
            try:
                return orjson.loads(body)
            except orjson.JSONDecodeError as error:
                at = f"line {error.lineno}, column {error.colno}"
                # YAML allows what JSON does not: comments, a comma at the end, single quotes.
                problem = f"it is broken at {at}"
                if len(body) > _MAX_LENIENT_BYTES:
                    raise ConfigurationError(
                        f"{place} cannot be read as JSON: {problem}; is the file complete?"
                    ) from None
        else:
            problem = ""
        try:
            return read_yaml(body)
        except YamlError as error:
            problem = problem or str(error)
    raise ConfigurationError(
        f"{place} cannot be read as JSON or YAML: {problem}; is the file complete?"
    )


def _version(tree: Any, place: str) -> str:
    if not isinstance(tree, dict):
        raise ConfigurationError(f"{place} is not {WHAT}: it has no members such as 'openapi'")
    stated = tree.get("openapi", tree.get("swagger"))
    version = str(stated) if isinstance(stated, str | int | float) else ""
    if "openapi" in tree and re.match(r"3\.[012](\.|$)", version):
        return version
    if "swagger" in tree and re.match(r"2(\.|$)", version):
        return "2.0"
    if stated is not None:
        named = "Swagger" if "swagger" in tree else "OpenAPI"
        raise ConfigurationError(
            f"{place} says it is {named} {version[:20] or '(no version)'}; OpenAPI 3.0, 3.1 and "
            "Swagger 2.0 are read: convert it first"
        )
    raise ConfigurationError(
        f"{place} is not {WHAT}: it has neither 'openapi: 3.x' nor 'swagger: \"2.0\"' at the top"
        + _looks_like(tree)
    )


def _looks_like(tree: Tree) -> str:
    if "asyncapi" in tree:
        return "; it is an AsyncAPI document"
    if "__schema" in tree or "__schema" in (tree.get("data") or ()):
        return "; it is a GraphQL introspection result: use graphql:"
    if "$schema" in tree:
        return "; it is a JSON Schema"
    if "info" in tree and "item" in tree:
        return "; it is a Postman collection: export it as OpenAPI"
    return ""


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Millions of new values that stay make the collector walk them over and over."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def pointer_text(*tokens: str | int) -> str:
    """A JSON pointer of these reference tokens (RFC 6901), readable: `/paths/~1users`."""
    return "".join(f"/{str(t).replace('~', '~0').replace('/', '~1')}" for t in tokens)


def place_text(root: str, uri: str, pointer: str) -> str:
    """A place as a note shows it: `#/paths/~1users`, or `users.yaml#/User` in another file."""
    if uri == root:
        return f"#{pointer}"
    name = urlsplit(uri).path.rpartition("/")[2] if is_url(uri) else Path(uri).name
    return f"{quote(name, safe='')}#{pointer}"
