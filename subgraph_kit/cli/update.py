"""`dictamesh subgraph update`, `diff` and `check`: a project and its source, kept together."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.prompt import Confirm
from rich.text import Text

from subgraph_kit.cli.common import (
    EXIT_DRIFT,
    console,
    fail,
    is_terminal,
    run,
    sentences_for_errors,
)
from subgraph_kit.cli.dialogue import ask_about_references
from subgraph_kit.cli.preview import show_notes
from subgraph_kit.cli.schema_changes import schema_changes
from subgraph_kit.scaffold.drift import (
    LostKey,
    Renamed,
    lost_keys,
    pinned,
    possible_renames,
    with_known_sizes,
)
from subgraph_kit.scaffold.generate import Generated, generate, look
from subgraph_kit.scaffold.locate import SourcePlace, parse_place
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.project import ProjectSpec, read_answers
from subgraph_kit.scaffold.state import ProjectState, read_state
from subgraph_kit.scaffold.update import Action, FileChange, plan_changes
from subgraph_kit.scaffold.write import change_project

_COLOURS = {
    "breaking": "red",
    "dangerous": "yellow",
    "safe": "green",
}

Directory = Annotated[
    Path, typer.Argument(help="The project; by default this directory.", show_default=False)
]
Source = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Where the source is now, if it moved, or with its password; "
        "else the variable NAME_SOURCE, else the place it was made from.",
        show_default=False,
    ),
]
Answers = Annotated[
    Path | None,
    typer.Option(
        "--answers",
        help="Answers that replace those of the project: `renames` says which column is which.",
        show_default=False,
    ),
]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Ask nothing: a column that looks renamed is a new one.")
]
DropKeys = Annotated[
    bool,
    typer.Option("--drop-keys", help="Let keys and types go that other subgraphs may refer to."),
]


@dataclass(frozen=True, slots=True)
class Update:
    """An update before it is written."""

    directory: Path
    state: ProjectState
    generated: Generated
    changes: tuple[FileChange, ...]
    lost: tuple[LostKey, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change, memory included."""
        known = {path: (self.directory / path) for path in self.generated.state}
        return not self.changes and all(
            file.is_file() and file.read_text(encoding="utf-8") == self.generated.state[path]
            for path, file in known.items()
        )


def update_command(
    directory: Directory = Path(),
    source: Source = None,
    answers: Answers = None,
    yes: Yes = False,
    drop_keys: DropKeys = False,
) -> None:
    """Render a project again, after its source, its answers or the templates changed.

    Your changes are merged with the new render; where both changed the same lines, git's conflict
    markers stand. Files that you deleted stay deleted. Keys are never dropped silently.
    """
    with sentences_for_errors():
        screen = console()
        ask = is_terminal() and not yes
        update = prepare(screen, directory, source, answers, ask=ask)
        if update.lost and not drop_keys:
            fail(
                f"{_listed(update.lost)} would be gone, and others may use it: nothing was changed."
                " Set the key with `keys` in .dictamesh/answers.yaml, or give --drop-keys."
            )
        if update.is_empty:
            screen.print("Nothing to change.")
            return
        show(screen, update)
        written = {change.path: change.text for change in update.changes if change.writes}
        change_project(directory, {**written, **update.generated.state})
        conflicts = [each for each in update.changes if each.action is Action.CONFLICT]
        if conflicts:
            screen.print(
                Text("Resolve the conflicts, then run `make schema test`.", style="bold red")
            )
            raise typer.Exit(EXIT_DRIFT)


def diff_command(
    directory: Directory = Path(),
    source: Source = None,
    answers: Answers = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 if an update would change anything.")
    ] = False,
) -> None:
    """Show what `update` would change; writes nothing."""
    with sentences_for_errors():
        screen = console()
        update = prepare(screen, directory, source, answers, ask=False)
        _print_diff(update)
        if update.is_empty:
            screen.print("Nothing to change.")
            return
        show(screen, update)
        if check:
            raise typer.Exit(EXIT_DRIFT)


