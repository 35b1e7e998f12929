"""Use the modules that were made machine code ahead of time, where they are of these very sources.

Planning is search: many small steps in plain Python, of which mypyc's machine code takes half the
time. `hatch_build.py` compiles those modules when the package is built or installed from
a tree, if there is a C compiler, into `supergraph/_native/`, with a digest of every source.

Like bytecode, they are a copy of the sources and nothing else: where one source was changed since,
or the interpreter is another one, all of them are left alone and Python runs the sources. (All,
since native modules call each other directly.) `DICTAMESH_NATIVE=0` leaves them alone, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[1]
DIRECTORY = Path(__file__).parent / "_native"
MANIFEST = "manifest.json"
"""`sources`: digest by path below the root; `modules`: path below `DIRECTORY` by module name."""


class NativeFinder(MetaPathFinder):
    """Finds the native modules, before Python looks for their sources."""

    def __init__(self, modules: dict[str, Path]) -> None:
        self.modules = modules

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The native module of that name, None where there is none."""
        file = self.modules.get(fullname)
        if file is None:
            return None
        loader = ExtensionFileLoader(fullname, str(file))
        return spec_from_file_location(fullname, file, loader=loader)


def digest(source: Path) -> str:
    """What tells one text of a source from another."""
    return hashlib.sha256(source.read_bytes()).hexdigest()


def find_native(root: Path = ROOT, directory: Path = DIRECTORY) -> dict[str, Path]:
    """The native modules by name; none if they are not of these sources and this interpreter."""
    try:
        manifest = json.loads((directory / MANIFEST).read_bytes())
        modules = {str(name): directory / file for name, file in manifest["modules"].items()}
        is_ours = all(
            file.name.endswith(EXTENSION_SUFFIXES[0]) and file.is_file()
            for file in modules.values()
        )
        is_current = is_ours and all(
            digest(root / source) == known for source, known in manifest["sources"].items()
        )
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}  # not there, or half there
    return modules if is_current else {}


def is_in_use() -> bool:
    """Whether the native modules are used in this process."""
    return any(isinstance(finder, NativeFinder) for finder in sys.meta_path)


def use_native() -> None:
    """Use the native modules from here on, if there are any and nobody forbids it.

    Called before any of them is imported: by the packages they belong to.
    """
    if os.environ.get("DICTAMESH_NATIVE") == "0" or is_in_use():
        return
    modules = find_native()
    if modules:
        sys.meta_path.insert(0, NativeFinder(modules))
