"""A GraphQL API over HTTP: one POST per question, with the care of `RestSource`.

Errors name the source and the code that the API gave; its texts may quote data, so they stay out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from subgraph_kit.errors import SourceResponseError
from subgraph_kit.sources.rest import RestSource

_MISSING = ("NOT_FOUND", "NOTFOUND", "UNKNOWN_ID", "RESOURCE_NOT_FOUND")
_MISSING_WORDS = ("not found", "could not resolve to", "does not exist", "no such")


class GraphqlSource:
    """The API at `url`, known as `name`. Options are those of `RestSource`."""

    def __init__(self, name: str, url: str, **options: Any) -> None:
        parts = urlsplit(url)
        # The base of a RestSource is a directory; the address of a GraphQL API is not.
        self.rest = RestSource(name, f"{parts.scheme}://{parts.netloc}", **options)
        self.name = name
        self.url = url
        self._path = parts.path + (f"?{parts.query}" if parts.query else "")

    async def ask(
        self, document: str, variables: Mapping[str, Any], *, missing_is_null: bool = False
    ) -> Mapping[str, Any]:
        """The `data` of an answer.

        `missing_is_null` takes an error that says that something does not exist for its null.

        Raises:
            SourceResponseError: if the API answers errors, or no GraphQL.
        """
        response = await self.rest.request(
            "POST",
            self._path,
            json={"query": document, "variables": dict(variables)},
            headers={"Accept": "application/graphql-response+json, application/json"},
            idempotent=True,
        )
        answer = response.data
        if not isinstance(answer, Mapping) or not ("data" in answer or "errors" in answer):
            raise SourceResponseError(f"{self.name} answered something that is no GraphQL response")
        errors = answer.get("errors") or []
        data = answer.get("data")
        serious = [each for each in errors if not (missing_is_null and _says_missing(each))]
        if serious or not isinstance(data, Mapping):
            if not serious and missing_is_null:
                return {}
            raise SourceResponseError(
                f"{self.name} answered {len(errors) or 'no'} GraphQL errors and no data"
                if not errors
                else f"{self.name} answered GraphQL errors ({_codes(serious or errors)})"
            )
        return data

    async def close(self) -> None:
        """Release the connections."""
        await self.rest.close()


def _says_missing(error: Any) -> bool:
    if not isinstance(error, Mapping) or not error.get("path"):
        return False
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else error.get("type")
    if isinstance(code, str) and code.upper() in _MISSING:
        return True
    text = str(error.get("message", "")).lower()
    return any(words in text for words in _MISSING_WORDS)


def _codes(errors: list[Any]) -> str:
    found = []
    for error in errors:
        extensions = error.get("extensions") if isinstance(error, Mapping) else None
        code = extensions.get("code") if isinstance(extensions, Mapping) else None
        plain = isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum()
        found.append(str(code)[:40] if plain else "without a code")
    return ", ".join(dict.fromkeys(found))
