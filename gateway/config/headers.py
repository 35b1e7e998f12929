"""Which headers of a client's request go on to subgraphs."""

from __future__ import annotations

import re

from pydantic import field_validator

from gateway.config.base import ConfigModel
from gateway.transport.headers import DEFAULT_FORWARDED, NEVER_FORWARDED


class HeaderSettings(ConfigModel):
    """Forwarding by name."""

    forward: tuple[str, ...] = DEFAULT_FORWARDED
    """Names, or patterns with `*` such as `x-tenant-*`. Answers are cached per value of these."""

    @field_validator("forward")
    @classmethod
    def _check(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[A-Za-z0-9!#$%&'+.^_`|~*-]+", name):
                raise ValueError(f"{name!r} is no header name")
            if name.lower() in NEVER_FORWARDED:
                raise ValueError(
                    f"{name!r} cannot be forwarded: it belongs to one connection or to the body "
                    "that the gateway writes itself"
                )
        return tuple(name.lower() for name in names)
