"""Which media type a client gets."""

from __future__ import annotations

import pytest

from gateway.server.negotiate import negotiate

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
HTML = "text/html"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON),
        (f"{GRAPHQL}, */*;q=0.1", GRAPHQL),
        (f"{JSON};q=0, */*", GRAPHQL),
        ("APPLICATION/JSON", JSON),
        ("text/plain", None),
        ("application/json;q=0", None),
        ("text/html", None),
        (BROWSER, JSON),
        (";;;,,,", None),
        ("application/json;q=nonsense", None),
        (",".join(["a/b"] * 10_000), None),
    ],
)
def test_programs_get_json(accept: str, expected: str | None) -> None:
    assert negotiate(accept, html=False) == expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [(BROWSER, HTML), ("text/html", HTML), ("*/*", JSON), ("", JSON), (f"{JSON}, */*", JSON)],
)
def test_browsers_get_the_page_where_there_is_one(accept: str, expected: str) -> None:
    assert negotiate(accept, html=True) == expected
