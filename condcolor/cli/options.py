"""Options that commands share; options that come from a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import click

from condcolor.cli.part_options import PERSON, PERSONS, take_persons
from condcolor.conditions.color_spec import DEFAULT, KEEP, ColorSpec, parse_color_spec
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.errors import CondcolorError, UsageError, did_you_mean
from condcolor.models.model_folder import ModelInfo, built_in_models, read_model_info
from condcolor.runtime.messages import listed

DEFAULT_MODEL = "icons"


class Group(click.Group):
    """A group that lists its commands in the order of their code, and names them for an unknown one."""

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
    """The name of a built-in model, a folder or an .onnx file; completes all."""

    name = "model"

    def shell_complete(self, ctx, param, incomplete):
        from click.shell_completion import CompletionItem

        names = [CompletionItem(n) for n in built_in_models() if n.startswith(incomplete)]
        return [CompletionItem(incomplete, type="file"), *names]


class Suggested(click.ParamType):
    """Text that completes to some names; the library checks it."""

    name = "text"

    def __init__(self, names: Callable[[], Iterable[str]]):
        self.names = names

    def shell_complete(self, ctx, param, incomplete):
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in self.names() if name.startswith(incomplete)]


def one_of(*names: str) -> Suggested:
    """Return the type of a text that completes to `names`."""
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
engine_option = click.option(
    "--engine",
    default="auto",
    show_default=True,
    type=one_of("auto", "onnx", "torch"),
    metavar="NAME",
    help="What runs the model: onnx (ONNX Runtime), torch, or auto: torch where a GPU or many pictures "
    "make up for its start.",
)


def reading_options(
    command: Callable[..., Any], option: Callable[..., Any] = click.option, **extra: Any
) -> Callable[..., Any]:
    """Add the options of how a data set is read, `ignore` and `labels`, to a command."""
    labels = option(
        "--labels",
        metavar="FORM",
        help='No table: the form of file names, as in "{character}_{hair}_{shirt}".',
        **extra,
    )
    ignore = option(
        "--ignore",
        multiple=True,
        metavar="COLUMN",
        help="Leave a column out, such as one of remarks. Repeatable.",
        **extra,
    )
    return ignore(labels(command))


overwrite_option = click.option("--overwrite", is_flag=True, help="Replace outputs that exist.")
# keys of a context's meta: the model, the options of its attributes, why there are none
MODEL, OPTIONS, WHY_NONE = (f"condcolor.{name}" for name in ("model", "options", "why_none"))
ATTRIBUTE = "attribute_"  # start of the parameter names of `attribute_options`
keep_option = click.option(
    "--keep",
    multiple=True,
    metavar="ATTRIBUTE",
    help="Leave its part as it is in the picture; its own option is not needed then. Repeatable.",
)


class Value(click.ParamType):
    """A ColorSpec of an attribute; completes the attribute's values."""

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
        matches = (name for name in known if name.lower().startswith(incomplete.lower()))
        return [CompletionItem(value) for value in matches]


# Names of the options of all commands with attributes, without dashes. So an attribute's option has one name
# in all of them: that of `lock` is --attribute-lock also where there is no --lock.
TAKEN = frozenset(
    {
        *("h", "help", "debug", "o", "out", "m", "model", "overwrite", "skip-existing", "device"),
        "engine",
        *("precision", "keep", "palette", "lock", "grid", "check", "report", "paper", "fill-black"),
        *("vivid", "recolor", "keep-colors", "parts", "part", "cut", "person", "hint", "like"),
    }
)


class AttributeCommand(click.Command):
    """A command with an option for each attribute of its input, such as a model.

    The attributes are found by a first parse of the command's own parameters. Where that fails, the help
    lacks their options and says why.
    """

    whose: str  # owner of the attributes, for people
    taken: Collection[str] = TAKEN

    def find_attributes(
        self, ctx: click.Context, parameters: Mapping[str, Any]
    ) -> Sequence[Attribute]:
        """Return the attributes, by the values of the command's own parameters."""
        raise NotImplementedError

    def parse_args(self, ctx, args):
        ctx.meta[OPTIONS] = []
        parameters = own_parameters(self, ctx, args)
        try:
            attributes = self.find_attributes(ctx, parameters)
        except CondcolorError as error:
            help_option = self.get_help_option(ctx)
            if not (ctx.resilient_parsing or (help_option and help_option.name in parameters)):
                raise
            ctx.meta[WHY_NONE] = str(error)
        else:
            ctx.meta[OPTIONS] = self.options_of(attributes)
            if any(PERSON in param.opts for param in self.params):
                pairs = zip(ctx.meta[OPTIONS], attributes, strict=True)
                flags = {option.opts[0]: attribute for option, attribute in pairs}
                args = take_persons(ctx, list(args), flags)
        return super().parse_args(ctx, args)

    def options_of(self, attributes: Sequence[Attribute]) -> list[click.Option]:
        """Return the options of these attributes, by the same names in every command."""
        return attribute_options(attributes, self.taken)

    def get_params(self, ctx):
        return [*ctx.meta.get(OPTIONS, ()), *super().get_params(ctx)]

    def format_epilog(self, ctx, formatter):
        super().format_epilog(ctx, formatter)
        if WHY_NONE in ctx.meta:
            formatter.write_paragraph()
            formatter.write_text(f"Without the options of {self.whose}: {ctx.meta[WHY_NONE]}")


