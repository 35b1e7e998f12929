"""Resources of an HTTP API: a `RestResource` per entity type, all behind one `RestSource`."""

from __future__ import annotations

from typing import Any

from subgraph_kit.scaffold.model import EntityModel, SourceModel
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import Call, Raw, quoted, source
from subgraph_kit.scaffold.render.kinds.base import Kind, Setting
from subgraph_kit.scaffold.source_declarations import rest_resource

_AUTH = "subgraph_kit.sources.auth"


def _settings(model: SourceModel) -> tuple[Setting, ...]:
    has_address = model.address.startswith(("http://", "https://"))
    base = Setting(
        "base_url",
        "str",
        "Where the API is.",
        quoted(model.address) if has_address else None,
        model.address if has_address else None,
    )
    return (base, *_auth_settings(model))


def _auth_settings(model: SourceModel) -> tuple[Setting, ...]:
    def optional(name: str, description: str, kind: str = "SecretStr") -> Setting:
        return Setting(name, f"{kind} | None", description, "None")

    match model.auth.type:
        case "bearer":
            return (optional("token", "The token that the API takes; none asks without."),)
        case "api_key" if model.auth.location != "query":
            where = f"{model.auth.location} {model.auth.parameter}"
            return (optional("api_key", f"The key that the API takes in the {where}."),)
        case "basic":
            return (
                optional("username", "Who asks; none asks without.", "str"),
                optional("password", "The password that goes with it."),
            )
        case "oauth2":
            return (
                optional("client_id", "The client that asks; none asks without.", "str"),
                optional("client_secret", "The secret that goes with it."),
            )
        case _:
            return ()


def _auth(model: SourceModel) -> tuple[str, Any, str] | None:
    """The settings that must be there, the call that makes the authentication, its class."""
    auth = model.auth
    match auth.type:
        case "bearer":
            call = Call("BearerAuth", (Raw("settings.token.get_secret_value()"),))
            return "settings.token is not None", call, "BearerAuth"
        case "api_key" if auth.location != "query":
            header = auth.parameter or "X-API-Key"
            name = ("header", header)
            call = Call("ApiKeyAuth", (Raw("settings.api_key.get_secret_value()"),), (name,))
            return "settings.api_key is not None", call, "ApiKeyAuth"
        case "basic":
            password = Raw("settings.password.get_secret_value()")
            call = Call("BasicAuth", (Raw("settings.username"), password))
            return (
                "settings.username is not None and settings.password is not None",
                call,
                "BasicAuth",
            )
        case "oauth2":
            secret = Raw("settings.client_secret.get_secret_value()")
            scope = (("scope", " ".join(auth.scopes)),) if auth.scopes else ()
            args = (auth.token_url or "", Raw("settings.client_id"), secret)
            call = Call("OAuth2ClientCredentials", args, scope)
            return (
                "settings.client_id is not None and settings.client_secret is not None",
                call,
                "OAuth2ClientCredentials",
            )
        case _:
            return None


def _open_source(model: SourceModel, spec: ProjectSpec) -> str:
    kwargs: list[tuple[str, Any]] = []
    lines = [
        "def open_source(settings: Settings) -> RestSource:",
        '    """Make the client; it connects at the first call."""',
    ]
    auth = _auth(model)
    if auth is not None:
        condition, call, _ = auth
        lines += [
            "    auth: SourceAuth | None = None",
            f"    if {condition}:",
            "        " + source(call, prefix="auth = ", indent=8),
        ]
        kwargs.append(("auth", Raw("auth")))
    if model.rate_limit is not None and model.rate_limit.per_seconds > 0:
        rate = model.rate_limit.requests / model.rate_limit.per_seconds
        settings = Call("RateLimitSettings", (), (("rate_per_second", round(rate, 3)),))
        limit = Call("ResilienceSettings", (), (("rate_limit", settings),))
        kwargs.append(("resilience", limit))
    made = Call("RestSource", (spec.name, Raw("settings.base_url")), tuple(kwargs))
    lines.append("    " + source(made, prefix="return ", indent=4))
    return "\n".join(lines)


def _source_imports(model: SourceModel) -> dict[str, set[str]]:
    needed: dict[str, set[str]] = {"subgraph_kit.sources.rest": {"RestSource"}}
    auth = _auth(model)
    if auth is not None:
        needed[_AUTH] = {auth[2], "SourceAuth"}
    if model.rate_limit is not None and model.rate_limit.per_seconds > 0:
        needed["subgraph_kit.resilience.policy"] = {"ResilienceSettings"}
        needed["subgraph_kit.resilience.rate_limit"] = {"RateLimitSettings"}
    return needed


def _declare(entity: EntityModel, model: SourceModel) -> Any:
    return rest_resource(entity, model)


REST = Kind(
    base="RestResourceAdapter",
    base_module="subgraph_kit.sources.resources",
    samples="RestSamples",
    samples_module="subgraph_kit.testing.samples.rest",
    declaration="RESOURCE",
    declare=_declare,
    settings=_settings,
    source_class="RestSource",
    source_module="subgraph_kit.sources.rest",
    open_source=_open_source,
    source_imports=_source_imports,
    test_settings=lambda _: (("base_url", '"http://samples.invalid"'),),
    polls=False,
    origin=lambda entity: f"`GET {getattr(entity.access, 'item_path', '')}`",
)
