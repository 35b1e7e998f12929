"""Read what a user points at, a file or a URL, whole and with a limit.

Every way this fails ends in one sentence that says what to do. A URL's user, password and query
never get into it: they may be secrets.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import httpx

from subgraph_kit.errors import ConfigurationError

MAX_BYTES = 128 * 1024 * 1024
"""The largest document read: the largest published ones have some 80 MB, all references inlined."""

_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes, and where they came from in the end: an absolute path or URL."""

    body: bytes
    uri: str
    media_type: str = ""


def is_url(location: str) -> bool:
    """Whether this is to be asked for by HTTP."""
    return location.lower().startswith(("http://", "https://"))


def shown(location: str) -> str:
    """A location as it may stand in an error: no user, no password, no query."""
    if not is_url(location):
        return location
    parts = urlsplit(location)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


async def fetch(location: str, *, what: str, max_bytes: int = MAX_BYTES) -> Fetched:
    """Read a file or URL; `what` says what was expected there ("an OpenAPI document").

    Raises:
        ConfigurationError: if it cannot be read, is empty, or has more than `max_bytes`.
    """
    if is_url(location):
        fetched = await _fetch_url(location, what, max_bytes)
    elif "://" in location and not location.startswith("file://"):
        raise ConfigurationError(
            f"{shown(location)} cannot be read: give a path, or an http:// or https:// URL"
        )
    else:
        fetched = await asyncio.to_thread(_read_file, location, what, max_bytes)
    if not fetched.body.strip():
        raise ConfigurationError(f"{shown(location)} is empty; {what} was expected there")
    return fetched


def _read_file(location: str, what: str, max_bytes: int) -> Fetched:
    text = unquote(urlsplit(location).path) if location.startswith("file://") else location
    path = Path(text).expanduser()
    try:
        with path.open("rb") as file:
            body = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise ConfigurationError(
            f"there is no file {location}; {what} was expected there: check the path"
        ) from None
    except IsADirectoryError:
        raise ConfigurationError(
            f"{location} is a directory; name the file that is {what}"
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        raise ConfigurationError(f"{location} cannot be read: {reason}") from None
    _check_size(len(body), location, max_bytes)
    return Fetched(body, str(path.resolve()))


async def _fetch_url(location: str, what: str, max_bytes: int) -> Fetched:
    place = shown(location)
    chunks: list[bytes] = []
    size = 0
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=_TIMEOUT_SECONDS) as client,
            client.stream("GET", location, headers={"User-Agent": "dictamesh"}) as response,
        ):
            if response.status_code in (401, 403):
                raise ConfigurationError(
                    f"{place} answered HTTP {response.status_code}: it wants credentials; download "
                    f"{what} and give the file's path"
                )
            if not response.is_success:
                raise ConfigurationError(
                    f"{place} answered HTTP {response.status_code}; {what} was expected there: "
                    "check the URL"
                )
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                _check_size(size, place, max_bytes)
                chunks.append(chunk)
            media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Fetched(b"".join(chunks), str(response.url), media_type)
    except httpx.TimeoutException:
        raise ConfigurationError(
            f"{place} did not answer within {_TIMEOUT_SECONDS:g} s: check the URL, or give a file"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise ConfigurationError(
            f"{place} cannot be reached: check the URL and the network, or give a file"
        ) from None


def _check_size(size: int, place: str, max_bytes: int) -> None:
    if size > max_bytes:
        raise ConfigurationError(
            f"{shown(place)} has more than {max_bytes // (1024 * 1024)} MiB, which is more than "
            "is read; give a smaller document"
        )
