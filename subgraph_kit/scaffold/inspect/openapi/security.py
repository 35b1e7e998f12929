"""How an API wants to be authenticated to, how often it may be asked, and where it is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urljoin

from subgraph_kit.scaffold.inspect.fetch import is_url
from subgraph_kit.scaffold.inspect.openapi.operations import GetOperation
from subgraph_kit.scaffold.inspect.openapi.references import Node, References
from subgraph_kit.scaffold.model import AuthModel, RateLimit

_LIMIT_HEADERS = ("x-ratelimit-limit", "x-rate-limit-limit", "ratelimit-limit", "x-rate-limit")
_RATE = re.compile(
    r"(\d[\d,]{0,8})\s*(?:requests?|calls?|queries)?\s*(?:per|/|an?|every)\s*(?:(\d{1,4})\s*)?"
    r"(second|minute|hour|day|sec|min|hr|[smhd])\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def base_address(references: References, location: str) -> str | None:
    """The first server's URL with the defaults of its variables; None if there is none."""
    servers = references.root.mapping.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    url = first.get("url") if isinstance(first, dict) else None
    if not isinstance(url, str):
        return None
    variables = first.get("variables") if isinstance(first, dict) else None
    for name, variable in (variables if isinstance(variables, dict) else {}).items():
        if isinstance(variable, dict) and "default" in variable:
            url = url.replace(f"{{{name}}}", str(variable["default"]))
    if not is_url(url):
        if not is_url(location):
            return None
        url = urljoin(location, url)
    if "{" in url:
        return None
    # A user or password in an address is no part of where the source is.
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}".rstrip("/")


def auth_model(references: References, operations: Iterable[GetOperation]) -> AuthModel:
    """The scheme that most of what is read needs; the first one where that says nothing."""
    components = references.root.get("components")
    declared = components.get("securitySchemes") if components is not None else None
    if declared is None:
        return AuthModel("none")
    schemes: dict[str, Node] = {}
    for name in declared.mapping:
        node = references.resolve(declared[name])
        if node is not None:
            schemes[name] = node
    used: Counter[str] = Counter()
    general = references.root.mapping.get("security")
    for operation in operations:
        wanted = operation.node.mapping.get("security", general)
        for names in _alternatives(wanted)[:1]:
            used.update(name for name in names if name in schemes)
    ordered = [name for name, _ in used.most_common()] or list(schemes)[: 1 if not used else None]
    for name in ordered:
        model = _auth(references, schemes[name])
        if model is not None:
            return model
    return AuthModel("none")


def rate_limit(references: References, operations: Iterable[GetOperation]) -> RateLimit | None:
    """What the document says of limits: an `x-` extension, or a header that tells of them."""
    root = references.root.mapping
    info = root.get("info")
    for owner in (root, info if isinstance(info, dict) else {}):
        for name, value in owner.items():
            if str(name).lower().replace("_", "-") in (
                "x-ratelimit",
                "x-rate-limit",
                "x-rate-limits",
            ):
                found = _stated_limit(value)
                if found is not None:
                    return found
    for operation in operations:
        for name in _LIMIT_HEADERS:
            header = operation.headers.get(name)
            text = header.mapping.get("description") if header is not None else None
            found = _limit_in_text(text) if isinstance(text, str) else None
            if found is not None:
                return found
    return None


def _alternatives(wanted: Any) -> list[list[str]]:
    if not isinstance(wanted, list):
        return []
    return [[str(name) for name in each] for each in wanted if isinstance(each, dict) and each]


def _auth(references: References, node: Node) -> AuthModel | None:
    said = node.mapping
    kind = str(said.get("type", "")).lower()
    if kind == "http":
        scheme = str(said.get("scheme", "")).lower()
        if scheme == "basic":
            return AuthModel("basic")
        if scheme == "bearer":
            return AuthModel("bearer")
        references.note(node, f"the HTTP authentication {scheme[:30]!r} is not supported")
        return None
    if kind == "apikey":
        location = str(said.get("in", "header"))
        name = str(said.get("name", "X-API-Key"))
        if location not in ("header", "query", "cookie"):
            return None
        if location == "header" and name.lower() == "authorization":
            return AuthModel("api_key", name, "header")
        return AuthModel("api_key", name, location)  # type: ignore[arg-type] # narrowed above
    if kind == "oauth2":
        return _oauth2(references, node)
    if kind == "openidconnect":
        references.note(node, "OpenID Connect: give a token as a bearer token", "info")
        return AuthModel("bearer")
    return None


def _oauth2(references: References, node: Node) -> AuthModel:
    flows = node.mapping.get("flows")
    flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
    if isinstance(flow, dict) and isinstance(flow.get("tokenUrl"), str):
        scopes = flow.get("scopes")
        return AuthModel(
            "oauth2",
            token_url=flow["tokenUrl"],
            scopes=tuple(sorted(map(str, scopes))) if isinstance(scopes, dict) else (),
        )
    references.note(
        node, "this OAuth 2 flow needs a person; give its token as a bearer token", "info"
    )
    return AuthModel("bearer")


def _stated_limit(value: Any) -> RateLimit | None:
    if isinstance(value, str):
        return _limit_in_text(value)
    if isinstance(value, list) and value:
        return _stated_limit(value[0])
    if not isinstance(value, Mapping):
        return None
    members = {str(name).lower().replace("_", "").replace("-", ""): v for name, v in value.items()}
    requests = next(
        (members[n] for n in ("requests", "limit", "max", "rate") if n in members), None
    )
    period = next((members[n] for n in ("perseconds", "seconds", "window", "period", "interval",
                                        "per", "unit") if n in members), None)  # fmt: skip
    seconds: float | None = None
    if isinstance(period, int | float) and not isinstance(period, bool):
        seconds = float(period)
    elif isinstance(period, str) and period:
        number = re.match(r"\d+", period)
        letter = period[number.end() if number else 0 :].strip().lower().removeprefix("per ")[:1]
        if letter in _SECONDS:
            seconds = _SECONDS[letter] * (int(number.group()) if number else 1)
    if isinstance(requests, int) and requests > 0 and seconds:
        return RateLimit(requests, seconds)
    return None


def _limit_in_text(text: str) -> RateLimit | None:
    found = _RATE.search(text[:2_000])
    if found is None:
        return None
    requests = int(found.group(1).replace(",", ""))
    seconds = _SECONDS[found.group(3)[0].lower()] * int(found.group(2) or 1)
    return RateLimit(requests, seconds) if requests and seconds else None
