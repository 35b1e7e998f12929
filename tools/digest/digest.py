"""Read published OpenAPI documents of large products, and say what was made of them.

    cd tools/digest && npm install --ignore-scripts --omit=optional && cd ../..
    python tools/digest/digest.py [--all-written-out]

Each document must give a model whose types are valid GraphQL, or one sentence that says why there
is none. `--all-written-out` adds the largest one: GitHub's with all its references inlined, 73 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.inspect.openapi import inspect_openapi
from subgraph_kit.scaffold.options import InspectOptions
from tests.testkit.source_models import check_model

MODULES = Path(__file__).parent / "node_modules"
LARGE = (
    "@octokit/openapi/generated/api.github.com.json",
    "@octokit/openapi/generated/ghec.json",
    "kubernetes-client/lib/specs/swagger-1.13.json.gz",
    "@okta/openapi/dist/spec.yaml",
    "@blockfrost/openapi/openapi.yaml",
    "@directus/specs/dist/openapi.json",
)
WRITTEN_OUT = "@octokit/openapi/generated/api.github.com.deref.json"


def main() -> int:
    """Read all, print a table, return how many were not digested."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--all-written-out", action="store_true")
    arguments = options.parse_args()
    if not MODULES.is_dir():
        sys.exit("install the documents first: cd tools/digest && npm install --ignore-scripts")
    names = [*LARGE, *([WRITTEN_OUT] if arguments.all_written_out else [])]
    examples = MODULES.glob("@readme/oas-examples/*/*/*.*")
    names += sorted(str(path.relative_to(MODULES)) for path in examples)
    table = Table("document", "MB", "seconds", "entities", "types", "enums", "left out", "unclear")
    problems = [problem for name in names if (problem := _digest(name, table)) is not None]
    console = Console()
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    console.print(f"{table.row_count} of {len(names)} documents gave a model; peak {peak} MB")
    for problem in problems:
        console.print(problem, style="red")
    return len(problems)


def _digest(name: str, table: Table) -> str | None:
    with tempfile.TemporaryDirectory() as directory:
        path = MODULES / name
        if path.suffix == ".gz":
            plain = Path(directory) / path.stem
            plain.write_bytes(gzip.decompress(path.read_bytes()))
            path = plain
        started = time.perf_counter()
        try:
            model = asyncio.run(inspect_openapi(str(path), InspectOptions()))
        except ConfigurationError:
            return None  # a sentence: the examples have documents without anything to read
        except Exception as error:
            return f"{name}: {type(error).__name__}: {str(error)[:300]}"
        seconds = time.perf_counter() - started
        levels = Counter(note.level for note in model.notes)
        table.add_row(
            name.rpartition("generated/")[2] or name, f"{path.stat().st_size / 1e6:.1f}",
            f"{seconds:.1f}", str(len(model.entities)), str(len(model.types)),
            str(len(model.enums)), str(levels["left_out"]), str(levels["unclear"]),
        )  # fmt: skip
        try:
            check_model(model)
        except Exception as error:
            return f"{name}: its types are no valid GraphQL: {str(error)[:300]}"
    return None


if __name__ == "__main__":
    sys.exit(main())
