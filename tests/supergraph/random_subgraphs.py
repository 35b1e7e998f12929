"""Random sets of subgraphs for the corpus, always the same: writes `corpus/RANDOM.txt`.

    python -m tests.supergraph.random_subgraphs

Each set is about two entities, a value type, an interface, a union, an enum and an input that the
subgraphs share, with marks that are sometimes wrong.
"""

from __future__ import annotations

from random import Random

from tests.supergraph.corpus_cases import CORPUS

SEED = 20261121
SETS = 120
_ENTITIES = ("A", "B")
_TYPES = ("Int", "Int!", "[String]", "A", "[B]", "V", "I", "U", "E")
_MARKS = (
    "",
    "",
    "@shareable",
    "@shareable",
    "@shareable",
    '@tag(name: "t")',
    "@inaccessible",
    "@deprecated",
    '@override(from: "a")',
    "@authenticated",
)


def _field(random: Random, name: str, kind: str) -> str:
    arguments = random.choice(("", "", "", "(x: Int)", "(x: Int = 1)", "(x: In)"))
    return f"{name}{arguments}: {kind} {random.choice(_MARKS)}"


def _subgraph(random: Random, kinds: dict[str, str]) -> str:
    parts = []
    for entity in _ENTITIES:
        names = random.sample(sorted(kinds), random.randint(0, 2))
        fields = " ".join(_field(random, name, kinds[name]) for name in names)
        implements = random.choice(("", " implements I"))
        key = random.choice(
            ('@key(fields: "id")',) * 4 + ('@key(fields: "id", resolvable: false)',)
        )
        parts.append(f"type {entity}{implements} {key} {{ id: ID! {fields} }}")
    extra = random.choice(("", "", "n: Int"))
    parts.append(f"type V @shareable {{ v: Int {extra} }}")
    parts.append("interface I { id: ID! }")
    parts.append(f"union U = {random.choice(('A', 'A | B', 'B'))}")
    parts.append(f"enum E {{ X {random.choice(('Y', 'Y Z', ''))} }}")
    parts.append(f"input In {{ a: Int {random.choice(('', 'b: Int', 'e: E'))} }}")
    return "\n".join(parts)


def random_sets() -> str:
    """The text of the file."""
    random = Random(SEED)
    blocks = []
    for number in range(1, SETS + 1):
        kinds = {f"f{index}": random.choice(_TYPES) for index in range(4)}
        lines = [f"=== {number}"]
        for name in ("a", "b", "c")[: random.randint(1, 3)]:
            lines += [f"--- {name}", _subgraph(random, kinds)]
            if name == "a" or random.random() < 0.5:
                root = random.choice(("A", "B", "V", "I", "U"))
                lines.append(f"type Query {{ {name}: {root} shared: Int @shareable }}")
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


if __name__ == "__main__":
    (CORPUS / "RANDOM.txt").write_text(random_sets())
