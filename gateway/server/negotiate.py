"""Which media type to answer with, and whether the asker is a browser.

Source: "GraphQL over HTTP" (draft), sections 4 (media types) and 6 (response), and RFC 9110
section 12.5.1 for `Accept`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
HTML: Final = "text/html"

MediaType = Literal["application/graphql-response+json", "application/json", "text/html"]

_OFFERED: tuple[MediaType, ...] = (JSON, GRAPHQL_RESPONSE)
"""In the order of the server's preference where a client has none (`*/*`)."""


@lru_cache(maxsize=512)
def negotiate(accept: str, *, html: bool) -> MediaType | None:
    """Choose the media type for `accept`; None if nothing on offer is acceptable.

    `html` says whether a page for browsers is on offer as well. No `Accept` at all means a client
    older than the specification, which expects `application/json`.
    """
    if not accept.strip():
        return JSON
    offers: tuple[MediaType, ...] = (*_OFFERED, "text/html") if html else _OFFERED
    best: MediaType | None = None
    best_rank = (0.0, 0)
    ranges = _parse(accept)
    for offer in offers:
        quality, specificity = _quality(offer, ranges)
        if quality > 0 and (quality, specificity) > best_rank:
            best, best_rank = offer, (quality, specificity)
    return best


def _quality(offer: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """The quality of `offer` by the most specific range that covers it, and that specificity."""
    kind = offer.partition("/")[0]
    for specificity, pattern in ((3, offer), (2, f"{kind}/*"), (1, "*/*")):
        qualities = [quality for media_range, quality in ranges if media_range == pattern]
        if qualities:
            return max(qualities), specificity
    return 0.0, 0


def _parse(accept: str) -> list[tuple[str, float]]:
    """Read the ranges with their `q`; a parameter other than q and charset makes no match."""
    ranges = []
    for item in accept.split(",")[:64]:
        media_range, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = min(max(float(value), 0.0), 1.0)
                except ValueError:
                    quality = 0.0
        ranges.append((media_range.lower(), quality))
    return ranges
