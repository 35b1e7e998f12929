"""Swagger 2 as OpenAPI 3: the few places where the two differ, changed in the tree.

Only what the reader reads is converted: server, definitions, parameters, JSON answers, security.
Schemas stay as they are (`x-nullable` and `type: file` are understood by `schema.py`), and so do
the pointers of `#/definitions/...`, which notes show as the document has them.
"""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.inspect.openapi.document import Tree

_SCHEMA_KEYWORDS = (
    "type", "format", "items", "enum", "default", "maximum", "minimum", "collectionFormat",
)  # fmt: skip


def to_openapi3(tree: Tree) -> Tree:
    """The same API as OpenAPI 3.0; `tree` is not changed."""
    converted: Tree = {
        key: value
        for key, value in tree.items()
        if key not in ("paths", "securityDefinitions", "parameters", "responses")
    }
    converted["openapi"] = "3.0.3"
    converted["servers"] = _servers(tree)
    # A reference "#/parameters/x" is resolved in the converted tree, so these are kept in place.
    converted["parameters"] = _members(tree.get("parameters"), _parameter)
    converted["responses"] = _members(tree.get("responses"), _response)
    converted["paths"] = _members(tree.get("paths"), _path_item)
    converted["components"] = {
        "schemas": tree.get("definitions") or {},
        "securitySchemes": _members(tree.get("securityDefinitions"), _security_scheme),
    }
    return converted


def _members(value: Any, convert: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    return {str(k): convert(v) if isinstance(v, dict) else v for k, v in value.items()}


def _servers(tree: Tree) -> list[dict[str, str]]:
    host = tree.get("host")
    base = tree.get("basePath") or ""
    schemes = tree.get("schemes")
    if not isinstance(host, str) or not host:
        return [{"url": str(base) or "/"}]
    scheme = "https"
    if isinstance(schemes, list) and schemes and "https" not in schemes:
        scheme = str(schemes[0])
    return [{"url": f"{scheme}://{host}{base}"}]


def _path_item(item: Tree) -> Tree:
    converted = dict(item)
    if isinstance(item.get("parameters"), list):
        converted["parameters"] = [_parameter(each) for each in item["parameters"]]
    if isinstance(item.get("get"), dict):
        converted["get"] = _operation(item["get"])
    return converted


def _operation(operation: Tree) -> Tree:
    converted = dict(operation)
    if isinstance(operation.get("parameters"), list):
        converted["parameters"] = [_parameter(each) for each in operation["parameters"]]
    converted["responses"] = _members(operation.get("responses"), _response)
    return converted


def _parameter(parameter: Any) -> Any:
    if not isinstance(parameter, dict) or "$ref" in parameter or "schema" in parameter:
        return parameter
    schema = {key: parameter[key] for key in _SCHEMA_KEYWORDS if key in parameter}
    rest = {key: value for key, value in parameter.items() if key not in _SCHEMA_KEYWORDS}
    explode = parameter.get("collectionFormat") == "multi"
    return {**rest, "schema": schema, "explode": explode}


def _response(response: Tree) -> Tree:
    if "$ref" in response:
        return response
    converted = {key: value for key, value in response.items() if key not in ("schema", "headers")}
    headers = response.get("headers")
    if isinstance(headers, dict):
        converted["headers"] = {
            name: {"schema": header, "description": header.get("description")}
            for name, header in headers.items()
            if isinstance(header, dict)
        }
    if "schema" in response:
        converted["content"] = {"application/json": {"schema": response["schema"]}}
    return converted


def _security_scheme(scheme: Tree) -> Tree:
    if scheme.get("type") == "basic":
        return {"type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return scheme
    flow = {"application": "clientCredentials", "accessCode": "authorizationCode"}.get(
        str(scheme.get("flow")), str(scheme.get("flow"))
    )
    return {
        "type": "oauth2",
        "flows": {
            flow: {
                "tokenUrl": scheme.get("tokenUrl"),
                "scopes": scheme.get("scopes") or {},
            }
        },
    }
