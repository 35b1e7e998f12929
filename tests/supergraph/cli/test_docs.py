"""docs/composition.md works as written: files, commands and Python, in the order shown."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from supergraph import load_supergraph
from tests.supergraph.cli.project import run

PAGE = (Path(__file__).parents[3] / "docs" / "composition.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_works_as_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE)
    names = iter(re.findall(r"^`([\w.]+)`(?::$| says)", PAGE, re.MULTILINE))
    for language, text in blocks:
        if language in ("graphql", "yaml"):
            Path(next(names)).write_text(text)
        elif language == "sh":
            for line in text.splitlines():
                result = run(*shlex.split(line.removeprefix("dictamesh supergraph ")))
                assert result.exit_code == 0, f"{line}\n{result.stderr}"
        else:
            exec(compile(text, "docs/composition.md", "exec"), {})
    assert next(names, None) is None
    product = load_supergraph(Path("public.graphql").read_text()).api_schema.type_map["Product"]
    assert set(getattr(product, "fields", ())) == {"name", "shippingCost"}
    again = run("compose", "--config", "extracted/supergraph.yaml").stdout
    assert again == Path("supergraph.graphql").read_text()
