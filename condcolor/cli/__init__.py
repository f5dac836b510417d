"""The commands: parse, call one function, print."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click
from click.shell_completion import shell_complete

from condcolor.cli.errors import run
from condcolor.cli.options import Group
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import let_mps_fall_back
from condcolor.version import __version__

# command: its module in condcolor.cli, which is imported when the command is used
COMMANDS = {
    "colorize": "colorize",
    "parts": "parts",
    "variants": "layers",
    "layers": "layers",
    "recolor": "layers",
    "serve": "serve",
    "train": "train",
    "resume": "train",
    "adapt": "adapt",
    "plot": "runs",
    "report": "runs",
    "evaluate": "evaluate",
    "info": "models",
    "data": "data",
    "export": "models",
    "doctor": "doctor",
}
COMPLETION = "_CONDCOLOR_COMPLETE"  # environment variable of a shell that completes a command


class Commands(Group):
    """The group of all commands; an error of a command becomes one line and its exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return getattr(importlib.import_module(f"condcolor.cli.{COMMANDS[name]}"), name)

    def resolve_command(self, ctx, args):
        if args[0] not in COMMANDS and os.path.exists(args[0]) and not ctx.resilient_parsing:
            name = shown_name(args[0])
            hint = f"to colour it: condcolor colorize {name}"
            raise click.UsageError(f"{name} is a file, not a command; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]  # always exits, so without click's standalone_mode
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the command of `args`, and exit with the codes of `cli.errors` instead of click's."""
        let_mps_fall_back()
        name = prog_name or "condcolor"
        arguments, debug = _take_debug(list(sys.argv[1:] if args is None else args))
        if instruction := os.environ.get(COMPLETION):
            sys.exit(shell_complete(self, extra, name, COMPLETION, instruction))

        def work():
            with self.make_context(name, arguments, **extra) as ctx:
                self.invoke(ctx)

        sys.exit(run(work, debug=debug))


def _take_debug(arguments: list[str]) -> tuple[list[str], bool]:
    """Return the arguments without `--debug`, which any command takes, and whether it was among them."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    return kept + arguments[end:], len(kept) < end


@click.group(
    "condcolor",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""Every command takes --debug, which shows where an error came from. For completion with the
    Tab key, put this into ~/.bashrc:

    \b
    eval "$(_CONDCOLOR_COMPLETE=bash_source condcolor)" """,
)
@click.version_option(__version__, prog_name="condcolor")
def main() -> None:
    """Colour a picture the way you name it.

    \b
    condcolor colorize sketch.png --hair red --shirt blue -o icon.png
    condcolor variants sketch.png -o sheet.png
    """
