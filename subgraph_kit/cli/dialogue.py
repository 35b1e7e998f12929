"""The guided way to a project: questions on a terminal, answers that `answers.yaml` keeps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.text import Text

from subgraph_kit.cli.preview import show_entities, show_files, show_notes, show_sdl
from subgraph_kit.errors import ConfigurationError
from subgraph_kit.scaffold.generate import CERTAIN, Generated, generate, guesses
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.project import ProjectSpec

Look = Callable[[ProjectSpec], SourceModel]
"""Looks at the source again, for changed answers."""

_CHOICES = {
    "w": "write the project",
    "s": "show the schema",
    "f": "show the files",
    "e": "leave a type out",
    "n": "give a type another name",
    "q": "quit, write nothing",
}


class Quit(Exception):  # noqa: N818 - a decision, not an error
    """The user wants nothing written."""


def converse(console: Console, spec: ProjectSpec, look: Look) -> Generated:
    """Show what was found, ask what is doubtful, until the user writes or quits.

    Raises:
        Quit: if nothing is to be written.
        ConfigurationError: if what was found cannot be served.
    """
    model = look(spec)
    spec = ask_about_references(console, spec, model)
    while True:
        generated = generate(spec, model)
        show_entities(console, generated.model)
        choice = _choose(console)
        try:
            match choice:
                case "w":
                    return generated
                case "s":
                    show_sdl(console, generated.files["schema.graphql"])
                case "f":
                    _show_files(console, generated)
                case "e":
                    changed = _without_type(console, spec, model)
                    model = look(changed)
                    spec = changed
                case "n":
                    changed = _with_name(console, spec, model)
                    model = look(changed)
                    spec = changed
                case _:
                    raise Quit
        except ConfigurationError as error:
            console.print(Text(f"{error}", style="red"))


def ask_about_references(console: Console, spec: ProjectSpec, model: SourceModel) -> ProjectSpec:
    """Ask about each reference that was guessed and not decided before."""
    accepted, declined = list(spec.accepted), list(spec.declined)
    for place, reference in guesses(model):
        guess = reference.guess
        if place in accepted or place in declined or guess is None:
            continue
        of_whom = "another subgraph's" if reference.external else "the"
        console.print(
            Text(
                f"{place}: {' '.join(reference.fields)} looks like the key of {of_whom} "
                f"{reference.target} ({guess.reason})"
            )
        )
        taken = Confirm.ask(
            "  take it for a reference?", console=console, default=guess.confidence >= CERTAIN
        )
        (accepted if taken else declined).append(place)
    return replace(spec, accepted=tuple(accepted), declined=tuple(declined))


def _choose(console: Console) -> str:
    for key, meaning in _CHOICES.items():
        console.print(Text(f"  {key}  {meaning}"))
    return Prompt.ask("What now?", console=console, choices=list(_CHOICES), default="w")


def _show_files(console: Console, generated: Generated) -> None:
    show_files(console, generated.files)
    path = Prompt.ask("Which one (nothing: none)?", console=console, default="")
    if path in generated.files:
        console.print(Text(generated.files[path]))
    show_notes(console, generated.model.notes)


def _without_type(console: Console, spec: ProjectSpec, model: SourceModel) -> ProjectSpec:
    entity = _ask_for_type(console, model)
    return replace(spec, exclude=(*spec.exclude, entity))


def _with_name(console: Console, spec: ProjectSpec, model: SourceModel) -> ProjectSpec:
    entity = _ask_for_type(console, model)
    name = Prompt.ask("Its new name", console=console)
    return replace(spec, entities={**spec.entities, entity: name})


def _ask_for_type(console: Console, model: SourceModel) -> str:
    """The source name of a type the user names."""
    by_name = {entity.name: entity.source_name for entity in model.entities}
    name = Prompt.ask("Which type?", console=console, choices=list(by_name), show_choices=False)
    return by_name[name]
