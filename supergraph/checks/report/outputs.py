"""`--format sarif=out.sarif`: which forms are wanted where, and writing all of them or none."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from supergraph.checks.errors import CheckInputError
from supergraph.checks.report import github, gitlab, json_report, junit, markdown, sarif, text
from supergraph.checks.report.context import ReportContext
from supergraph.checks.result import CheckResult


class ReportForm(StrEnum):
    """The forms of a report."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


_RENDERERS: Mapping[ReportForm, Callable[[CheckResult, ReportContext], str]] = {
    ReportForm.TEXT: text.render,
    ReportForm.JSON: lambda result, context: json_report.render(result),
    ReportForm.MARKDOWN: markdown.render,
    ReportForm.GITHUB: github.render,
    ReportForm.GITLAB: gitlab.render,
    ReportForm.SARIF: sarif.render,
    ReportForm.JUNIT: junit.render,
}


@dataclass(frozen=True, slots=True)
class Output:
    """A form, and the file it goes to; stdout without one."""

    form: ReportForm
    file: Path | None = None


def parse_outputs(wanted: Sequence[str]) -> tuple[Output, ...]:
    """The outputs that `--format` options name.

    Raises:
        CheckInputError: for an unknown form, or two that would overwrite each other.
    """
    found: list[Output] = []
    for item in wanted:
        name, separator, file = item.partition("=")
        try:
            form = ReportForm(name)
        except ValueError:
            known = ", ".join(ReportForm)
            raise CheckInputError(f'"{name}" is no format; there are: {known}.') from None
        if separator and not file:
            raise CheckInputError(f'--format {item}: name the file after "=".')
        found.append(Output(form, Path(file) if separator else None))
    places = [output.file.absolute() if output.file else None for output in found]
    if len(set(places)) < len(places):
        raise CheckInputError(
            "Two formats go to the same place; name a file for all but one: --format sarif=FILE."
        )
    return tuple(found) or (Output(ReportForm.TEXT),)


def prepare(outputs: Sequence[Output]) -> None:
    """Make sure that every file can be written, and that no old one is taken for the new result.

    Raises:
        CheckInputError: if one cannot.
    """
    for output in outputs:
        if output.file is None:
            continue
        if output.file.is_dir():
            raise CheckInputError(f"{output.file}: this is a directory, no file can be written.")
        try:
            output.file.parent.mkdir(parents=True, exist_ok=True)
            descriptor, temporary = tempfile.mkstemp(dir=output.file.parent, prefix=".dictamesh")
            os.close(descriptor)
            Path(temporary).unlink()
            output.file.unlink(missing_ok=True)
        except OSError as error:
            raise CheckInputError(f"{output.file}: cannot be written: {error.strerror}.") from None


def render_all(
    result: CheckResult, outputs: Sequence[Output], context: ReportContext
) -> list[tuple[Output, str]]:
    """The text of every output; nothing is written before all are there."""
    return [(output, _RENDERERS[output.form](result, context)) for output in outputs]


def write_all(rendered: Sequence[tuple[Output, str]], write_out: Callable[[str], None]) -> None:
    """Write the files, each in one step, then what goes to stdout.

    Raises:
        CheckInputError: if a file cannot be written; then none is left.
    """
    written: list[Path] = []
    for output, content in rendered:
        if output.file is None:
            continue
        try:
            _replace(output.file, content)
        except OSError as error:
            for path in written:
                with contextlib.suppress(OSError):
                    path.unlink()
            raise CheckInputError(f"{output.file}: cannot be written: {error.strerror}.") from None
        written.append(output.file)
    for output, content in rendered:
        if output.file is None:
            write_out(content)


def _replace(path: Path, content: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".dictamesh")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
