import hypothesis.strategies as st
from hypothesis import given

from subgraph_kit.entity_key import entity_id, key_values


def test_a_key_of_one_field_is_its_own_text() -> None:
    assert entity_id(("a,b%",)) == "a,b%"
    assert key_values("a,b%", 1) == ("a,b%",)


def test_a_key_of_several_fields_is_told_apart_whatever_is_in_it() -> None:
    assert entity_id(("a,b", 7)) == "a%2Cb,7"
    assert key_values("a%2Cb,7", 2) == ("a,b", "7")


def test_a_text_that_is_no_such_key_is_none() -> None:
    assert key_values("a", 2) is None
    assert key_values("a,b,c", 2) is None


@given(st.lists(st.text(), min_size=2, max_size=4))
def test_a_key_comes_back_as_it_went(values: list[str]) -> None:
    assert key_values(entity_id(values), len(values)) == tuple(values)
