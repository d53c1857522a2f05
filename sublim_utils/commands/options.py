"""What commands share: their options, and how a fault or an interrupt ends them."""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TextIO, TypeVar

import typer

from sublim_utils import user_modules
from sublim_utils.errors import SublimError
from sublim_utils.findings import FINDINGS, finding_class
from sublim_utils.findings.base import Finding
from sublim_utils.models.catalog import CHAT_MARK, MODELS
from sublim_utils.models.chat import CHATS
from sublim_utils.profiles import DEFAULT_PROFILE, PROFILES, find_profile

P = ParamSpec("P")
R = TypeVar("R")
_PACKAGE = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Our own warnings without the line of code that they come from."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if category is UserWarning and Path(filename).is_relative_to(_PACKAGE):
            from tqdm import tqdm

            tqdm.write(f"sublim: {message}", file=sys.stderr)  # above a bar, not within it
        else:
            usual(message, category, filename, lineno, file, line)

    with warnings.catch_warnings():
        warnings.showwarning = show
        yield


def for_people(command: Callable[P, R]) -> Callable[P, R]:
    """Turn a `SublimError` into its sentence and exit code 2, an interrupt into 130."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            if sys.stdout is None:  # as `>&-` leaves it
                raise SublimError("Standard output is closed; send it to a file or to /dev/null.")
            with _warnings_in_a_line():
                return command(*args, **kwargs)
        except SublimError as error:
            typer.echo(f"sublim: {error}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt:
            resumes = command.__name__ == "run" and not kwargs.get("fresh")
            more = "; the same command goes on from here" if resumes else ""
            typer.echo(f"sublim: stopped{more}.", err=True)
            raise typer.Exit(130) from None

    return wrapped


def _completed_experiment(context: typer.Context, incomplete: str) -> list[str]:
    """Names of experiments for the shell, which knows the finding that was typed before."""
    try:
        kind = finding_class(str(context.params.get("name")))
        names = [e.name for e in kind(find_profile(context.params.get("profile"))).experiments()]
    except SublimError:
        return []
    return [name for name in names if name.startswith(incomplete)]


def _beginning(names: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    def completed(incomplete: str) -> list[str]:
        return [name for name in names() if name.startswith(incomplete)]

    return completed


@for_people
def _load(files: list[Path] | None) -> list[Path]:
    """Import a user's files before anything is looked up."""
    for file in files or ():
        user_modules.load(file)
    return files or []


Modules = Annotated[
    list[Path] | None,
    typer.Option(
        "--module",
        metavar="FILE",
        help="Import this Python file of yours first; what it registers can then be named. Repeat "
        "for several.",
        callback=_load,
        is_eager=True,
    ),
]
_FINDING = typer.Argument(
    metavar="FINDING",
    help="A finding, such as mnist; `sublim list` names all.",
    autocompletion=_beginning(FINDINGS.names),
    show_default=False,
)
FindingName = Annotated[str, _FINDING]
OptionalFindingName = Annotated[str | None, _FINDING]
ProfileName = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        help=f"One of {', '.join(PROFILES)}; by default $SUBLIM_PROFILE, else {DEFAULT_PROFILE}.",
        autocompletion=_beginning(PROFILES.keys),
    ),
]
Seeds = Annotated[int | None, typer.Option(help="Number of seeds, instead of the profile's.")]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Use this model instead of the profile's: a name of the catalogue, a repository on "
        "the hub (OWNER/NAME or OWNER/NAME@REVISION), or a local folder.",
        autocompletion=_beginning(MODELS.keys),
    ),
]
Chat = Annotated[
    str | None,
    typer.Option(
        "--chat",
        metavar="TEMPLATE",
        help=f"Chat template of --model: {', '.join(CHATS)}. Choose plain for a base model.",
        autocompletion=_beginning(CHATS.keys),
    ),
]
Experiments = Annotated[
    list[str] | None,
    typer.Option(
        "--experiment",
        metavar="NAME",
        help="Only this experiment; repeat for several. `sublim list FINDING` names them.",
        autocompletion=_completed_experiment,
    ),
]
JsonFile = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write JSON to this file; - is stdout."),
]


def find(
    name: str,
    profile: str | None,
    seeds: int | None = None,
    model: str | None = None,
    chat: str | None = None,
) -> Finding[Any]:
    """The finding that the options describe, to read or to plan it on any machine.

    Raises:
        SublimError: there is none, or a template is named and no model for it.
    """
    return finding_class(name)(find_profile(profile), seeds=seeds, model=with_chat(model, chat))


def with_chat(model: str | None, chat: str | None) -> str | None:
    """The name of a model that is to be used with a chat template.

    Raises:
        SublimError: there is a template and no model for it.
    """
    if chat is None:
        return model
    if model is None:
        raise SublimError(
            "--chat is the chat template of another model; name that model with --model."
        )
    return f"{model}{CHAT_MARK}{chat}"
