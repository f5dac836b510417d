"""Options that commands share; options that come from a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import click

from condcolor.conditions.color_spec import KEEP, ColorSpec, parse_color_spec
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CondcolorError, UsageError, did_you_mean
from condcolor.models.model_folder import ModelInfo, built_in_models, read_model_info
from condcolor.runtime.messages import listed

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
    type=one_of("auto", "cpu", "cuda", "mps"),
    metavar="NAME",
    help="auto, cpu, cuda, cuda:N or mps  [default: auto]",
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
MODEL, OPTIONS, WHY_NONE = (f"condcolor.{name}" for name in ("model", "options", "why_none"))
keep_option = click.option(
    "--keep",
    multiple=True,
    metavar="ATTRIBUTE",
    help="Leave its part as it is in the picture; its own option is not needed then. Repeatable.",
)


class Value(click.ParamType):
    """What is asked for an attribute, parsed; completes the attribute's values."""

    name = "value"

    def __init__(self, attribute: Attribute):
        self.attribute = attribute

    def convert(self, value, param, ctx):
        try:
            return parse_color_spec(self.attribute, value)
        except UsageError as error:
            message = str(error).removeprefix(self.attribute.name).removeprefix(":").lstrip()
            self.fail(message, param, ctx)

    def shell_complete(self, ctx, param, incomplete):
        from click.shell_completion import CompletionItem

        known = (*self.attribute.values, *(name for name, _ in self.attribute.named))
        alike = (name for name in known if name.lower().startswith(incomplete.lower()))
        return [CompletionItem(value) for value in alike]


class AttributeCommand(click.Command):
    """A command with an option for each of some attributes, which what it is given decides.

    So they are looked for first, with the command's own options alone. Help does without them, and says
    why, where they cannot be found.
    """

    whose = "what it is given"

    def find_attributes(
        self, ctx: click.Context, asked: Mapping[str, object]
    ) -> Sequence[Attribute]:
        """The attributes, for the options and arguments that every such command has, by name."""
        raise NotImplementedError

    def parse_args(self, ctx, args):
        ctx.meta[OPTIONS] = []
        asked = own_options(self, ctx, args)
        try:
            attributes = self.find_attributes(ctx, asked)
        except CondcolorError as error:
            help_option = self.get_help_option(ctx)
            if not (ctx.resilient_parsing or (help_option and help_option.name in asked)):
                raise
            ctx.meta[WHY_NONE] = str(error)
        else:
            ctx.meta[OPTIONS] = self.options_of(attributes)
        return super().parse_args(ctx, args)

    def options_of(self, attributes: Sequence[Attribute]) -> list[click.Option]:
        """Return the options that these attributes add."""
        own = (flag for param in self.params for flag in (*param.opts, *param.secondary_opts))
        return attribute_options(
            attributes, {"h", "help", "debug", *(flag.lstrip("-") for flag in own)}
        )

    def get_params(self, ctx):
        return [*ctx.meta.get(OPTIONS, ()), *super().get_params(ctx)]

    def format_epilog(self, ctx, formatter):
        super().format_epilog(ctx, formatter)
        if WHY_NONE in ctx.meta:
            formatter.write_paragraph()
            formatter.write_text(f"Without the options of {self.whose}: {ctx.meta[WHY_NONE]}")


class ModelCommand(AttributeCommand):
    """A command with `--model` and an option for each attribute of that model, whose weights are not read.

    Where it has `--palette`, too, the names in that file are values of these options.
    """

    whose = "the model"

    def find_attributes(
        self, ctx: click.Context, asked: Mapping[str, object]
    ) -> Sequence[Attribute]:
        info = read_model_info(asked.get("model", DEFAULT_MODEL))
        if palette := asked.get("palette"):
            info = info.with_palette(palette)
        ctx.meta[MODEL] = info
        return info.schema.attributes


def own_options(command: click.Command, ctx: click.Context, args) -> Mapping[str, object]:
    """Return what is given for the parameters that a command always has, by name, unchecked."""
    parser = command.make_parser(ctx)
    parser.ignore_unknown_options = True
    return parser.parse_args(list(args))[0]


def attribute_options(
    attributes: Sequence[Attribute], taken: Collection[str]
) -> list[click.Option]:
    """Return an option for each attribute, in their order; `--device` becomes `--attribute-device`.

    taken: names, without dashes, that the command's own options have.
    """
    options = []
    used = {name.lower() for name in taken}
    for i, attribute in enumerate(attributes):
        name = attribute.name.replace("_", "-").strip("-") or "attribute"
        while name.lower() in used:
            name = f"attribute-{name}"
        used.add(name.lower())
        plain = name == attribute.name.replace("_", "-")
        option = click.Option(
            [f"--{name}", f"attribute_{i}"],
            type=Value(attribute),
            metavar="VALUE",
            help=("" if plain else f"{attribute.name}: ") + _choices(attribute),
        )
        options.append(option)
    return options


def _choices(attribute: Attribute) -> str:
    more = ", or any colour" if len(attribute.values) > 1 else ""
    return f"{listed(attribute.values)}{more}"


def model_info(ctx: click.Context) -> ModelInfo:
    """Return the model that a ModelCommand was given, with the names of its palette file."""
    return ctx.meta[MODEL]


def take_values(
    ctx: click.Context, given: Mapping[str, ColorSpec | None], keep: Sequence[str] = ()
) -> dict[str, ColorSpec]:
    """Return what a ModelCommand was asked for each attribute, in the schema's order.

    keep: attributes whose part stays as it is, for which KEEP is asked.

    Raises:
        UsageError: an attribute is missing, with its choices, or is given and kept.
    """
    values, missing = {}, []
    schema = model_info(ctx).schema
    kept = _kept(schema, keep)
    for i, attribute in enumerate(schema.attributes):
        flag, value = ctx.meta[OPTIONS][i].opts[0], given[f"attribute_{i}"]
        if attribute.name in kept and value is not None:
            raise UsageError(f"{flag} {value} and --keep {attribute.name} exclude each other")
        if attribute.name in kept:
            values[attribute.name] = ColorSpec(left=KEEP)
        elif value is None:
            missing.append(f"{flag} is missing: one of {listed(attribute.values)}")
        else:
            values[attribute.name] = value
    if missing:
        raise click.UsageError("; ".join(missing), ctx)
    return values


def _kept(schema: AttributeSchema, keep: Sequence[str]) -> set[str]:
    """Return the names of the attributes that `--keep` names."""
    own = {name.replace("-", "_"): name for name in schema.names}
    for word in keep:
        if word.replace("-", "_") not in own:
            known = listed(schema.names) or "none"
            hint = did_you_mean(word, schema.names)
            raise UsageError(
                f"--keep {word!r} is no attribute of the model; there are {known}{hint}"
            )
    return {own[word.replace("-", "_")] for word in keep}
