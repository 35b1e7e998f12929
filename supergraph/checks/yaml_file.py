"""YAML files with models: every mistake is a sentence with the line it is on."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from supergraph.checks.errors import CheckInputError

MAX_FILE_BYTES = 5_000_000

Model = TypeVar("Model", bound=BaseModel)


class ConfigModel(BaseModel):
    """Settings: unknown keys are errors, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )


def read_text_file(path: Path, what: str, *, max_bytes: int = MAX_FILE_BYTES) -> str:
    """The text of a file.

    Raises:
        CheckInputError: if it cannot be had; `what` says in the sentence what the file is.
    """
    try:
        if path.is_dir():
            raise CheckInputError(f"{path}: this is a directory, not {what}.")
        if path.stat().st_size > max_bytes:
            raise CheckInputError(f"{path}: the file is larger than {max_bytes} bytes.")
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise CheckInputError(f"{path}: there is no such file; it should be {what}.") from None
    except UnicodeDecodeError:
        raise CheckInputError(f"{path}: the file is not UTF-8 text; it should be {what}.") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise CheckInputError(f"{path}: cannot be read: {reason}.") from None


def parse_model(text: str, name: str, model: type[Model]) -> Model:
    """Read a YAML document into a model; `name` is the file's in messages.

    Raises:
        CheckInputError: with every problem found.
    """
    document = _parse(text, name)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise CheckInputError(*_problems(error, document, name, model)) from None


def _parse(text: str, name: str) -> CommentedMap:
    try:
        document = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = str(error.problem or error.context).split(" with value")[0]
        raise CheckInputError(f"{name}:{line}: this is not valid YAML: {problem}.") from None
    except (YAMLError, ValueError, RecursionError):
        raise CheckInputError(f"{name}:1: this is not valid YAML.") from None
    if not isinstance(document, CommentedMap):
        raise CheckInputError(f"{name}:1: the file must be a mapping of settings.")
    return document


def _problems(
    error: ValidationError, document: CommentedMap, name: str, model: type[BaseModel]
) -> list[str]:
    found = []
    for problem in error.errors(include_url=False, include_input=False):
        path = tuple(problem["loc"])
        where = ".".join(str(part) for part in path)
        if problem["type"] == "extra_forbidden":
            text = f'unknown key "{where}".{_suggestion(path, model)}'
        elif problem["type"] == "missing":
            text = f'the key "{where}" is missing.'
        else:
            text = f"{where}: {problem['msg'].removeprefix('Value error, ')}."
        found.append(f"{name}:{line_of(document, path)}: {text}")
    return list(dict.fromkeys(found))


def line_of(document: Any, path: tuple[int | str, ...]) -> int:
    """The line on which the value at `path` begins, or the nearest there is above it."""
    line, node = 1, document
    for part in path:
        try:
            if isinstance(node, CommentedMap) and part in node:
                line = node.lc.key(part)[0] + 1
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line = node.lc.item(part)[0] + 1
            else:
                continue  # the name of a model's alternative, say: no key of the file
            node = node[part]
        except (KeyError, TypeError, AttributeError):
            break
    return line


def _suggestion(path: tuple[int | str, ...], model: type[BaseModel]) -> str:
    known = _keys_at(path[:-1], model)
    if not known:
        return ""
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    return f' Did you mean "{close[0]}"?' if close else f" Known keys: {', '.join(known)}."


def _keys_at(path: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    current: Any = model
    for part in path:
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            continue
        current = _model_in(field.annotation)
    return list(getattr(current, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    """The model that an annotation such as `dict[str, Model]` holds."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        found = _model_in(argument)
        if found is not None:
            return found
    return None
