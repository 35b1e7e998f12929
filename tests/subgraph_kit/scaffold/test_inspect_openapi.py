"""What is found in OpenAPI documents: entities, keys, lists, types, references."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subgraph_kit.data_product import (
    DataProduct,
    EntityField,
    EntityQuery,
    EntitySchema,
    SourceAccess,
)
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.openapi import inspect_openapi
from subgraph_kit.scaffold.inspect.openapi.document import Documents
from subgraph_kit.scaffold.inspect.openapi.read import read_model
from subgraph_kit.scaffold.model import (
    AuthModel,
    EntityModel,
    Operator,
    Pagination,
    RateLimit,
    RestAccess,
    SourceModel,
    ValueType,
)
from subgraph_kit.scaffold.options import InspectOptions
from subgraph_kit.scaffold.source_declarations import rest_resource
from subgraph_kit.sources.resources import RestResourceAdapter
from subgraph_kit.sources.rest import RestSource
from tests.testkit.servers import ReceivedRequest, http, serve
from tests.testkit.source_models import check_model

Json = dict[str, Any]


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def obj(required: str = "", **properties: Any) -> Json:
    """An object; a property given as text is one of this type: `"string"`, `"string:uuid"`."""
    made = {}
    for name, value in properties.items():
        if isinstance(value, str):
            kind, _, format_ = value.partition(":")
            value = {"type": kind, **({"format": format_} if format_ else {})}
        made[name.rstrip("_")] = value
    return {"type": "object", "required": required.split(), "properties": made}


def get(schema: Json, *query: Json, headers: Json | None = None, **more: Any) -> Json:
    content = {"application/json": {"schema": schema}}
    answer = {"description": "", "content": content, "headers": headers or {}}
    parameters = [{"in": "query", **each} for each in query]
    return {"get": {"parameters": parameters, "responses": {"200": answer}, **more}}


def param(name: str, kind: str = "string", **more: Any) -> Json:
    return {"name": name, "schema": {"type": kind, **more.pop("schema", {})}, **more}


def document(paths: Json, schemas: Json | None = None, **more: Any) -> Json:
    return {
        "openapi": "3.0.3", "info": {"title": "t", "version": "1"}, "paths": paths,
        "servers": [{"url": "https://api.example.com/v1"}],
        "components": {"schemas": schemas or {}}, **more,
    }  # fmt: skip


def read(tree: Json, **options: Any) -> SourceModel:
    documents = Documents("api.json", {"api.json": tree}, str(tree.get("openapi", "2.0")), {})
    model = read_model(documents, "api.json", InspectOptions(**options), lambda _: None)
    check_model(model)
    return model


def pet_store(**pet: Any) -> Json:
    schema = obj("id", id="integer:int64", name="string", **pet)
    return document(
        {"/pets/{petId}": get(ref("Pet")), "/pets": get({"type": "array", "items": ref("Pet")})},
        {"Pet": schema},
    )


def entity(model: SourceModel, name: str) -> EntityModel:
    return next(each for each in model.entities if each.name == name)


def access(found: EntityModel) -> RestAccess:
    assert isinstance(found.access, RestAccess)
    return found.access


def types(found: EntityModel | ValueType) -> dict[str, str]:
    return {
        f.name: (f"[{f.type.name}]" if f.type.is_list else f.type.name)
        + "!" * (not f.type.nullable)
        for f in found.fields
    }


# --- resources and keys --------------------------------------------------------------------------


def test_a_path_that_names_one_thing_is_an_entity_with_its_parameter_as_key() -> None:
    model = read(pet_store())
    (pet,) = model.entities
    assert (pet.name, pet.plural, pet.keys) == ("Pet", "pets", (("id",),))
    assert (access(pet).item_path, access(pet).list_path) == ("/pets/{id}", "/pets")
    assert types(pet) == {"id": "ID!", "name": "String"}
    assert (model.address, model.kind) == ("https://api.example.com/v1", "openapi")


def key_of(path: str, schema: Json) -> tuple[list[str], str]:
    (found,) = read(document({path: get(schema)})).entities
    return [found.field(name).source_name for name in found.keys[0]], access(found).item_path


def test_the_key_is_found_whatever_the_parameter_is_called() -> None:
    assert key_of("/users/{user_id}", obj(id="string"))[0] == ["id"]
    assert key_of("/users/{username}", obj(id="integer", login="string"))[0] == ["login"]
    assert key_of("/v1/customers/{customer}", obj(id="string"))[0] == ["id"]
    assert key_of("/licenses/{license}", obj(key="string", name="string"))[0] == ["key"]
    pod = obj(metadata=obj(name="string", namespace="string"))
    assert key_of("/namespaces/{namespace}/pods/{name}", pod) == (
        ["metadata.namespace", "metadata.name"], "/namespaces/{namespace}/pods/{name}",
    )  # fmt: skip
    repo = obj("owner name", owner=obj("login", login="string"), name="string")
    assert key_of("/repos/{owner}/{repo}", repo) == (
        ["owner.login", "name"], "/repos/{ownerLogin}/{name}",
    )  # fmt: skip


def test_what_only_the_address_has_comes_from_the_address() -> None:
    assert key_of("/orgs/{org}/teams/{team_slug}", obj(slug="string"))[0] == ["{org}", "slug"]
    model = read(document({"/weather/{city}": get(obj(celsius="number"))}))
    assert model.entities[0].field("city").source_name == "{city}"
    assert "can be had by key, not listed" in model.notes[0].message


def test_an_item_in_an_envelope_is_taken_out() -> None:
    envelope = obj(data=ref("Pet"))
    tree = document({"/pets/{id}": get(envelope)}, {"Pet": obj("id", id="string")})
    (pet,) = read(tree).entities
    assert (pet.name, access(pet).item_at) == ("Pet", "data")


def test_a_person_chooses_what_and_how_it_is_called() -> None:
    tree = document({f"/{each}/{{id}}": get(obj(id="string", n="string")) for each in ("a", "b")})
    (found,) = read(
        tree, exclude=("/a/*",), entities={"b": "Bee"}, renames={"b.n": "label"}
    ).entities
    assert (found.name, [f.name for f in found.fields]) == ("Bee", ["id", "label"])


# --- lists ---------------------------------------------------------------------------------------


def listed(schema: Json, *query: Json, headers: Json | None = None) -> RestAccess:
    pet = obj("id", id="string", status="string", createdAt="string:date-time")
    tree = document({"/pets/{id}": get(ref("Pet")), "/pets": get(schema, *query, headers=headers)},
                    {"Pet": pet})  # fmt: skip
    return access(read(tree).entities[0])


PETS = {"type": "array", "items": ref("Pet")}


def test_finds_how_pages_are_turned() -> None:
    limit = param("limit", "integer", schema={"maximum": 50})
    assert listed(PETS, limit, param("offset", "integer")).pagination == Pagination(
        "offset", "limit", "offset", 50
    )
    per_page = param("per_page", "integer", description="Results per page (max 100)")
    page = param("page", "integer", schema={"default": 0})
    assert listed(PETS, per_page, page).pagination == Pagination(
        "page", "per_page", "page", 100, None, 0
    )
    answer = obj(data=PETS, meta=obj(next_cursor="string"))
    found = listed(answer, limit, param("cursor"))
    assert (found.items_at, found.pagination) == (
        "data", Pagination("cursor", "limit", "cursor", 50, "meta.next_cursor"),
    )  # fmt: skip
    assert listed(PETS, headers={"Link": {"schema": {"type": "string"}}}).pagination.style == (
        "link_header"
    )
    assert listed(PETS, limit, param("starting_after")).pagination.style == "cursor"


def test_parameters_that_are_fields_are_filters() -> None:
    ids = {
        "name": "ids",
        "explode": False,
        "schema": {"type": "array", "items": {"type": "string"}},
    }
    found = listed(PETS, param("status"), param("created_after"), param("q"), ids)
    assert found.filter_parameters == (
        ("status", "status", Operator.EQ),
        ("createdAt", "created_after", Operator.GTE),
    )
    assert (found.batch_parameter, found.batch_separator) == ("ids", ",")


def test_a_list_that_needs_what_is_no_field_is_not_offered() -> None:
    assert listed(PETS, param("query_text", required=True)).list_path is None
    with_default = param("version", required=True, schema={"default": "v2"})
    assert listed(PETS, with_default).fixed_parameters == (("version", "v2"),)


def test_a_list_of_less_than_the_item_says_so() -> None:
    assert listed({"type": "array", "items": obj("id", id="string")}).list_is_partial


# --- types ---------------------------------------------------------------------------------------


def pet_types(**properties: Any) -> dict[str, str]:
    return types(entity(read(pet_store(**properties)), "Pet"))


def test_formats_are_scalars() -> None:
    found = pet_types(
        a="integer:int64", b="integer:int32", c="string:date", d="string:date-time",
        e="string:uuid", f="string:byte", g="number", h="boolean", i="string:duration",
        j={"type": "number", "multipleOf": 0.01}, k={"type": "integer", "example": 2**40},
        size_bytes="integer", l={"type": "string", "format": "decimal"}, m="string:time",
    )  # fmt: skip
    assert list(found.values())[2:] == [
        "BigInt", "Int", "Date", "DateTime", "UUID", "Bytes", "Float", "Boolean", "Duration",
        "Decimal", "BigInt", "BigInt", "Decimal", "Time",
    ]  # fmt: skip


def test_null_is_null_in_every_dialect() -> None:
    tree = pet_store(
        a={"type": "string", "nullable": True}, b={"type": ["string", "null"]},
        c={"oneOf": [{"type": "string"}, {"type": "null"}]},
        d={"type": "string", "x-nullable": True},
        e={"type": "string", "enum": ["x", "y", None]}, f={"anyOf": [ref("Tag"), {"type": "null"}]},
        g={"allOf": [ref("Tag"), {"nullable": True}]}, h={"type": "string"},
        i={"oneOf": [ref("Tag"), {"nullable": True}]},
    )  # fmt: skip
    tree["components"]["schemas"]["Tag"] = obj("label", label="string")
    tree["components"]["schemas"]["Pet"]["required"] = ["id", *"abcdefghi"]
    found = types(entity(read(tree), "Pet"))
    assert [name for name, type_ in found.items() if type_.endswith("!")] == ["id", "h"]
    assert found["f"] == found["g"] == found["i"] == "Tag"


def test_all_of_is_one_object() -> None:
    base = obj("a", a="string", b="string")
    found = pet_types(x={"allOf": [base, obj("b c", c="integer:int32")], "description": "both"})
    assert found["x"] == "PetX"
    model = read(pet_store(x={"allOf": [base, obj("b c", c="integer:int32")]}))
    assert types(model.types[0]) == {"a": "String!", "b": "String!", "c": "Int!"}


def test_one_of_with_a_discriminator_is_a_union() -> None:
    tree = pet_store(
        owner={"oneOf": [ref("Person"), ref("Firm")],
               "discriminator": {"propertyName": "kind",
                                 "mapping": {"p": "#/components/schemas/Person", "f": "Firm"}}},
        seen={"anyOf": [obj(type={"enum": ["vet"]}), obj(type={"const": "zoo"}, at="string")]},
        both={"oneOf": [ref("Person"), ref("Firm")]},
    )  # fmt: skip
    tree["components"]["schemas"] |= {"Person": obj(name="string"), "Firm": obj(vat="string")}
    model = read(tree)
    found = {value.name: value for value in model.types}
    assert found["PetOwner"].discriminator_values == (("Person", "p"), ("Firm", "f"))
    assert (found["PetSeen"].kind, found["PetSeen"].discriminator) == ("union", "type")
    assert types(found["PetBoth"]) == {"name": "String", "vat": "String"}


def test_a_base_with_a_discriminator_is_an_interface() -> None:
    tree = pet_store(toy=ref("Toy"))
    tree["components"]["schemas"] |= {
        "Toy": {**obj("kind", kind="string"), "discriminator": {"propertyName": "kind"}},
        "Ball": {"allOf": [ref("Toy"), obj(size="integer:int32")]},
        "Rope": {"allOf": [ref("Toy"), obj(length="integer:int32")]},
    }
    found = {value.name: value for value in read(tree).types}
    assert (found["Toy"].kind, found["Toy"].members) == ("interface", ("Ball", "Rope"))
    assert found["Ball"].interfaces == ("Toy",)


def test_enums_are_named_once_and_odd_values_have_names() -> None:
    state = {"type": "string", "enum": ["in progress", "+1", "-1", "done"]}
    model = read(pet_store(state=state, other=obj(state=state)))
    (enum,) = model.enums
    assert len({value.name for value in enum.values}) == 4
    assert [value.source_value for value in enum.values] == ["in progress", "+1", "-1", "done"]


def test_what_says_nothing_is_json_and_the_note_says_where() -> None:
    model = read(pet_store(a={}, b={"type": ["string", "integer"]}, c={"type": "object"},
                           d={"type": "object", "additionalProperties": {"type": "string"}},
                           e={"oneOf": [{"type": "string"}, obj(x="string")]}))  # fmt: skip
    found = types(entity(model, "Pet"))
    assert {found[name] for name in "abcde"} == {"JSON"}
    places = {note.place.rpartition("/")[2] for note in model.notes if note.level == "unclear"}
    assert places == set("abce")
    assert model.notes[0].place == "#/components/schemas/Pet/properties/a"


def test_schemas_that_contain_themselves_are_read() -> None:
    tree = pet_store(tree=ref("Tree"), loop=ref("Loop"), all=ref("Everything"))
    tree["components"]["schemas"] |= {
        "Tree": obj(children={"type": "array", "items": ref("Tree")}, parent=ref("Tree")),
        "Loop": ref("Loop"),
        "Everything": {"allOf": [ref("Everything"), obj(x="string")]},
    }
    model = read(tree)
    assert types(next(v for v in model.types if v.name == "Tree")) == {
        "children": "[Tree]", "parent": "Tree",
    }  # fmt: skip
    assert any("in a circle" in note.message for note in model.notes)


def test_names_that_clash_are_told_apart() -> None:
    model = read(pet_store(**{"a-b": "string", "a_b": "string", "__x": "string", "3d": "string"}))
    names = list(types(entity(model, "Pet")))[2:]
    assert names == ["aB", "aB2", "x", "_3D"] or len(set(names)) == 4


# --- references ----------------------------------------------------------------------------------


def test_another_entity_inside_is_its_key_and_a_reference() -> None:
    tree = pet_store(
        owner=ref("Owner"), vet_id="string", friends={"type": "array", "items": ref("Owner")}
    )
    tree["components"]["schemas"] |= {
        "Owner": obj("id", id="string"),
        "Vet": obj("id", id="string"),
    }
    tree["paths"] |= {"/owners/{id}": get(ref("Owner")), "/vets/{id}": get(ref("Vet"))}
    pet = entity(read(tree), "Pet")
    assert [(r.name, r.target, r.fields) for r in pet.references] == [
        ("owner", "Owner", ("ownerId",)), ("vet", "Vet", ("vetId",)),
    ]  # fmt: skip
    assert pet.field("ownerId").source_name == "owner.id"
    assert types(pet)["friends"] == "[EmbeddedOwner]"


def test_what_an_address_is_within_is_a_reference_with_a_list_on_the_far_side() -> None:
    team = obj("slug", slug="string")
    tree = document({
        "/orgs/{org}": get(ref("Org")),
        "/orgs/{org}/teams/{slug}": get(ref("Team")),
        "/orgs/{org}/teams": get({"type": "array", "items": ref("Team")}),
    }, {"Org": obj("login", login="string"), "Team": team})  # fmt: skip
    (reference,) = entity(read(tree), "Team").references
    assert (reference.target, reference.fields, reference.reverse) == ("Org", ("org",), "teams")


# --- credentials and limits ----------------------------------------------------------------------


def test_says_how_to_authenticate_and_how_often_to_ask() -> None:
    tree = pet_store()
    flow = {"clientCredentials": {"tokenUrl": "https://a.example/t", "scopes": {"read": ""}}}
    tree["components"]["securitySchemes"] = {
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "oauth": {"type": "oauth2", "flows": flow},
    }
    assert read(tree).auth == AuthModel("api_key", "X-Key", "header")
    tree["security"] = [{"oauth": ["read"]}]
    tree["x-ratelimit"] = {"limit": 5000, "period": "1h"}
    model = read(tree)
    assert model.auth == AuthModel("oauth2", None, None, "https://a.example/t", ("read",))
    assert model.rate_limit == RateLimit(5000, 3600.0)


# --- documents -----------------------------------------------------------------------------------


async def test_json_yaml_and_swagger_2_say_the_same(tmp_path: Path) -> None:
    tree = pet_store(country={"type": "string", "enum": ["NO", "SE"]})
    (tmp_path / "a.json").write_text(json.dumps(tree))
    (tmp_path / "a.yaml").write_text(yaml.safe_dump(tree, sort_keys=False).replace("'NO'", "NO"))
    two = json.loads(json.dumps(tree).replace("#/components/schemas/", "#/definitions/"))
    two = {
        "swagger": "2.0", "host": "api.example.com", "basePath": "/v1", "schemes": ["https"],
        "definitions": two["components"]["schemas"],
        "paths": {
            path: {"get": {"responses": {"200": {
                "description": "",
                "schema": item["get"]["responses"]["200"]["content"]["application/json"]["schema"],
            }}}}
            for path, item in two["paths"].items()
        },
    }  # fmt: skip
    (tmp_path / "two.json").write_text(json.dumps(two))
    models = [await inspect_openapi(str(tmp_path / name), InspectOptions())
              for name in ("a.json", "a.yaml", "two.json")]  # fmt: skip
    assert models[0].entities == models[1].entities == models[2].entities
    assert models[0].fingerprint == models[1].fingerprint
    assert models[2].address == models[0].address


async def test_follows_references_to_other_files(tmp_path: Path) -> None:
    tree = document({"/pets/{id}": {"$ref": "paths/pet.yaml"}})
    (tmp_path / "api.json").write_text(json.dumps(tree))
    (tmp_path / "paths").mkdir()
    schema = {"$ref": "../schemas.json#/Pet"}
    (tmp_path / "paths" / "pet.yaml").write_text(yaml.safe_dump(get(schema)))
    schemas = {"Pet": obj("id", id="string", tag={"$ref": "#/Tag"}, gone={"$ref": "none.yaml"}),
               "Tag": obj(label="string")}  # fmt: skip
    (tmp_path / "schemas.json").write_text(json.dumps(schemas))
    model = await inspect_openapi(str(tmp_path / "api.json"), InspectOptions())
    check_model(model)
    (pet,) = model.entities
    assert (pet.name, types(pet)) == ("Pet", {"id": "ID!", "tag": "Tag", "gone": "JSON"})
    assert any(note.place == "schemas.json#/Pet/properties/gone" for note in model.notes)


async def test_a_url_is_asked_and_its_own_server_is_the_address() -> None:
    far = {"$ref": "http://localhost:1/x.json"}
    tree = pet_store(tag={"$ref": "/other.json#/Tag"}, far=far)
    tree["servers"] = [{"url": "/v2"}]

    async def answer(request: ReceivedRequest, _: object) -> bytes:
        found = {"/openapi.json": tree, "/other.json": {"Tag": obj(label="string")}}
        return http(json.dumps(found[request.target]))

    async with serve(answer) as server:
        base = f"http://127.0.0.1:{server.port}"
        model = await inspect_openapi(f"{base}/openapi.json", InspectOptions())
    assert model.address == f"{base}/v2"
    assert types(entity(model, "Pet"))["tag"] == "Tag"
    assert any("on another host, which is not asked" in note.message for note in model.notes)


async def test_an_adapter_serves_what_was_found(tmp_path: Path) -> None:
    tree = pet_store(owner=ref("Owner"), status={"type": "string", "enum": ["for sale", "sold"]})
    tree["components"]["schemas"]["Owner"] = obj("id", id="integer:int64")
    tree["paths"]["/owners/{ownerId}"] = get(ref("Owner"))
    pets = [{"id": n, "name": f"P{n}", "owner": {"id": 7}, "status": "for sale"} for n in (1, 2)]

    async def answer(request: ReceivedRequest, _: object) -> bytes:
        one = request.target.rpartition("/")[2]
        return http(json.dumps(pets[int(one) - 1] if one.isdigit() else pets))

    async with serve(answer) as server:
        tree["servers"] = [{"url": f"http://127.0.0.1:{server.port}"}]
        model = read(tree)
        pet = entity(model, "Pet")
        product = DataProduct(
            "pets", "store",
            EntitySchema("Pet", "1.0.0", tuple(EntityField(f.name, "string") for f in pet.fields)),
            SourceAccess(model.address, "/pets/{id}"),
        )  # fmt: skip
        source = RestSource("store", model.address)
        adapter = RestResourceAdapter(source, product, rest_resource(pet, model))
        one = await adapter.get_entity("2")
        page = await adapter.query_entities(EntityQuery(limit=1, offset=1))
        await adapter.close()
    assert page == [one]
    assert one.data == {"id": "2", "name": "P2", "ownerId": "7", "status": "FOR_SALE"}


# Any JSON under the keywords of a schema: whatever somebody wrote, a model or a sentence.
NAMES = st.sampled_from(["A", "B", "C", "d-e", "f.g", "1", "Query", ""])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null", "x"])
SCHEMAS = st.recursive(
    NAMES.map(ref) | st.fixed_dictionaries({}, optional={
        "type": TYPES | st.lists(TYPES, max_size=2),
        "format": st.sampled_from(["int64", "uuid", "x"]),
        "nullable": st.booleans(), "enum": st.lists(JUNK, max_size=3), "const": JUNK,
    }),
    lambda inner: st.fixed_dictionaries({}, optional={
        "type": TYPES,
        "properties": st.dictionaries(NAMES | st.just("id"), inner, max_size=3) | JUNK,
        "required": st.lists(NAMES, max_size=2) | JUNK, "items": inner | JUNK,
        "allOf": st.lists(inner, max_size=3) | JUNK, "oneOf": st.lists(inner, max_size=3) | JUNK,
        "anyOf": st.lists(inner, max_size=3), "additionalProperties": inner | st.booleans(),
        "discriminator": JUNK | st.fixed_dictionaries({"propertyName": NAMES}),
    }),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(NAMES, SCHEMAS, max_size=5), SCHEMAS, st.lists(SCHEMAS, max_size=2))
def test_no_schema_breaks_the_reader(schemas: Json, item: Json, inline: list[Json]) -> None:
    paths = {
        "/things/{id}": get(
            obj("id", id="string", a=item, **{f"x{n}": s for n, s in enumerate(inline)})
        ),
        "/others/{name}": get(item),
        "/others": get({"type": "array", "items": item}),
    }
    with suppress(ConfigurationError):  # "no path that names one thing"
        read(document(paths, schemas))
