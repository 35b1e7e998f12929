"""Where subgraph SDL comes from: a file, a URL, a running subgraph, or the configuration itself.

A running subgraph is asked `{ _service { sdl } }`; a URL may also answer with SDL itself, as the
web server of a schema registry or a repository does. All are asked at once.
"""

from __future__ import annotations

import glob
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from supergraph.config import ConfigError, SubgraphConfig
from supergraph.source_parts import join_files
from supergraph.subgraph.given import SubgraphInput

if TYPE_CHECKING:
    import httpx  # takes longer to import than most commands take, and files need none of it

MAX_SDL_BYTES = 50_000_000
"""The largest answer or file that is read; the largest real schemas have a few MB."""

REQUEST_TIMEOUT_SECONDS = 30.0
_QUERY = {"query": "query SubgraphSdl { _service { sdl } }"}


def read_subgraphs(configs: Sequence[SubgraphConfig]) -> list[SubgraphInput]:
    """Fetch the SDL of every subgraph.

    Raises:
        ConfigError: with one sentence per subgraph that could not be read.
    """
    remote = [config for config in configs if config.is_remote]
    answers: Iterator[SubgraphInput | str] = iter(())
    if remote:
        # Importing it takes longer than reading files does, and files do not need it.
        import asyncio

        answers = iter(asyncio.run(_read_remote(remote)))
    found = [next(answers) if config.is_remote else _read_here(config) for config in configs]
    problems = [item for item in found if isinstance(item, str)]
    if problems:
        raise ConfigError(problems)
    return [item for item in found if isinstance(item, SubgraphInput)]


def _read_here(config: SubgraphConfig) -> SubgraphInput | str:
    """The input of what is in files, or a sentence that says why there is none."""
    try:
        if config.file is not None:
            sdl = _read_file(config.file)
            return SubgraphInput(config.name, config.url, sdl, shown_path(config.file))
        if config.files:
            sdl, parts = join_files(_read_files(config.files))
            return SubgraphInput(config.name, config.url, sdl, parts=parts)
    except _SourceError as error:
        return f'Subgraph "{config.name}": {error}'
    return SubgraphInput(config.name, config.url, config.sdl or "")


async def _read_remote(configs: Sequence[SubgraphConfig]) -> list[SubgraphInput | str]:
    import asyncio

    import httpx

    async with httpx.AsyncClient(timeout=REQUEST_TIMEOUT_SECONDS, follow_redirects=True) as client:
        return await asyncio.gather(*(_read_there(config, client) for config in configs))


async def _read_there(config: SubgraphConfig, client: httpx.AsyncClient) -> SubgraphInput | str:
    """The input of what a server has, or a sentence that says why there is none."""
    try:
        if config.subgraph_url is not None:
            return SubgraphInput(config.name, config.url, await _ask(config, client))
        return SubgraphInput(config.name, config.url, await _get(config, client))
    except _SourceError as error:
        return f'Subgraph "{config.name}": {error}'


class _SourceError(Exception):
    """Why SDL could not be had."""


def shown_path(path: Path) -> str:
    """The path as messages name it: from the working directory if it is below that."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def matching_files(pattern: Path) -> list[Path]:
    """The files that a path or pattern names, sorted; a plain path whether it exists or not."""
    if not glob.has_magic(str(pattern)):
        return [pattern]
    relative = pattern.relative_to(pattern.anchor)
    return sorted(path for path in Path(pattern.anchor).glob(str(relative)) if path.is_file())


def _read_files(patterns: Sequence[Path]) -> list[tuple[str, str]]:
    """The name and text of every file that the patterns find, each once."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        matching = matching_files(pattern)
        if not matching:
            raise _SourceError(f"no file matches {shown_path(pattern)}.")
        found |= dict.fromkeys(matching)
    return [(shown_path(path), _read_file(path)) for path in found]


def _read_file(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_SDL_BYTES:
            raise _SourceError(f"{shown_path(path)} is larger than {MAX_SDL_BYTES} bytes.")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _SourceError(
            f"there is no file {shown_path(path)}. Paths count from the configuration file."
        ) from None
    except UnicodeDecodeError:
        raise _SourceError(f"{shown_path(path)} is not UTF-8 text.") from None
    except OSError as error:
        raise _SourceError(f"{shown_path(path)} cannot be read: {error.strerror}.") from error


async def _ask(config: SubgraphConfig, client: httpx.AsyncClient) -> str:
    url = config.subgraph_url or ""
    body, status = await _fetch(client, "POST", url, config.headers, _QUERY)
    return _sdl_of(body, status, without_secrets(url))


async def _get(config: SubgraphConfig, client: httpx.AsyncClient) -> str:
    url = config.schema_url or ""
    shown = without_secrets(url)
    body, status = await _fetch(client, "GET", url, config.headers)
    if not 200 <= status < 300:
        raise _SourceError(f"{shown} answered with HTTP {status} and not with SDL.")
    if _is_html(body):
        raise _SourceError(
            f"{shown} answered with an HTML page and not with SDL. Is this the address of the file "
            "itself?"
        )
    if body.lstrip().startswith(b'{"'):
        raise _SourceError(
            f"{shown} answered with JSON and not with SDL. A running subgraph is named by "
            "subgraph_url, not by url."
        )
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        raise _SourceError(f"{shown} answered with something that is not UTF-8 text.") from None


async def _fetch(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: Mapping[str, str] | None = None,
) -> tuple[bytes, int]:
    """Body and status of the answer, whatever they are."""
    import asyncio

    import httpx

    shown = without_secrets(url)
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
            async with client.stream(method, url, json=content, headers=dict(headers)) as response:
                return await _limited(response), response.status_code
    except TimeoutError:
        raise _SourceError(
            f"{shown} did not answer within {REQUEST_TIMEOUT_SECONDS:.0f} seconds."
        ) from None
    except httpx.ConnectError:
        raise _SourceError(f"nothing listens at {shown}. Is the subgraph running?") from None
    except httpx.UnsupportedProtocol:
        raise _SourceError(f'"{shown}" is no URL: it starts with http:// or https://.') from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # The text of the exception may repeat the URL with its credentials.
        raise _SourceError(f"{shown} could not be asked ({type(error).__name__}).") from None


def _is_html(body: bytes) -> bool:
    return body[:200].lstrip().startswith(b"<")


async def _limited(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_SDL_BYTES:
            raise _SourceError(f"the answer is larger than {MAX_SDL_BYTES} bytes.")
    return bytes(body)


def _sdl_of(body: bytes, status: int, shown: str) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        instead = "an HTML page instead of JSON" if _is_html(body) else "no JSON"
        raise _SourceError(
            f"{shown} answered with HTTP {status} and {instead}. Is this the address of a GraphQL "
            "server?"
        ) from None
    data = answer.get("data") if isinstance(answer, dict) else None
    service = data.get("_service") if isinstance(data, dict) else None
    sdl = service.get("sdl") if isinstance(service, dict) else None
    if isinstance(sdl, str):
        return sdl
    errors = answer.get("errors") if isinstance(answer, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    said = first.get("message") if isinstance(first, dict) else None
    reason = f': "{str(said)[:200]}"' if said else ""
    raise _SourceError(
        f"{shown} answered with HTTP {status} and no _service.sdl{reason}. A subgraph must answer "
        "{ _service { sdl } }."
    )


def without_secrets(url: str) -> str:
    """The URL as messages name it, without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    return urlunsplit((parts.scheme, host + port, parts.path, "", ""))
