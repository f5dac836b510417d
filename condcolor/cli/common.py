"""What several commands share: examples in help, progress, and options that come from a model."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from condcolor.attributes import Attribute, listed
from condcolor.errors import CondcolorError, did_you_mean
from condcolor.modelfolder import built_in_models, find_model, read_config, schema_of

DEFAULT_MODEL = "icons"


class ModelName(click.ParamType):
    """A built-in model or a folder; completes both."""

    name = "model"

    def shell_complete(self, ctx, param, incomplete):
        names = [CompletionItem(n) for n in built_in_models() if n.startswith(incomplete)]
        return [*names, CompletionItem(incomplete, type="dir")]


class Value(click.ParamType):
    """One of an attribute's values."""

    name = "value"

    def __init__(self, attribute: Attribute):
        self.attribute = attribute

    def convert(self, value, param, ctx):
        if value in self.attribute.values:
            return value
        choices = listed(self.attribute.values)
        hint = did_you_mean(value, self.attribute.values)
        return self.fail(f"{value!r} is not one of {choices}{hint}", param, ctx)

    def get_metavar(self, param, ctx=None):
        return f"[{'|'.join(self.attribute.values[:12])}]"

    def shell_complete(self, ctx, param, incomplete):
        values = (v for v in self.attribute.values if v.lower().startswith(incomplete.lower()))
        return [CompletionItem(value) for value in values]


class ModelCommand(click.Command):
    """A command with `--model` and one option for each attribute of that model."""

    def __init__(self, *args, with_values: bool = True, **kwargs):
        super().__init__(*args, **kwargs)
        self.with_values = with_values

    def parse_args(self, ctx, args):
        ctx.meta["condcolor.model"] = _option_value(list(args), "--model", "-m") or DEFAULT_MODEL
        return super().parse_args(ctx, args)

    def get_params(self, ctx):
        params = super().get_params(ctx)
        model = ctx.meta.get("condcolor.model")
        if model is None or not self.with_values:
            return params
        if "condcolor.options" not in ctx.meta:
            try:
                folder = find_model(model)
                schema = schema_of(folder, read_config(folder))
            except CondcolorError:
                if not ctx.resilient_parsing and not _asks_help():
                    raise
                return params
            ctx.meta["condcolor.options"] = [
                click.Option(
                    [f"--{attribute.name.replace('_', '-')}", f"attribute_{i}"],
                    type=Value(attribute),
                    help=f"The {attribute.name}, from the model's values.",
                )
                for i, attribute in enumerate(schema.attributes)
            ]
            ctx.meta["condcolor.names"] = schema.names
        return [*params[:-1], *ctx.meta["condcolor.options"], params[-1]]


def take_values(ctx: click.Context, options: Mapping[str, object], *, required: bool = True):
    """The attribute values among a ModelCommand's options; a missing one is named with its choices."""
    values = {}
    for i, name in enumerate(ctx.meta.get("condcolor.names", ())):
        option = ctx.meta["condcolor.options"][i]
        given = options[f"attribute_{i}"]
        if given is None and required:
            choices = listed(option.type.attribute.values)
            raise click.UsageError(f"{option.opts[0]} is missing: one of {choices}", ctx)
        if given is not None:
            values[name] = given
    return values


model_option = click.option(
    "-m",
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    type=ModelName(),
    help="A built-in model, a model folder, or a run folder.",
)
device_option = click.option("--device", help="auto, cpu, cuda or cuda:N  [default: auto]")


class Bar:
    """A bar on a terminal, nothing elsewhere; a context manager with the callback of the library."""

    def __init__(self, what: str):
        self.what, self.bar = what, None

    def __enter__(self):
        return self

    def __call__(self, done: int, total: int) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(
                total=total, desc=self.what, disable=not sys.stderr.isatty(), leave=False
            )
        self.bar.update(done - self.bar.n)

    def __exit__(self, *_) -> None:
        if self.bar is not None:
            self.bar.close()


def out_path(ctx, param, value) -> Path | None:
    return None if value is None else Path(value)


def _option_value(args: list[str], *names: str) -> str | None:
    for i, arg in enumerate(args):
        if arg == "--":
            return None
        for name in names:
            if arg == name and i + 1 < len(args):
                return args[i + 1]
            if name.startswith("--") and arg.startswith(name + "="):
                return arg[len(name) + 1 :]
            if not name.startswith("--") and arg.startswith(name) and len(arg) > len(name):
                return arg[len(name) :]
    return None


def _asks_help() -> bool:
    return any(arg in ("-h", "--help") for arg in sys.argv)
