"""The graph as it was at a git revision: the configuration and its files, without a checkout."""

from __future__ import annotations

import fnmatch
import glob
import subprocess
from collections.abc import Sequence
from pathlib import Path

from supergraph.checks.errors import CheckInputError
from supergraph.checks.sources.source import GraphSource
from supergraph.config import ConfigError, SubgraphConfig, parse_config
from supergraph.source_parts import join_files
from supergraph.subgraph.given import SubgraphInput
from supergraph.subgraph_sources import read_subgraphs

_TIMEOUT_SECONDS = 60.0
_YAML = (".yaml", ".yml")


class Repository:
    """A git repository, read only."""

    def __init__(self, directory: Path) -> None:
        """Find the repository that `directory` is in.

        Raises:
            CheckInputError: if it is in none, or there is no git.
        """
        self._directory = directory if str(directory) else Path()
        shown = self._directory.resolve()
        self.root = Path(
            self._git(
                ["rev-parse", "--show-toplevel"],
                f"{shown} is in no git repository, so there is no revision to compare with.",
            ).decode().strip()
        )  # fmt: skip

    def commit(self, revision: str) -> str:
        """The full hash of the commit that a revision names.

        Raises:
            CheckInputError: if it names none.
        """
        return self._git(
            ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"],
            f'git knows no revision "{revision}" here. A CI job often has the last commit only: '
            "fetch the revision first (actions/checkout with fetch-depth: 0, GitLab's GIT_DEPTH: "
            '"0").',
        ).decode().strip()  # fmt: skip

    def read(self, commit: str, paths: Sequence[Path]) -> dict[Path, str | None]:
        """The texts of absolute paths at a commit; None for a file that was not there."""
        names = [self._name(path) for path in paths]
        asked = "".join(f"{commit}:{name}\n" for name in names).encode()
        answer = self._git(["cat-file", "--batch"], "git could not read its objects.", asked)
        found: dict[Path, str | None] = {}
        position = 0
        for path in paths:
            end = answer.index(b"\n", position)
            header = answer[position:end].split(b" ")
            position = end + 1
            if header[-1] == b"missing" or len(header) != 3 or header[1] != b"blob":
                if len(header) == 3 and header[2].isdigit():
                    position += int(header[2]) + 1
                found[path] = None
                continue
            size = int(header[2])
            content = answer[position : position + size]
            position += size + 1
            try:
                found[path] = content.decode("utf-8")
            except UnicodeDecodeError:
                raise CheckInputError(f"{commit[:12]}:{path.name} is not UTF-8 text.") from None
        return found

    def matching(self, commit: str, pattern: Path) -> list[Path]:
        """The absolute paths at a commit that a path or pattern names."""
        if not glob.has_magic(str(pattern)):
            return [pattern]
        listed = self._git(["ls-tree", "-r", "--name-only", "-z", commit], "git lists no files.")
        names = [name for name in listed.decode("utf-8", "replace").split("\0") if name]
        # `**/` of a pattern stands for no directory, too; fnmatch's `*` crosses slashes already.
        wanted = self._name(pattern)
        wished = {wanted, wanted.replace("**/", "")}
        return [
            self.root / name
            for name in sorted(names)
            if any(
                fnmatch.fnmatchcase(name, item)
                and ("**" in wanted or name.count("/") == item.count("/"))
                for item in wished
            )
        ]

    def _name(self, path: Path) -> str:
        # Where the path itself is a link, git knows it by the name it has in its directory.
        absolute = path.absolute()
        try:
            resolved = absolute.parent.resolve() / absolute.name
            name = resolved.relative_to(self.root.resolve()).as_posix()
        except ValueError:
            raise CheckInputError(
                f"{path}: the file is outside the git repository {self.root}, which knows no "
                "earlier state of it."
            ) from None
        if "\n" in name:
            raise CheckInputError(f"{path!r}: a file with such a name cannot be asked for.")
        return name

    def _git(self, arguments: list[str], problem: str, given: bytes = b"") -> bytes:
        try:
            done = subprocess.run(
                ["git", "-C", str(self._directory), *arguments],
                input=given,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise CheckInputError("git is not installed, so no revision can be read.") from None
        except (OSError, subprocess.TimeoutExpired, ValueError):
            raise CheckInputError(problem) from None
        if done.returncode != 0:
            if b"dubious ownership" in done.stderr:
                raise CheckInputError(
                    "git does not trust this repository, because another user owns it; allow it "
                    "with: git config --global --add safe.directory DIRECTORY"
                )
            raise CheckInputError(problem)
        return done.stdout


def read_git(revision: str, file: Path, configs: Sequence[Path]) -> GraphSource:
    """The graph at a revision: of a supergraph's SDL `file`, or of configurations.

    Raises:
        CheckInputError: if the revision, or one of the files at it, cannot be had.
    """
    first = file if str(file) != "." else configs[0]
    if not first.parent.exists():
        raise CheckInputError(f"{first.parent}: there is no such directory.")
    repository = Repository(first.parent)
    commit = repository.commit(revision)
    wanted = [path.absolute() for path in ([file] if str(file) != "." else configs)]
    texts = repository.read(commit, wanted)
    for path, text in texts.items():
        if text is None:
            raise CheckInputError(
                f"{_shown(revision, repository, path)}: there was no such file at this revision. "
                "Name the one there was as --base git:REVISION:PATH."
            )
    label = ", ".join(_shown(revision, repository, path) for path in wanted)
    if wanted[0].suffix not in _YAML:
        return GraphSource(label, supergraph_sdl=texts[wanted[0]], file=label)
    subgraphs: list[SubgraphInput] = []
    for path, text in texts.items():
        try:
            config = parse_config(text or "", path)
        except ConfigError as error:
            raise CheckInputError(*(f"At {revision}: {item}" for item in error.problems)) from None
        subgraphs += _subgraphs(repository, commit, revision, config.subgraphs)
    return GraphSource(label, subgraphs=tuple(subgraphs))


def _subgraphs(
    repository: Repository, commit: str, revision: str, configs: Sequence[SubgraphConfig]
) -> list[SubgraphInput]:
    files = {
        config.name: [config.file]
        if config.file is not None
        else [
            path
            for pattern in config.files
            for path in repository.matching(commit, Path(_normal(pattern)))
        ]
        for config in configs
    }
    normal = {path: Path(_normal(path)) for paths in files.values() for path in paths}
    texts = repository.read(commit, list(dict.fromkeys(normal.values())))
    elsewhere = [config for config in configs if not config.file and not config.files]
    try:
        others = {given.name: given for given in read_subgraphs(elsewhere)}
    except ConfigError as error:
        raise CheckInputError(*error.problems) from None
    found = []
    for config in configs:
        if config.name in others:
            found.append(others[config.name])
            continue
        pairs = []
        for path in files[config.name]:
            text = texts[normal[path]]
            shown = _shown(revision, repository, normal[path])
            if text is None:
                raise CheckInputError(
                    f'Subgraph "{config.name}": there was no file {shown} at this revision.'
                )
            pairs.append((shown, text))
        if config.file is not None:
            name, text = pairs[0]
            found.append(SubgraphInput(config.name, config.url, text, name))
        else:
            sdl, parts = join_files(pairs)
            found.append(SubgraphInput(config.name, config.url, sdl, parts=parts))
    return found


def _normal(path: Path) -> str:
    """The path without `.` and `..`, which git does not know."""
    parts: list[str] = []
    for part in path.parts:
        if part == ".." and len(parts) > 1:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return str(Path(*parts))


def _shown(revision: str, repository: Repository, path: Path) -> str:
    try:
        name = path.resolve().relative_to(repository.root.resolve()).as_posix()
    except ValueError:
        name = path.name
    return f"{revision}:{name}"
