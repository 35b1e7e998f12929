"""`subgraph_changes`: two versions of one subgraph's SDL, compared for what federation makes of it.

A supergraph does not say everything: `@shareable` is gone in it, and a subgraph can be compared
before it is composed. So the texts of a subgraph are compared as schemas, and the directives of
federation in them for what they mean: `KEY_REMOVED`, not `DIRECTIVE_USAGE_OBJECT_REMOVED`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from supergraph.checks.change import SchemaChange
from supergraph.checks.changes.compare import compare_definitions
from supergraph.checks.changes.found import Found
from supergraph.checks.federation.access import compare_access
from supergraph.checks.federation.contexts import compare_context_arguments, compare_contexts
from supergraph.checks.federation.cost import compare_cost
from supergraph.checks.federation.elements import without_directives
from supergraph.checks.federation.facts import Facts, facts_of_subgraph
from supergraph.checks.federation.interface_objects import compare_interface_objects
from supergraph.checks.federation.keys import compare_keys
from supergraph.checks.federation.overrides import compare_overrides
from supergraph.checks.federation.requirements import (
    compare_required_fields,
    compare_requirements,
)
from supergraph.checks.federation.shareable import OtherOwners, compare_shareable
from supergraph.checks.federation.tags import compare_tags
from supergraph.checks.schema_text import (
    definitions,
    parse_differing,
    pieces,
    schema_document,
)
from supergraph.definitions import SchemaDefinitions
from supergraph.federation.directives import DIRECTIVES, FEDERATION_IDENTITY
from supergraph.model import SubgraphName, Supergraph, TypeName
from supergraph.subgraph.links import LinkedNames, read_links

_OF_FEDERATION_1 = re.compile(r"@(?:key|external|requires|provides|extends)\b")


def is_subgraph(sdl: str) -> bool:
    """Whether the text is SDL of a subgraph: it links federation, or uses what Federation 1 has."""
    return (FEDERATION_IDENTITY in sdl or _OF_FEDERATION_1.search(sdl) is not None) and not any(
        piece.key == "@key" for piece in pieces(sdl) if FEDERATION_IDENTITY not in sdl
    )


def subgraph_changes(
    name: str,
    old_sdl: str,
    new_sdl: str,
    *,
    supergraph: Supergraph | None = None,
    old_file: str | None = None,
    new_file: str | None = None,
) -> list[SchemaChange]:
    """Every difference between two versions of the SDL of subgraph `name`.

    `supergraph` is the graph it is part of, as it was before. With it, a field that goes is known
    to be one that other subgraphs depend on, and `@shareable` that goes to be one that is needed.
    The grades are those of the subgraph alone: a field it removes may be answered by another, and
    only composing the graph tells what clients see of it.

    Raises:
        InvalidSchemaError: if one of the texts is no schema.
    """
    found = Found(old_file, new_file, subgraph=name)
    called = old_file or f'the old SDL of "{name}"', new_file or f'the new SDL of "{name}"'
    links = [
        read_links(schema_document(sdl, text), name, None)
        for sdl, text in zip((old_sdl, new_sdl), called, strict=True)
    ]
    # Under other links the same text means something else: nothing is alike then.
    same = (links[0].version, links[0].features) == (links[1].version, links[1].features)
    documents = parse_differing(old_sdl, new_sdl, called, keep=lambda _: not same)
    old, new = (
        definitions(sdl, document, read.features.get)
        for sdl, document, read in zip((old_sdl, new_sdl), documents, links, strict=True)
    )
    compare_definitions(found, _plain(old, links[0]), _plain(new, links[1]))
    before, after = (
        facts_of_subgraph(name, side, all_shareable=read.version is None)
        for side, read in zip((old, new), links, strict=True)
    )
    compare_keys(found, before, after)
    compare_shareable(found, before, after, _other_owners(name, supergraph))
    compare_overrides(found, before, after)
    compare_requirements(found, before, after)
    compare_interface_objects(found, before, after)
    compare_context_arguments(found, before, after)
    compare_contexts(found, old, new, name)
    compare_access(found, old, new, name)
    compare_cost(found, old, new, name)
    compare_tags(found, old, new, name)
    if supergraph is not None:
        removed = _removed(name, before, after, supergraph)
        compare_required_fields(found, removed, supergraph.types, before)
    return found.changes


def _plain(given: SchemaDefinitions, links: LinkedNames) -> SchemaDefinitions:
    """The definitions without directives that are compared for what they mean, and their own."""
    features = {local for local, plain in links.features.items() if plain in DIRECTIVES}
    features.add(links.link_name)
    plain = SchemaDefinitions(roots=given.roots, schema=without_directives(given.schema, features))
    plain.directives = {
        name: definition for name, definition in given.directives.items() if name not in features
    }
    plain.types = {
        name: replace(
            without_directives(definition, features),
            fields={
                field.name: replace(
                    without_directives(field, features),
                    arguments={
                        item.name: without_directives(item, features)
                        for item in field.arguments.values()
                    },
                )
                for field in definition.fields.values()
            },
            input_fields={
                item.name: without_directives(item, features)
                for item in definition.input_fields.values()
            },
            values={
                item.name: without_directives(item, features) for item in definition.values.values()
            },
        )
        for name, definition in given.types.items()
    }
    return plain


def _other_owners(name: str, supergraph: Supergraph | None) -> OtherOwners:
    def owners(path: str) -> Sequence[str] | None:
        if supergraph is None:
            return None
        parent, _, member = path.partition(".")
        definition = supergraph.types.get(TypeName(parent))
        field = definition.fields.get(member) if definition is not None else None
        return [
            str(join.graph)
            for join in (field.joins if field is not None else ())
            if join.graph != SubgraphName(name) and not join.external and not join.used_overridden
        ]

    return owners


def _removed(name: str, old: Facts, new: Facts, supergraph: Supergraph) -> dict[str, str]:
    """Fields that the subgraph answered, and no other does."""
    others = _other_owners(name, supergraph)
    removed = {}
    for parent in old.types:
        after = new.fields(parent)
        for member, facts in old.fields(parent).items():
            path = f"{parent}.{member}"
            gone = all(fact.external for fact in after.get(member, {}).values())
            if gone and any(fact.resolves for fact in facts.values()) and not others(path):
                removed[path] = name
    return removed
