"""The `condcolor` command: a thin edge. It parses, calls one library function, and prints."""

from __future__ import annotations

import importlib
import os
import sys
import warnings

import click

from condcolor import __version__
from condcolor.errors import CondcolorError

# name: module of condcolor.cli that holds it. Modules are imported when their command is asked for.
COMMANDS = {
    "colorize": "colorize",
    "variants": "colorize",
    "train": "train",
    "resume": "train",
    "plot": "train",
    "evaluate": "evaluate",
    "info": "info",
    "data": "data",
    "doctor": "doctor",
}
UNEXPECTED = 70  # EX_SOFTWARE: our own bug


class Commands(click.Group):
    """Finds commands by name, and turns every error into one line and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"condcolor.cli.{COMMANDS[name]}")
        return getattr(module, name)

    def resolve_command(self, ctx, args):
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from condcolor.errors import did_you_mean

            error.message += did_you_mean(args[0], COMMANDS)
            raise

    def main(self, args=None, **extra):
        extra["standalone_mode"] = False
        arguments = list(sys.argv[1:] if args is None else args)
        debug = "--debug" in arguments
        warnings.filterwarnings(
            "ignore", module=r"PIL\."
        )  # its notes on odd files are ours to tell
        try:
            result = super().main([a for a in arguments if a != "--debug"], **extra)
            _flush()
            sys.exit(result if isinstance(result, int) else 0)
        except click.exceptions.Exit as end:
            sys.exit(end.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            sys.exit(130)
        except BrokenPipeError:  # the reader of our output went away, as `head` does
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        except click.ClickException as error:
            if debug:
                raise
            error.show()
            sys.exit(error.exit_code)
        except CondcolorError as error:
            if debug:
                raise
            click.echo(f"Error: {error}", err=True)
            sys.exit(error.exit_code)
        except Exception as error:
            if debug:
                raise
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            click.echo(f"Error: unexpected {what} (--debug shows where)", err=True)
            sys.exit(UNEXPECTED)


def _flush() -> None:
    sys.stdout.flush()


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="condcolor")
def main() -> None:
    """Colour a picture the way you name it.

    \b
    condcolor colorize sketch.png --hair red --shirt blue -o icon.png
    condcolor variants sketch.png -o sheet.png

    Every command takes --debug, which shows where an error came from.
    """
