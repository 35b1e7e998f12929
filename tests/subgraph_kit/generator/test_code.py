"""Source text that a formatter leaves as it is, and that says what it was made of."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.data_product import EntityField
from subgraph_kit.scaffold.render.code import Raw, call_of, imports_of, quoted, source
from subgraph_kit.scaffold.render.context import docstring
from subgraph_kit.scaffold.render.kinds.base import Setting


@given(st.text())
def test_a_literal_is_the_text(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text


@given(st.text())
def test_a_docstring_is_one_line_of_code_whatever_is_in_it(text: str) -> None:
    line = f'"""{docstring(f"`{text}`.")}"""'
    assert "\n" not in line
    assert isinstance(ast.literal_eval(line), str)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=150),
    lambda inner: st.lists(inner).map(tuple) | st.dictionaries(st.text(max_size=20), inner),
    max_leaves=12,
))  # fmt: skip
def test_values_are_what_their_source_says(value: Any) -> None:
    written = source(value, prefix="VALUE = ")
    assert ast.literal_eval(written.removeprefix("VALUE = ")) == value


def test_a_declaration_is_a_call_without_what_is_default() -> None:
    call = call_of(EntityField("id", "id", required=True), {"enum_values": Raw("NAMES")})
    assert source(call) == 'EntityField("id", "id", required=True, enum_values=NAMES)'
    assert imports_of(call) == {"subgraph_kit.data_product": {"EntityField"}}


@pytest.mark.parametrize("width", [96, 100, 104])
def test_lines_end_before_the_hundredth_column(width: int) -> None:
    field = EntityField("a" * (width - 60), "string", description="word " * 40)
    lines = source(call_of(field), prefix="FIELD = ").splitlines()
    assert max(map(len, lines)) <= 100


def test_a_default_too_long_for_a_line_has_lines_of_its_own() -> None:
    path = "/srv/" + "x" * 70
    secret = Setting("source_url", "SecretStr", "The file.", f'SecretStr("{path}")')
    plain = Setting("source_path_of_files", "str", "The file.", f'"{path}"')
    short = Setting("source_url", "SecretStr", "The file.", 'SecretStr("sqlite://")')

    assert secret.code == f'source_url: SecretStr = SecretStr(\n        "{path}"\n    )'
    assert plain.code == f'source_path_of_files: str = (\n        "{path}"\n    )'
    assert short.code == 'source_url: SecretStr = SecretStr("sqlite://")'