class ModelCommand(AttributeCommand):
    """A command with `--model` and an option for each attribute of that model; weights are not read.

    The names in the file of `--palette`, where the command has that option, are values of these options.
    """

    whose = "the model"

    def find_attributes(
        self, ctx: click.Context, parameters: Mapping[str, Any]
    ) -> Sequence[Attribute]:
        info = read_model_info(parameters.get("model", DEFAULT_MODEL))
        if palette := parameters.get("palette"):
            info = info.with_palette(palette)
        ctx.meta[MODEL] = info
        return info.schema.attributes


def own_parameters(
    command: click.Command, ctx: click.Context, args: Sequence[str]
) -> Mapping[str, Any]:
    """Return the arguments for a command's own parameters, by name, unchecked."""
    parser = command.make_parser(ctx)
    parser.ignore_unknown_options = True
    return parser.parse_args(list(args))[0]


def attribute_options(
    attributes: Sequence[Attribute], taken: Collection[str]
) -> list[click.Option]:
    """Return an option for each attribute, in order; a `taken` name gets a prefix: `--attribute-device`.

    taken: names of the command's own options, without dashes.
    """
    options = []
    used = {name.lower() for name in taken}
    for i, attribute in enumerate(attributes):
        name = attribute.name.replace("_", "-").strip("-") or "attribute"
        while name.lower() in used:
            name = f"attribute-{name}"
        used.add(name.lower())
        plain = name == attribute.name.replace("_", "-")
        more = ", or any colour" if len(attribute.values) > 1 else ""
        default = f"  [default: {attribute.default}]" if attribute.default else ""
        option = click.Option(
            [f"--{name}", f"{ATTRIBUTE}{i}"],
            type=Value(attribute),
            metavar="VALUE",
            help=("" if plain else f"{attribute.name}: ")
            + listed(attribute.values)
            + more
            + default,
        )
        options.append(option)
    return options


def model_info(ctx: click.Context) -> ModelInfo:
    """Return the model of a ModelCommand, with the names of its palette file."""
    return ctx.meta[MODEL]


def use_model(ctx: click.Context, info: ModelInfo) -> None:
    """Give a ModelCommand another model than its parameters name, one without attributes."""
    ctx.meta[MODEL] = info
    ctx.meta[OPTIONS] = []


def take_values(
    ctx: click.Context, options: Mapping[str, ColorSpec | None], keep: Sequence[str] = ()
) -> dict[str, ColorSpec]:
    """Return the spec of each attribute of a ModelCommand, in the schema's order, then of single persons.

    options: the specs by the names of `attribute_options`. keep: attributes that get KEEP.

    Raises:
        UsageError: an attribute is missing, with its choices, or has both a value and `--keep`.
    """
    values, missing = {}, []
    schema = model_info(ctx).schema
    kept = _kept(schema, keep)
    for i, attribute in enumerate(schema.attributes):
        flag, value = ctx.meta[OPTIONS][i].opts[0], options[f"{ATTRIBUTE}{i}"]
        if attribute.name in kept and value is not None:
            raise UsageError(f"{flag} {value} and --keep {attribute.name} exclude each other")
        if attribute.name in kept:
            values[attribute.name] = ColorSpec(left=KEEP)
        elif value is None and attribute.default:
            values[attribute.name] = ColorSpec(left=DEFAULT)
        elif value is None:
            missing.append(f"{flag} is missing: one of {listed(attribute.values)}")
        else:
            values[attribute.name] = value
    if missing:
        raise click.UsageError("; ".join(missing), ctx)
    for person, specs in ctx.meta.get(PERSONS, {}).items():
        values |= {f"{name}-{person}": spec for name, spec in specs.items()}
    return values


def _kept(schema: AttributeSchema, keep: Sequence[str]) -> set[str]:
    """Return the schema's names of the attributes in `--keep`; UsageError for an unknown one."""
    own = {name.replace("-", "_"): name for name in schema.names}
    for word in keep:
        if word.replace("-", "_") not in own:
            known = listed(schema.names) or "none"
            hint = did_you_mean(word, schema.names)
            raise UsageError(
                f"--keep {word!r} is no attribute of the model; there are {known}{hint}"
            )
    return {own[word.replace("-", "_")] for word in keep}
