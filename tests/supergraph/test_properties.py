"""Whatever the subgraphs are, composing them gives a result; and what composes can be used."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supergraph.compose import compose
from supergraph.load import load_supergraph
from supergraph.query_graph import build_query_graph
from tests.supergraph.meaning import meaning
from tests.testkit.composition import subgraph_inputs

SCALARS = ("Int", "String!", "[ID!]", "E")
ENTITIES = ("T0", "T1")
NAMES = ("a", "b", "c")


@st.composite
def field(draw: st.DrawFn, name: str) -> str:
    type_ = draw(st.sampled_from((*SCALARS, *ENTITIES, "V", "U", "I")))
    marks = draw(
        st.sampled_from(
            (
                "",
                "@shareable",
                "@shareable",
                "@external",
                "@inaccessible",
                '@tag(name: "t")',
                '@override(from: "a")',
                '@override(from: "b", label: "percent(5)")',
                '@requires(fields: "f0")',
                '@provides(fields: "id")',
                "@deprecated",
            )
        )
    )
    arguments = draw(st.sampled_from(("", "", "(x: Int)", "(x: Int = 3)", "(x: In!)")))
    return f"{name}{arguments}: {type_} {marks}"


@st.composite
def subgraph(draw: st.DrawFn) -> str:
    parts = [f"enum E {{ {' '.join(draw(st.sets(st.sampled_from('ABC'), min_size=1)))} }}"]
    parts.append(f"input In {{ a: Int {draw(st.sampled_from(('', 'b: Int', 'b: Int!')))} }}")
    parts.append(f"union U = {draw(st.sampled_from(('T0', 'T0 | T1', 'T1 | V')))}")
    parts.append("interface I { id: ID }")
    for name in ENTITIES:
        fields = [
            draw(field(f"f{index}"))
            for index in draw(st.sets(st.integers(0, 3), min_size=1, max_size=3))
        ]
        key = draw(st.sampled_from(("id", "id", "f0", "id, resolvable", "nope {")))
        resolvable = ", resolvable: false" if "," in key else ""
        key_text = key.split(",")[0]
        head = draw(st.sampled_from(("type", "type", "extend type")))
        implements = draw(st.sampled_from(("", " implements I")))
        directives = f'@key(fields: "{key_text}"{resolvable})'
        parts.append(f"{head} {name}{implements} {directives} {{ id: ID {' '.join(fields)} }}")
    parts.append(f"type V @shareable {{ x: Int {draw(field('y'))} }}")
    roots = draw(st.sets(st.sampled_from(("T0", "T1", "V", "U", "I"))))
    if roots:
        fields = [f"q{root}: {root} @shareable" for root in sorted(roots)]
        parts.append(f"type Query {{ {' '.join(fields)} }}")
    return "\n".join(parts)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.dictionaries(st.sampled_from(NAMES), subgraph(), min_size=1))
def test_composing_never_raises_and_what_composes_loads(subgraphs: dict[str, str]) -> None:
    result = compose(subgraph_inputs(subgraphs))
    assert (result.supergraph_sdl is None) == bool(result.errors)
    for error in result.errors:
        assert error.message
    if result.supergraph_sdl is not None:
        graph = build_query_graph(load_supergraph(result.supergraph_sdl))
        assert graph.all_nodes()
        again = compose(list(reversed(subgraph_inputs(subgraphs))))
        assert again.supergraph_sdl == result.supergraph_sdl


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 3), st.integers(1, 4))
def test_clean_graphs_compose(subgraph_count: int, field_count: int) -> None:
    subgraphs = {
        name: f'type Query {{ {name}: T }} type T @key(fields: "id") {{ id: ID! '
        + " ".join(f"{name}{index}: Int" for index in range(field_count))
        + " }"
        for name in NAMES[:subgraph_count]
    }
    result = compose(subgraph_inputs(subgraphs))
    assert result.supergraph_sdl is not None, result.errors
    facts = meaning(result.supergraph_sdl)
    assert sum(name.startswith("T.") for name in facts) == 1 + subgraph_count * field_count


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet='type Query{}():@"!|&=$[]# \n\u00e9abc123,.\\', max_size=80))
def test_any_text_is_an_answer_too(text: str) -> None:
    result = compose(subgraph_inputs({"a": text}))
    assert (result.supergraph_sdl is None) == bool(result.errors)
