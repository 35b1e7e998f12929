"""All that the templates print, as text: they have loops and conditions, and no logic."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from subgraph_kit.data_product import DataProduct, EntityField, EnumType, NamedType
from subgraph_kit.scaffold.declare import has_list, named_types
from subgraph_kit.scaffold.model import EntityModel, Note, SourceKind, SourceModel
from subgraph_kit.scaffold.names import constant_case, snake_case
from subgraph_kit.scaffold.project import ProjectSpec
from subgraph_kit.scaffold.render.code import Call, Raw, call_of, import_lines, imports_of, source
from subgraph_kit.scaffold.render.kinds import KINDS, Kind, Setting
from subgraph_kit.schema.derived.naming import attribute_name, lower_first, plural

_DATA_PRODUCT = "subgraph_kit.data_product"
_TAKEN_MODULES = ("adapters", "app", "settings", "source", "types", "extensions")


_SUMMARY = 90
"""The most characters of a module's summary: with its quotes it stays on one line."""

_SOURCES: dict[SourceKind, str] = {
    "sql": "a database", "openapi": "an HTTP API", "csv": "CSV files", "parquet": "Parquet files",
    "jsonl": "JSON lines", "graphql": "a GraphQL API", "blank": "rows in its code",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EntityContext:
    """A module of `entities/`."""

    name: str
    module: str
    adapter: str
    base: str
    summary: str
    imports: str
    schema: str
    product: str
    declaration: str
    origin: str
    keys: str
    plural: str
    contract: tuple[str, ...]


def project_context(
    spec: ProjectSpec, model: SourceModel, products: tuple[DataProduct, ...]
) -> dict[str, Any]:
    """What every template of a project gets; `entities` also make a file each."""
    kind = KINDS[model.kind]
    types = named_types(model)
    constants = _constants(types)
    entities = tuple(
        _entity(spec, model, kind, entity, product, constants)
        for entity, product in zip(model.entities, products, strict=True)
    )
    settings = _all_settings(kind, model)
    # No list of types: a line that changes with each of them is one more place for conflicts.
    summary = f"The {spec.name} subgraph, from {_SOURCES[model.kind]}."
    first = model.entities[0]
    return {
        "name": spec.name,
        "package": spec.package,
        "service": spec.service,
        "domain": spec.name,
        "kind": model.kind,
        "env_prefix": spec.env_prefix,
        "summary": summary,
        "summary_toml": json.dumps(summary, ensure_ascii=False),
        "summary_yaml": json.dumps(summary, ensure_ascii=False),
        "entities": entities,
        "first_entity": first.name,
        "first_attribute": attribute_name(first.keys[0][0]),
        "types": _types(types, constants),
        "settings": {
            "imports": _settings_imports(settings),
            "fields": [_setting(spec, each) for each in settings],
            "mounts": [_compose_text(each.mount.path) for each in settings if each.mount],
        },
        "secret_variables": _secret_sentence(spec, settings),
        "adapters": _adapters(spec, kind, entities),
        "source": {
            "imports": import_lines(kind.source_imports(model))
            + "\n\n"
            + import_lines({f"{spec.package}.settings": {"Settings"}}),
            "code": kind.open_source(model, spec),
        },
        "tests": _tests(spec, kind, model),
        "dependencies": ("dictamesh[kit]>=0.1", *kind.dependencies(model)),
        "notes": tuple(map(_readable, model.notes)),
    }


# --- Entities -----------------------------------------------------------------------------------


def _entity(
    spec: ProjectSpec,
    model: SourceModel,
    kind: Kind,
    entity: EntityModel,
    product: DataProduct,
    constants: dict[str, str],
) -> EntityContext:
    schema = product.schema
    fields = tuple(_field_call(field, constants) for field in schema.fields)
    schema_call = call_of(schema, {"fields": fields})
    product_call = call_of(product, {"schema": Raw("SCHEMA")}, positional=0)
    declared = kind.declare(entity, model) if kind.declaration else None
    declaration_call = call_of(declared) if declared is not None else None
    used = {
        constants[field.type_name]
        for field in schema.fields
        if field.type == "enum" and field.type_name in constants
    }
    needed: list[dict[str, set[str]]] = [
        imports_of(schema_call, product_call, declaration_call),
        {kind.base_module: {kind.base}},
    ]
    own = {f"{spec.package}.types": used} if used else {}
    imports = import_lines(*needed)
    if own:
        imports += "\n\n" + import_lines(own)
    origin = kind.origin(entity)
    return EntityContext(
        name=entity.name,
        module=module_name(entity.name),
        adapter=f"{entity.name}Adapter",
        base=kind.base,
        summary=docstring(f"`{entity.name}`, from {origin}."),
        imports=imports,
        schema=source(schema_call, prefix="SCHEMA = "),
        product=source(product_call, prefix="PRODUCT = "),
        declaration=(
            source(declaration_call, prefix=f"{kind.declaration} = ") if kind.declaration else ""
        ),
        origin=origin.replace("|", "\\|").replace("\n", " "),
        keys=", ".join("`" + " ".join(key) + "`" for key in entity.keys),
        plural=root_plural(entity),
        contract=_contract(entity),
    )


def docstring(text: str) -> str:
    """The text as it may stand in a docstring of one line, whatever a source calls its tables."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    short = plain if len(plain) <= _SUMMARY else f"{plain[: _SUMMARY - 1]}…"
    return short.replace("\\", "\\\\").replace('"', '\\"')


def _field_call(field: EntityField, constants: dict[str, str]) -> Call:
    overrides = {}
    if field.type == "enum" and field.type_name in constants:
        overrides["enum_values"] = Raw(f"{constants[field.type_name]}.names")
    call = call_of(field, overrides)
    if not isinstance(call, Call):
        raise TypeError("a field is a dataclass")
    return call


def _contract(entity: EntityModel) -> tuple[str, ...]:
    """Lines of the entity's contract test that say what its source cannot do."""
    lists_all = has_list(entity) and "{" not in (getattr(entity.access, "list_path", "") or "")
    return () if lists_all else ("supports_list = False",)


def root_plural(entity: EntityModel) -> str:
    """The root field of the list, as the kit derives it."""
    one = lower_first(entity.name)
    many = entity.plural or plural(one)
    return f"{one}List" if many == one else many


def module_name(entity: str) -> str:
    """The module of an entity type: `OrderItem` → `order_item`."""
    return attribute_name(snake_case(entity))


# --- Modules ------------------------------------------------------------------------------------


def _constants(types: tuple[NamedType, ...]) -> dict[str, str]:
    return {each.name: constant_case(each.name) for each in types if isinstance(each, EnumType)}


def _types(types: tuple[NamedType, ...], constants: dict[str, str]) -> dict[str, Any]:
    names = {each.name: constants.get(each.name, constant_case(each.name)) for each in types}
    calls: dict[str, Any] = {}
    for each in types:
        overrides: dict[str, Any] = {}
        if not isinstance(each, EnumType) and each.fields:
            overrides["fields"] = tuple(_field_call(field, constants) for field in each.fields)
        calls[names[each.name]] = call_of(each, overrides)
    # What names others by a constant stands behind them: enums come first.
    members = tuple(Raw(name) for name in calls)
    needed = imports_of(*calls.values())
    needed.setdefault(_DATA_PRODUCT, set()).add("NamedType")
    return {
        "imports": import_lines(needed),
        "declarations": [source(call, prefix=f"{name} = ") for name, call in calls.items()],
        "all": source(members, prefix="TYPES: tuple[NamedType, ...] = "),
    }


def _adapters(spec: ProjectSpec, kind: Kind, entities: tuple[EntityContext, ...]) -> dict[str, str]:
    needed = {
        "subgraph_kit.adapter": {"DataProductAdapter"},
    }
    own = {
        f"{spec.package}.entities": {entity.module for entity in entities},
        f"{spec.package}.settings": {"Settings"},
    }
    if kind.source_class is None or kind.source_module is None:
        signature = "def adapters(settings: Settings) -> tuple[DataProductAdapter, ...]:"
        leading: tuple[Any, ...] = ()
        trailing: tuple[tuple[str, Any], ...] = ()
    else:
        needed[kind.source_module] = {kind.source_class}
        signature = source(
            Call(
                "adapters",
                (Raw(f"source: {kind.source_class}"), Raw("settings: Settings")),
            ),
            prefix="def ",
            suffix=" -> tuple[DataProductAdapter, ...]:",
        )
        leading = (Raw("source"),)
        trailing = (("poll_seconds", Raw("settings.poll_seconds")),) if kind.polls else ()
    calls = tuple(
        Call(
            f"{entity.module}.{entity.adapter}",
            (
                *leading,
                Raw(f"{entity.module}.PRODUCT"),
                *((Raw(f"{entity.module}.{kind.declaration}"),) if kind.declaration else ()),
            ),
            trailing,
        )
        for entity in entities
    )
    body = "    " + source(calls, prefix="return ", indent=4)
    if not trailing:
        body = "    del settings  # no adapter needs any\n" + body
    return {
        "imports": import_lines(needed) + "\n\n" + import_lines(own),
        "signature": signature,
        "body": body,
    }


def _tests(spec: ProjectSpec, kind: Kind, model: SourceModel) -> dict[str, str]:
    given = tuple((name, Raw(text)) for name, text in kind.test_settings(model))
    settings = Call("Settings", (), given)
    arguments: tuple[Any, ...] = (settings,)
    if kind.source_class is not None:
        arguments = (Raw("opened.source"), settings)
    standard = {"collections.abc": {"AsyncIterator"}, "pathlib": {"Path"}}
    third = {kind.samples_module: {kind.samples}}
    if any("SecretStr" in text for _, text in kind.test_settings(model)):
        third["pydantic"] = {"SecretStr"}
    own = {
        f"{spec.package}.adapters": {"adapters"},
        f"{spec.package}.settings": {"Settings"},
    }
    return {
        "conftest_imports": "\n".join(
            (
                "import json",
                import_lines(standard),
                "",
                "import pytest",
                import_lines(third),
                "",
                import_lines(own),
            )
        ),
        "samples_class": kind.samples,
        "samples_module": kind.samples_module,
        "serve": " " * 8 + source(Call("opened.serve", (Call("adapters", arguments),)), indent=8),
    }


# --- Settings -----------------------------------------------------------------------------------


def _all_settings(kind: Kind, model: SourceModel) -> tuple[Setting, ...]:
    return kind.settings(model)


def _setting(spec: ProjectSpec, setting: Setting) -> dict[str, Any]:
    variable = f"{spec.env_prefix}{setting.name.upper()}"
    value = setting.mount.value if setting.mount else setting.value or ""
    return {
        "name": setting.name,
        "variable": variable,
        "code": setting.code,
        "description": setting.description,
        "secret": setting.secret,
        "compose": _compose(setting, variable),
        "yaml": json.dumps(value, ensure_ascii=False),
        "literal": json.dumps(f"{variable}={value}", ensure_ascii=False),
    }


def _compose(setting: Setting, variable: str) -> str:
    if setting.mount:
        return _compose_text(setting.mount.value)
    # An empty variable is as good as none: the default stands in `settings.py` alone.
    return f"${{{variable}:-}}" if setting.default else f"${{{variable}:?}}"


def _compose_text(text: str) -> str:
    """The text as a YAML string that Compose puts no variables into."""
    return json.dumps(text.replace("$", "$$"), ensure_ascii=False)


def _settings_imports(settings: tuple[Setting, ...]) -> str:
    needed: dict[str, set[str]] = {
        "pydantic_settings": {"SettingsConfigDict"},
        "subgraph_kit.settings": {"SourceSettings"},
    }
    if any("SecretStr" in setting.code for setting in settings):
        needed["pydantic"] = {"SecretStr"}
    return import_lines(needed)


def _secret_sentence(spec: ProjectSpec, settings: tuple[Setting, ...]) -> str:
    own = [f"{spec.env_prefix}{each.name.upper()}" for each in settings if each.secret]
    mesh = ["DICTAMESH_CATALOG_DSN", "DICTAMESH_EVENTS_URL", "DICTAMESH_REDIS_URL"]
    return f"Secret: {', '.join([*own, *mesh])}."


def _readable(note: Note) -> Note:
    return replace(note, message=" ".join(note.message.split()))
