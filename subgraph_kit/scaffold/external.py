"""Entities of other subgraphs: which fields of a source are keys of what the graph has already.

Given the supergraph, `customer_id` of an orders table is the key of `Customer`, whichever subgraph
serves it: the field becomes a reference, and the new subgraph's orders have the whole customer. All
of it is guessed from names and types, so each reference says why, and is shown for confirmation.

The supergraph is read as text (`@join__type(key:)`), a subgraph's SDL likewise (`@key`); nothing
else of it matters here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLError,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    StringValueNode,
    TypeNode,
    parse,
)
from graphql.language import BooleanValueNode

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.model import (
    EntityModel,
    FieldModel,
    Guess,
    Reference,
    SourceModel,
)
from subgraph_kit.scaffold.names import Names, field_name, singular, words

_MAX_TOKENS = 5_000_000
_KEY_WORDS = frozenset({"id", "uuid", "guid", "key", "code", "sku", "upc", "isbn", "no", "number",
                        "slug", "email", "name"})  # fmt: skip
_NO_KEY_HERE = (("resolvable", False), ("isInterfaceObject", True))
_WHOLE = frozenset({"Int", "BigInt"})
_LEAST = 0.5
"""Guesses under this are not shown: they would be wrong more often than right."""


@dataclass(frozen=True, slots=True)
class ExternalKey:
    """A key of an entity type of the graph: its fields, and their scalars."""

    type_name: str
    fields: tuple[str, ...]
    scalars: tuple[str, ...]


def external_keys(sdl: str) -> list[ExternalKey]:
    """The keys of plain fields that a supergraph's or subgraph's SDL states, sorted.

    Keys that are not to be resolved by (`resolvable: false`) are no key of that subgraph.

    Raises:
        ConfigurationError: if the text is no SDL.
    """
    try:
        document = parse(sdl, no_location=False, max_tokens=_MAX_TOKENS)
    except GraphQLError as error:
        at = f" at line {error.locations[0].line}" if error.locations else ""
        raise ConfigurationError(
            f"the supergraph is no SDL{at}: give what `dictamesh compose` writes"
        ) from None
    except RecursionError:
        raise ConfigurationError("the supergraph is no SDL: it is nested too deep") from None
    return sorted(_keys(document), key=lambda key: (key.type_name, key.fields))


def with_external_references(model: SourceModel, keys: Sequence[ExternalKey]) -> SourceModel:
    """The model, with references to entities of other subgraphs where its fields look like keys.

    Types that the model has itself are its own: no reference leads to them from here.
    """
    own = {entity.name for entity in model.entities}
    others = [key for key in keys if key.type_name not in own]
    entities = tuple(_with_references(entity, others) for entity in model.entities)
    return replace(model, entities=entities)


def _with_references(entity: EntityModel, keys: Sequence[ExternalKey]) -> EntityModel:
    names = Names(reserved=[*(f.name for f in entity.fields), *(r.name for r in entity.references)])
    # What refers to something already does not refer to something else as well.
    told = {name for reference in entity.references for name in reference.fields}
    found: list[Reference] = []
    for guessed in sorted(_guesses(entity, keys, told), key=lambda each: each.rank):
        if any(field.name in told for field in guessed.fields):
            continue
        told |= {field.name for field in guessed.fields}
        plain = guessed.key.type_name[:1].lower() + guessed.key.type_name[1:]
        name = names.take("", field_name(guessed.name) if guessed.name else plain, f"{plain}Ref")
        found.append(
            Reference(
                name,
                guessed.key.type_name,
                tuple(field.name for field in guessed.fields),
                guessed.key.fields,
                nullable=any(field.type.nullable for field in guessed.fields),
                external=True,
                guess=guessed.guess,
                target_types=guessed.key.scalars,
            )
        )
    order = {field.name: index for index, field in enumerate(entity.fields)}
    found.sort(key=lambda reference: order[reference.fields[0]])
    return replace(entity, references=(*entity.references, *found))


@dataclass(frozen=True, slots=True)
class _Guessed:
    key: ExternalKey
    fields: tuple[FieldModel, ...]
    name: str
    guess: Guess

    @property
    def rank(self) -> tuple[float, int, str, tuple[str, ...]]:
        """Less is better: surest first, then keys of more fields, then by name."""
        return (
            -self.guess.confidence, -len(self.key.fields), self.key.type_name, self.key.fields,
        )  # fmt: skip


def _guesses(
    entity: EntityModel, keys: Sequence[ExternalKey], told: set[str]
) -> Iterable[_Guessed]:
    free = [field for field in entity.fields if field.name not in told and not field.type.is_list]
    own_key = set(entity.keys[0]) if len(entity.keys[0]) == 1 else set()
    for key in keys:
        matched: list[tuple[FieldModel, str, float]] = []
        for key_field, scalar in zip(key.fields, key.scalars, strict=True):
            best = max(
                (
                    (field, role, confidence)
                    for field in free
                    if _fits(field.type.name, scalar)
                    and (m := _match(field, key.type_name, key_field)) is not None
                    for role, confidence in (m,)
                    # `id` is the entity's own; `user_id` as its key says whose it is.
                    if not (field.name in own_key and role == "")
                ),
                key=lambda each: each[2],
                default=None,
            )
            if best is None or best[2] < _LEAST:
                break
            matched.append(best)
        if len(matched) != len(key.fields) or len({m[0].name for m in matched}) < len(matched):
            continue
        confidence = min(m[2] for m in matched)
        fields = tuple(m[0] for m in matched)
        listed = " and ".join(repr(field.source_name) for field in fields)
        verb = "is" if len(fields) == 1 else "are"
        yield _Guessed(
            key,
            fields,
            matched[0][1],
            Guess(
                f"{listed} {verb} called like the key {' '.join(key.fields)!r} of {key.type_name}",
                confidence,
            ),
        )


def _match(field: FieldModel, type_name: str, key_field: str) -> tuple[str, float] | None:
    """(what the reference is called, confidence) if a field's name says this key of this type.

    `customer_id` is `Customer.id`; `billing_customer_id` is one in a role; `upc` is `Product.upc`,
    whose name alone says it; `customer` may be one.
    """
    said = words(field.source_name.rpartition(".")[2].strip("{}"))
    if "." in field.source_name:
        said = [*words(field.source_name.rpartition(".")[0]), *said]
    target, key = words(type_name), words(key_field)
    target = [*target[:-1], singular(target[-1])]
    if said[-len(key) :] == key and len(said) > len(key):
        base = said[: -len(key)]
        base = [*base[:-1], singular(base[-1])]
        if base == target:
            return "_".join(base), 0.95 if key[-1] in _KEY_WORDS else 0.8
        if len(base) > len(target) and base[-len(target) :] == target:
            return "_".join(base), 0.85
        if len(target) > 1 and base == target[-1:]:
            return "_".join(base), 0.6
        return None
    if said == key and key != ["id"] and key[-1] not in ("name", "email", "code", "number", "no"):
        # A word of its own, as a barcode is: the same name is likely the same thing.
        return "", 0.6
    if said == key and len(key) > 1 and key[: len(target)] == target:
        return "_".join(target), 0.9
    if said == target and key[-1] in ("id", "uuid", "key", "sku", "upc"):
        return f"{'_'.join(target)}_entity", 0.5
    return None


def _fits(field: str, key: str) -> bool:
    """Whether a column of this scalar can hold such a key; an `ID` takes what identifies."""
    if field == key or "ID" in (field, key):
        return field in ("ID", "String", "UUID", *_WHOLE) or field == key
    if field in _WHOLE and key in _WHOLE:
        return True
    return {field, key} <= {"String", "UUID"}


def _keys(document: DocumentNode) -> set[ExternalKey]:
    scalars: dict[str, dict[str, str]] = {}
    stated: list[tuple[str, tuple[str, ...]]] = []
    for node in document.definitions:
        if not isinstance(node, ObjectTypeDefinitionNode | ObjectTypeExtensionNode):
            continue
        fields = scalars.setdefault(node.name.value, {})
        for field in node.fields or ():
            name = _plain_scalar(field.type)
            if name is not None:
                fields[field.name.value] = name
        for directive in node.directives or ():
            if directive.name.value in ("key", "federation__key", "join__type"):
                text = _key_text(directive)
                if text is not None and "{" not in text and text.split():
                    stated.append((node.name.value, tuple(text.split())))
    found = set()
    for type_name, names in stated:
        own = scalars[type_name]
        if all(name in own for name in names):
            found.add(ExternalKey(type_name, names, tuple(own[name] for name in names)))
    return found


def _key_text(directive: DirectiveNode) -> str | None:
    text = None
    for argument in directive.arguments or ():
        name, value = argument.name.value, argument.value
        if name in ("fields", "key") and isinstance(value, StringValueNode):
            text = value.value
        if isinstance(value, BooleanValueNode) and (name, value.value) in _NO_KEY_HERE:
            return None
    return text


def _plain_scalar(type_: TypeNode) -> str | None:
    if isinstance(type_, NonNullTypeNode):
        type_ = type_.type
    if isinstance(type_, ListTypeNode):
        return None
    return type_.name.value if isinstance(type_, NamedTypeNode) else None
