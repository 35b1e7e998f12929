"""The generated graph of the benchmarks is what it says, and composing it keeps to its bounds."""

from __future__ import annotations

import gc

import pytest
from graphql import (
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    TypeDefinitionNode,
    parse,
)

from supergraph.collection import collection_paused
from supergraph.compose import compose
from tests.benchmarks.large_graph import large_graph


@pytest.mark.parametrize(("subgraphs", "types", "fields"), [(4, 60, 500), (12, 240, 2_400)])
def test_composes_to_about_the_types_and_fields_it_was_asked_for(
    subgraphs: int, types: int, fields: int
) -> None:
    inputs = large_graph(subgraphs, types, fields)
    result = compose(inputs)
    assert result.errors == ()
    assert result.supergraph_sdl is not None
    definitions = [
        node
        for node in parse(result.supergraph_sdl).definitions
        if isinstance(node, TypeDefinitionNode) and "__" not in node.name.value
    ]
    with_fields = (
        ObjectTypeDefinitionNode,
        InterfaceTypeDefinitionNode,
        InputObjectTypeDefinitionNode,
    )
    found = sum(len(node.fields or ()) for node in definitions if isinstance(node, with_fields))
    assert len(inputs) == subgraphs
    assert len(definitions) == pytest.approx(types, rel=0.1)
    assert found == pytest.approx(fields, rel=0.1)


def test_is_the_same_each_time_and_another_by_another_seed() -> None:
    assert large_graph(5, 40, 300) == large_graph(5, 40, 300)
    assert large_graph(5, 40, 300) != large_graph(5, 40, 300, seed=2)


def test_collection_goes_on_after_composing_even_after_a_failure() -> None:
    def build() -> None:
        with collection_paused():
            assert not gc.isenabled()
            raise ValueError("broken")

    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"):
        build()
    assert gc.isenabled()


def test_collection_stays_off_where_the_caller_switched_it_off() -> None:
    gc.disable()
    try:
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
