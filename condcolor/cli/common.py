"""Options and argument types that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from condcolor.errors import did_you_mean
from condcolor.modelfolder import built_in_models

DEFAULT_MODEL = "icons"


class Group(click.Group):
    """A group that lists its commands as they were written, and when asked for what it has not."""

    def list_commands(self, ctx):
        return list(self.commands)

    def resolve_command(self, ctx, args):
        name = args[0]
        unknown = self.get_command(ctx, name) is None and not name.startswith("-")
        if unknown and not ctx.resilient_parsing:
            known = self.list_commands(ctx)
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise click.UsageError(f"no such command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


class ModelName(click.ParamType):
    """A built-in model, a folder or an .onnx file; completes all."""

    name = "model"

    def shell_complete(self, ctx, param, incomplete):
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n) for n in built_in_models() if n.startswith(incomplete)]
        return [CompletionItem(incomplete, type="file"), *names]


class Suggested(click.ParamType):
    """Text that completes to some names; whether it is allowed is the library's to say."""

    name = "text"

    def __init__(self, names: Callable[[], Iterable[str]]):
        self.names = names

    def shell_complete(self, ctx, param, incomplete):
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.names() if name.startswith(incomplete)]


def one_of(*names: str) -> Suggested:
    return Suggested(lambda: names)


model_option = click.option(
    "-m",
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    type=ModelName(),
    help="A built-in model, a model folder, a run folder, or an .onnx file.",
)
device_option = click.option(
    "--device",
    type=one_of("auto", "cpu", "cuda"),
    metavar="NAME",
    help="auto, cpu, cuda or cuda:N  [default: auto]",
)
precision_option = click.option(
    "--precision",
    default="auto",
    show_default=True,
    type=one_of("auto", "fp32", "bf16"),
    metavar="NAME",
    help="How the network computes: auto (bf16 where that is faster), fp32 or bf16.",
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
