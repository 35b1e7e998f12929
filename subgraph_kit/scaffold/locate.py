"""What stands behind `--from`: the kind of source and where it is, with and without password."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from subgraph_kit.errors import ConfigurationError

KINDS = (
    "openapi", "postgres", "mysql", "sqlite", "csv", "parquet", "jsonl", "graphql", "blank",
)  # fmt: skip
_ALIASES = {
    "postgresql": "postgres",
    "mariadb": "mysql",
    "sqlite3": "sqlite",
    "swagger": "openapi",
    "ndjson": "jsonl",
}
_SQL = ("postgres", "mysql", "sqlite")
_FILES = ("csv", "parquet", "jsonl")
_SECRETS = re.compile(r"pass(word|wd)?|secret|token|api_?key|sslpassword|sig(nature)?", re.I)


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """A kind of `KINDS` and a location; a location of a file is relative to `root` unless absolute.

    `location` is what a reader takes and may hold a password; `public` is what may be written down.
    """

    kind: str
    location: str

    @property
    def is_sql(self) -> bool:
        """Whether it is a database."""
        return self.kind in _SQL

    @property
    def public(self) -> str:
        """The location without what is secret."""
        return without_secrets(self.location)

    @property
    def path(self) -> str | None:
        """The path, where the location is a file on this machine."""
        if self.kind == "sqlite":
            return self.location.removeprefix("sqlite:///") or None
        if "://" in self.location or self.kind in ("postgres", "mysql", "blank"):
            return None
        return self.location

    def moved(self, before: Path, after: Path) -> SourcePlace:
        """The same place, with a relative path seen from another directory."""
        path = self.path
        if path is None or Path(path).is_absolute() or path == ":memory:":
            return self
        moved = Path(os.path.relpath((before / path).absolute(), after.absolute())).as_posix()
        return SourcePlace(self.kind, f"sqlite:///{moved}" if self.kind == "sqlite" else moved)


def parse_place(text: str) -> SourcePlace:
    """Read `kind:location`; an address says its kind by itself (`postgresql://...`).

    Raises:
        ConfigurationError: with the forms there are.
    """
    kind, _, location = text.partition(":")
    kind = kind.strip().lower()
    kind = _ALIASES.get(kind, kind)
    base = kind.partition("+")[0]
    if location.startswith("//") and _ALIASES.get(base, base) in _SQL:
        kind, location = _ALIASES.get(base, base), text
    if kind not in KINDS:
        raise ConfigurationError(
            f"--from must be one of {', '.join(f'{each}:...' for each in KINDS[:-1])} or blank; "
            "for example sqlite:shop.db, openapi:https://api.example.org/openapi.json, "
            "postgres:postgresql://reader@localhost/shop"
        )
    if kind == "blank":
        return SourcePlace("blank", "")
    if not location:
        raise ConfigurationError(f"--from {kind}: needs to know where: {_example(kind)}")
    if kind == "sqlite":
        location = "sqlite:///" + re.sub(r"^sqlite(\+\w+)?:///", "", location)
    if kind in ("postgres", "mysql"):
        if "://" not in location:
            location = f"{'postgresql' if kind == 'postgres' else 'mysql'}://{location.lstrip('/')}"
        try:
            urlsplit(location).port  # noqa: B018 - raises where it is no number
        except ValueError:
            raise ConfigurationError(
                f"--from {kind}: the address cannot be read: {_example(kind)}"
            ) from None
    return SourcePlace(kind, location)


def without_secrets(location: str) -> str:
    """An address without password and secret parameters; anything else as it is."""
    if "://" not in location:
        return location
    try:
        parts = urlsplit(location)
    except ValueError:
        return location.partition("://")[0] + "://"
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}{at}{host}" if user.partition(":")[0] else host
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if not _SECRETS.fullmatch(k)])
    if parts.scheme.startswith("sqlite"):
        return location
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))


def _example(kind: str) -> str:
    if kind in ("postgres", "mysql"):
        scheme = "postgresql" if kind == "postgres" else "mysql"
        return f"{kind}:{scheme}://user@host/database"
    if kind in _FILES or kind == "sqlite":
        return f"{kind}:path/to/file.{'db' if kind == 'sqlite' else kind}"
    return f"{kind}:file or https://..."
