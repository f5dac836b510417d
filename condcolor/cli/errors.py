"""How a command ends: one line and an exit code, for errors and signals alike.

A traceback is printed only with --debug.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn, TextIO

import click

from condcolor.cli.terminal import escaped_output
from condcolor.errors import CondcolorError, DataError, did_you_mean
from condcolor.runtime.extras import not_installed
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted, is_memory_error

UNEXPECTED = 70  # EX_SOFTWARE: our own bug
SIGPIPE = 13  # of POSIX; Windows has none
INTERRUPTED, UNREAD, TERMINATED = (128 + n for n in (signal.SIGINT, SIGPIPE, signal.SIGTERM))


class Terminated(BaseException):
    """SIGTERM was received; raised, so that unfinished files are removed."""


def run(command: Callable[[], object], *, debug: bool = False) -> int:
    """Run a command, print its error, and return the exit code."""
    with escaped_output():
        return _run(command, debug)


def _run(command: Callable[[], object], debug: bool) -> int:
    try:
        with _terminable(), _warnings_as_notes():
            command()
            if sys.stdout is not None:
                sys.stdout.flush()
        return 0
    except (Exception, KeyboardInterrupt, Terminated) as error:
        if debug:
            traceback.print_exc()
        line, code = _ending(error)
        if line:
            with suppress(OSError):  # nobody reads stderr either
                click.echo(line, err=True)
        return code


def leave(error: BaseException) -> NoReturn:
    """End the process at once as `run` would end it, whatever its threads are doing."""
    line, code = _ending(error)
    with suppress(OSError):
        click.echo(line, err=True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(code)


def _ending(error: BaseException) -> tuple[str, int]:
    """Return the message of an error, one line unless a DataError lists more, and the exit code."""
    match error:
        case click.exceptions.Exit():
            return "", error.exit_code
        case Interrupted():
            return f"Interrupted: {error}", error.exit_code
        case CondcolorError():
            return f"Error: {error}", error.exit_code
        case click.ClickException():
            return _usage(error), error.exit_code
        case ImportError() if missing := not_installed(error):
            return f"Error: {missing}", missing.exit_code
        case click.Abort() | KeyboardInterrupt():
            return "Interrupted.", INTERRUPTED
        case Terminated():
            return "Terminated.", TERMINATED
        case BrokenPipeError():  # the reader of stdout has exited, such as `head`
            _drop_unread()
            return "", UNREAD
        case OSError():
            where = f"{shown_name(error.filename)}: " if isinstance(error.filename, str) else ""
            _drop_unread()
            return f"Error: {where}{error.strerror or error}", DataError.exit_code
        case _ if is_memory_error(error):
            return "Error: not enough memory: close other programs", DataError.exit_code
    if isinstance(behind := error.__cause__ or error.__context__, KeyboardInterrupt | Terminated):
        return _ending(behind)  # a signal during an import is wrapped
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    return f"Error: unexpected {summary} (--debug shows where)", UNEXPECTED


def _usage(error: click.ClickException) -> str:
    """Reword an error of click: what was given, what is allowed, which help to read."""
    context = getattr(error, "ctx", None)
    params = context.command.get_params(context) if context else []
    flags = [flag for param in params if isinstance(param, click.Option) for flag in param.opts]
    if type(error).__name__ == "NoArgsIsHelpError":  # a group without a command: all of its help
        return error.format_message()
    if isinstance(error, click.NoSuchOption):
        message = f"no such option {error.option_name}{did_you_mean(error.option_name, flags)}"
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        message = f"{_name(error.param)} is missing"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        message = f"{_name(error.param)}: {error.message}"
    else:
        message = error.format_message()
    see = f" (see {context.command_path} --help)" if context else ""
    return f"Error: {message.rstrip('.')}{see}"


def _name(param: click.Parameter) -> str:
    return param.opts[0] if isinstance(param, click.Option) else param.human_readable_name


@contextmanager
def _terminable() -> Iterator[None]:
    """Make SIGTERM raise Terminated inside the block, unless it has a handler."""

    def stop(number: int, frame: object) -> None:
        raise Terminated

    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Print warnings of libraries inside the block as notes."""

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = shown_name(" ".join(str(message).split()))
        with suppress(OSError):
            click.echo(f"note: {text}", err=True)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")  # pictures have messages of our own
        warnings.showwarning = show
        yield


def _drop_unread() -> None:
    """Redirect a broken stdout to os.devnull, so that Python closes it without an error."""
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
