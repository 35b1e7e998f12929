"""Random schemas: nothing changed is no change, what was changed is found, as others grade it."""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from random import Random

import pytest
from graphql import BreakingChangeType, build_schema, find_breaking_changes

from supergraph import Criticality, diff
from supergraph.checks.schema_text import definitions, parse_schema
from tests.supergraph.checks.random_schemas import MUTATIONS, Mutation, random_schema

SAME = {
    BreakingChangeType.TYPE_REMOVED: {"TYPE_REMOVED"},
    BreakingChangeType.TYPE_CHANGED_KIND: {"TYPE_KIND_CHANGED"},
    BreakingChangeType.TYPE_REMOVED_FROM_UNION: {"UNION_MEMBER_REMOVED"},
    BreakingChangeType.VALUE_REMOVED_FROM_ENUM: {"ENUM_VALUE_REMOVED"},
    BreakingChangeType.REQUIRED_INPUT_FIELD_ADDED: {"INPUT_FIELD_ADDED"},
    BreakingChangeType.IMPLEMENTED_INTERFACE_REMOVED: {"OBJECT_TYPE_INTERFACE_REMOVED"},
    BreakingChangeType.FIELD_REMOVED: {"FIELD_REMOVED", "INPUT_FIELD_REMOVED"},
    BreakingChangeType.FIELD_CHANGED_KIND: {"FIELD_TYPE_CHANGED", "INPUT_FIELD_TYPE_CHANGED"},
    BreakingChangeType.REQUIRED_ARG_ADDED: {"FIELD_ARGUMENT_ADDED"},
    BreakingChangeType.ARG_REMOVED: {"FIELD_ARGUMENT_REMOVED"},
    BreakingChangeType.ARG_CHANGED_KIND: {"FIELD_ARGUMENT_TYPE_CHANGED"},
    BreakingChangeType.DIRECTIVE_REMOVED: {"DIRECTIVE_REMOVED"},
    BreakingChangeType.DIRECTIVE_ARG_REMOVED: {"DIRECTIVE_ARGUMENT_REMOVED"},
    BreakingChangeType.REQUIRED_DIRECTIVE_ARG_ADDED: {"DIRECTIVE_ARGUMENT_ADDED"},
    BreakingChangeType.DIRECTIVE_LOCATION_REMOVED: {"DIRECTIVE_LOCATION_REMOVED"},
}
"""How graphql-core calls what it finds breaking."""

ONLY_HERE = {
    # What could be left out and cannot any more: graphql-core compares the default with no default
    # as dangerous, without asking whether the value is required by it.
    "FIELD_ARGUMENT_DEFAULT_CHANGED",
    "INPUT_FIELD_DEFAULT_VALUE_CHANGED",
}


@pytest.mark.parametrize("seed", range(40))
def test_a_schema_does_not_differ_from_itself_in_any_order(seed: int) -> None:
    schema = random_schema(Random(seed))
    assert diff(schema.sdl(Random(1)), schema.sdl(Random(2))) == []


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda item: item.__name__)
def test_a_mutation_is_found(mutation: Mutation) -> None:
    tried = 0
    for seed in range(40):
        rng = Random(seed)
        before = random_schema(rng)
        after = deepcopy(before)
        kind = mutation(rng, after)
        if kind is None:
            continue
        tried += 1
        assert kind in {item.kind for item in diff(before.sdl(rng), after.sdl(rng))}, seed
    assert tried > 5


@pytest.mark.parametrize("seed", range(100))
def test_what_is_breaking_is_so_for_graphql_core_and_the_other_way_round(seed: int) -> None:
    rng = Random(seed)
    schema = random_schema(rng)
    old = schema.sdl(rng)
    for mutation in rng.choices(MUTATIONS, k=rng.randint(1, 8)):
        mutation(rng, schema)
    new = schema.sdl(rng)
    theirs = Counter(
        min(SAME[item.type])
        for item in find_breaking_changes(build_schema(old), build_schema(new))
        # A built-in scalar that nothing refers to any more: no operation can have used it either.
        if not item.description.startswith("Standard scalar")
    )
    called = {kind: min(kinds) for kinds in SAME.values() for kind in kinds}
    ours = Counter(
        called[item.kind]
        for item in diff(old, new)
        if item.criticality is Criticality.BREAKING and item.kind not in ONLY_HERE
    )
    assert ours == theirs


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_what_is_alike_finds_the_same_as_reading_everything(seed: int) -> None:
    rng = Random(seed)
    schema = random_schema(rng)
    old = schema.sdl(rng)
    for mutation in rng.choices(MUTATIONS, k=3):
        mutation(rng, schema)
    new = schema.sdl(rng)
    # A comment at the end of every line makes every definition differ.
    noisy = "\n".join(f"{line} # {number}" for number, line in enumerate(new.splitlines()))
    assert sorted(map(str, diff(old, new))) == sorted(map(str, diff(old, noisy)))
    assert definitions(new, parse_schema(new, "new"), lambda _: None).roots == {"query": "Query"}
