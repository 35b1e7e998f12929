"""Compile the planner with mypyc while the package is built, if there is a C compiler.

`supergraph/native.py` says how the result is used. Without a compiler, or with
`DICTAMESH_NATIVE=0` in the environment, the package is built without it: it does the same, only
its planner is slower. `python hatch_build.py` compiles what is not current in this tree.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))

from supergraph.native import DIRECTORY, MANIFEST, digest, find_native  # noqa: E402

NAME = "dictamesh"
"""Name of the library that holds the code; its modules are doors to it."""

SEARCH = ("bounds", "cost", "graph_view", "path", "query_tree", "selections", "walk", "best")
FETCH_GRAPH = (
    "build_fetch_graph",
    "fill_contexts",
    "fetch_graph",
    "document",
    "place",
    "positions",
)
MODULES = (
    *(f"gateway/planner/{name}.py" for name in (*SEARCH, "contexts", *FETCH_GRAPH, "emit")),
    *(f"supergraph/query_graph/{name}.py" for name in ("build", "edge", "node")),
)
PASSES = "gateway/planner/optimize"
RELIED_ON = ("gateway/plan", "gateway/operation", "gateway/planner", "supergraph/federation")
"""Packages whose types machine code takes for given, as it does those of `supergraph` itself."""


class NativePlanner(BuildHookInterface[Any]):
    """Compiles before a wheel, or an installation that points at this tree, is put together."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and mark the wheel as one for this interpreter if that succeeds."""
        if build_native():
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"].append(f"{DIRECTORY.relative_to(ROOT)}/**")


def sources() -> list[str]:
    """The modules to compile, as paths below the root."""
    passes = sorted((ROOT / PASSES).glob("*.py"))
    return [*MODULES, *(f"{PASSES}/{path.name}" for path in passes if path.stem != "__init__")]


def relied_on() -> list[str]:
    """The modules whose change makes machine code old, as paths below the root."""
    plain = [*ROOT.glob("supergraph/*.py")]
    plain += [path for package in RELIED_ON for path in (ROOT / package).glob("*.py")]
    return sorted({*sources(), *(path.relative_to(ROOT).as_posix() for path in plain)})


def build_native() -> bool:
    """Compile into the tree unless it is done already; whether there is machine code after it.

    In a process of its own: what a compiler prints, and the way it ends, are not the builder's.
    """
    if os.environ.get("DICTAMESH_NATIVE") == "0":
        return False
    if find_native():
        return True
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    digests = {source: digest(ROOT / source) for source in relied_on()}
    with tempfile.TemporaryDirectory(prefix="dictamesh-compile-") as work:
        command = [sys.executable, str(Path(__file__).resolve()), "--into", work]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            reason = "".join(last)
            sys.stderr.write(f"The planner is not compiled, and slower for it: {reason}\n")
            return False
        _keep(Path(work) / "lib", digests)
    return True


def _keep(built: Path, digests: dict[str, str]) -> None:
    """Copy what was built into the tree, and write down what it was built from."""
    modules: dict[str, str] = {}
    for file in sorted(built.rglob("*")):
        if file.is_file():
            path = file.relative_to(built)
            modules[".".join((*path.parent.parts, path.name.partition(".")[0]))] = path.as_posix()
            (DIRECTORY / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, DIRECTORY / path)
    manifest = json.dumps({"sources": digests, "modules": modules}, indent=1)
    # Last: without it the rest does not count.
    (DIRECTORY / MANIFEST).write_text(manifest, encoding="utf-8")


def _compile(work: Path) -> None:
    """Compile everything below `work`."""
    from mypyc.build import mypycify
    from setuptools import Distribution

    # What is checked strictly is checked by `make check`; here a library may be missing.
    options = ["--config-file=", "--ignore-missing-imports", "--cache-dir", str(work / "cache")]
    extensions = mypycify(
        [*options, *sources()],
        # Higher levels take twice the time and gain nothing that can be measured.
        opt_level="1",
        debug_level="0",
        group_name=NAME,
        target_dir=str(work / "c"),
    )
    command: Any = Distribution({"name": NAME, "ext_modules": extensions}).get_command_obj(
        "build_ext"
    )
    command.build_lib, command.build_temp = str(work / "lib"), str(work / "objects")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    command.run()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--into"]:
        _compile(Path(sys.argv[2]))
    else:
        build_native()  # where it cannot, it says so: what comes after runs all the same