def check_command(
    directory: Directory = Path(), source: Source = None, answers: Answers = None
) -> None:
    """Exit with 1 if the source or the templates moved away from the project; for CI."""
    with sentences_for_errors():
        screen = console()
        update = prepare(screen, directory, source, answers, ask=False)
        if update.is_empty:
            screen.print("The project is what its source gives.")
            return
        show(screen, update)
        screen.print("Run `dictamesh subgraph update`.")
        raise typer.Exit(EXIT_DRIFT)


def prepare(
    screen: Console, directory: Path, source: str | None, answers: Path | None, *, ask: bool
) -> Update:
    """Look at the source again, and plan."""
    state = read_state(directory)
    spec = state.spec
    if answers is not None:
        try:
            spec = read_answers(answers.read_text(encoding="utf-8"), str(answers))
        except (OSError, UnicodeDecodeError):
            fail(f"{answers} cannot be read: --answers names a YAML file")
        if spec.name != state.spec.name:
            fail(f"{answers} has the answers of {spec.name!r}, this is {state.spec.name!r}")
    place = _place(spec, source, directory)
    spec = replace(spec, kind=place.kind, location=place.public)
    model = _look(spec, place, directory, state)
    renamed = _ask_about_renames(screen, possible_renames(state.source, model), ask=ask)
    if renamed:
        spec = replace(spec, renames={**spec.renames, **{r.place: r.field for r in renamed}})
        model = _look(spec, place, directory, state)
    if ask:
        spec = ask_about_references(screen, spec, model)
    generated = generate(spec, model)
    changes = plan_changes(directory, state.rendered, generated.files)
    return Update(directory, state, generated, changes, lost_keys(state.source, generated.model))


def _look(
    spec: ProjectSpec, place: SourcePlace, directory: Path, state: ProjectState
) -> SourceModel:
    model = run(look(spec, place, directory, pinned(spec.options, state.source)))
    return with_known_sizes(model, state.source)


def _place(spec: ProjectSpec, source: str | None, directory: Path) -> SourcePlace:
    if source is not None:
        return parse_place(source).moved(Path.cwd(), directory)
    given = os.environ.get(f"{spec.env_prefix}SOURCE")
    if given:
        return parse_place(given).moved(Path.cwd(), directory)
    return parse_place(f"{spec.kind}:{spec.location}")


def _ask_about_renames(
    screen: Console, renamed: tuple[Renamed, ...], *, ask: bool
) -> list[Renamed]:
    if not ask:
        for each in renamed:
            screen.print(
                Text(
                    f"{each.entity}: {each.old} is gone and {each.new} is new. If it is the same "
                    f"under another name, say so: renames: {{{each.place}: {each.field}}} in "
                    ".dictamesh/answers.yaml"
                )
            )
        return []
    return [
        each
        for each in renamed
        if Confirm.ask(f"{each.entity}: is {each.new} the same as {each.old} was?", console=screen)
    ]


def show(screen: Console, update: Update) -> None:
    """What changes: the schema by grade, the files by what happens to them."""
    before = update.state.rendered.get("schema.graphql", "")
    for change in schema_changes(before, update.generated.files["schema.graphql"]):
        screen.print(Text(f"{change.grade}: {change.message}", style=_COLOURS[change.grade]))
    for lost in update.lost:
        screen.print(Text(f"breaking: {lost} is gone", style="red"))
    for each in update.changes:
        count = f" ({each.conflicts})" if each.conflicts else ""
        style = "red" if each.action is Action.CONFLICT else ""
        screen.print(Text(f"  {each.path}: {each.action.value}{count}", style=style))
    if not update.changes:
        screen.print("No file changes; the memory of the last render does.")
    show_notes(screen, [n for n in update.generated.model.notes if n.level != "info"])


def _print_diff(update: Update) -> None:
    for each in update.changes:
        if not each.writes:
            continue
        lines = difflib.unified_diff(
            (each.old or "").splitlines(),
            (each.text or "").splitlines(),
            f"a/{each.path}" if each.old is not None else "/dev/null",
            f"b/{each.path}" if each.text is not None else "/dev/null",
            lineterm="",
        )
        for line in lines:
            typer.echo(line)


def _listed(lost: tuple[LostKey, ...]) -> str:
    shown = [str(each) for each in lost[:5]]
    rest = len(lost) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
