"""References to entities of other subgraphs, guessed by the names and types of fields."""

import pytest

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.external import ExternalKey, external_keys, with_external_references
from subgraph_kit.scaffold.model import (
    BlankAccess,
    EntityModel,
    FieldModel,
    Reference,
    SourceModel,
    TypeRef,
)

SUPERGRAPH = """
type Customer @join__type(graph: CRM, key: "id") @join__type(graph: SHOP, key: "email") {
  id: ID! email: String!
}
type Product @join__type(graph: SHOP, key: "upc") { upc: String! }
type Rate @join__type(graph: SHOP, key: "base quote") { base: String! quote: String! }
type Box @join__type(graph: SHOP, key: "owner { id }") { owner: Customer }
type Hidden @join__type(graph: SHOP, key: "id", resolvable: false) { id: ID! }
"""


def model(*fields: str, key: str = "id", references: tuple[Reference, ...] = ()) -> SourceModel:
    """An `Order` with fields such as `customer_id: Int`."""
    made = []
    for each in ("id: ID!", *fields):
        name, _, type_ = each.partition(": ")
        made.append(FieldModel(name, name, TypeRef(type_.rstrip("!"), not type_.endswith("!"))))
    entity = EntityModel(
        "Order", "orders", "orders", ((key,),), tuple(made), BlankAccess(), references
    )
    return SourceModel("blank", "", (entity,))


def found(*fields: str, **options: object) -> list[tuple[str, str, tuple[str, ...]]]:
    linked = with_external_references(model(*fields, **options), external_keys(SUPERGRAPH))  # type: ignore[arg-type]
    return [(r.name, r.target, r.fields) for r in linked.entities[0].references]


def test_reads_the_plain_keys_that_can_be_resolved() -> None:
    assert external_keys(SUPERGRAPH) == [
        ExternalKey("Customer", ("email",), ("String",)),
        ExternalKey("Customer", ("id",), ("ID",)),
        ExternalKey("Product", ("upc",), ("String",)),
        ExternalKey("Rate", ("base", "quote"), ("String", "String")),
    ]


def test_reads_the_keys_of_a_subgraphs_own_sdl() -> None:
    sdl = 'extend type Customer @key(fields: "id") { id: ID! } type Query { a: Int }'
    assert external_keys(sdl) == [ExternalKey("Customer", ("id",), ("ID",))]


@pytest.mark.parametrize(
    ("field", "name", "target"),
    [
        ("customer_id: Int", "customer", "Customer"),
        ("customerId: ID", "customer", "Customer"),
        ("customers_id: BigInt!", "customer", "Customer"),
        ("billing_customer_id: UUID", "billingCustomer", "Customer"),
        ("customer_email: String", "customer", "Customer"),
        ("upc: String", "product", "Product"),
        ("product_upc: String!", "product", "Product"),
    ],
)
def test_a_field_called_like_a_key_is_a_reference(field: str, name: str, target: str) -> None:
    assert found(field) == [(name, target, (field.partition(":")[0],))]


@pytest.mark.parametrize(
    "field",
    [
        "customer_name: String",
        "customer_id: Float",
        "customer_id: DateTime",
        "hidden_id: ID",
        "email: String",
        "base: String",
        "supplier_id: ID",
    ],
)
def test_what_only_looks_a_little_like_a_key_is_left_alone(field: str) -> None:
    assert found(field) == []


def test_a_key_of_several_fields_needs_them_all() -> None:
    assert found("rate_base: String", "rate_quote: String") == [
        ("rate", "Rate", ("rate_base", "rate_quote"))
    ]
    assert found("rate_base: String") == []


def test_says_why_and_keeps_what_refers_already() -> None:
    linked = with_external_references(model("customer_id: Int"), external_keys(SUPERGRAPH))
    (reference,) = linked.entities[0].references
    assert (reference.external, reference.nullable, reference.target_types) == (True, True, ("ID",))
    assert reference.guess is not None
    assert reference.guess.reason == "'customer_id' is called like the key 'id' of Customer"
    own = Reference("customer", "Client", ("customer_id",), ("id",))
    assert found("customer_id: Int", references=(own,)) == [
        ("customer", "Client", ("customer_id",))
    ]


def test_a_type_of_the_model_itself_is_its_own() -> None:
    keys = [ExternalKey("Order", ("id",), ("ID",))]
    assert with_external_references(model("order_id: ID"), keys).entities[0].references == ()


def test_what_is_no_sdl_is_said_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match="the supergraph is no SDL at line 2"):
        external_keys("type A { a: Int }\n{{")
