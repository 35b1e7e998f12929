"""Labels of progressive `@override`s."""

from __future__ import annotations

import re

from pydantic import field_validator

from gateway.config.base import ConfigModel


class OverrideSettings(ConfigModel):
    """Custom labels that apply; `percent(...)` labels are decided for each request by chance."""

    labels: tuple[str, ...] = ()
    """Labels that apply to every request."""
    header: str | None = None
    """Request header with further labels, comma-separated; clients then choose. None: no header."""

    @field_validator("header")
    @classmethod
    def _check(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Za-z0-9!#$%&'+.^_`|~*-]+", name):
            raise ValueError(f"{name!r} is no header name")
        return name.lower() if name is not None else None
