"""Options of `train`, made from the fields of the config dataclasses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field
from typing import TYPE_CHECKING, get_type_hints

import click

from condcolor.cli.options import one_of
from condcolor.runtime.config_fields import settings_of
from condcolor.training.presets import PRESETS

if TYPE_CHECKING:
    from condcolor.recipes import Recipe

GROUPS = ("run", "data", "network", "losses", "schedule", "checks", "augmentation")


class GroupedOption(click.Option):
    """An option with a group, under whose heading the help lists it."""

    def __init__(self, *arguments, group: str = "run", **more):
        super().__init__(*arguments, **more)
        self.group = group


class Numbers(click.ParamType):
    """Whole numbers with commas between, as a tuple."""

    name = "integers"

    def convert(self, value, param, ctx):
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"whole numbers with commas between, not {value!r}", param, ctx)


class PerPhase(click.ParamType):
    """One value for all phases, or a list with one for each, written with commas between."""

    def __init__(self, of: type | click.ParamType):
        self.of = click.types.convert_type(of)
        self.name = self.of.name

    def convert(self, value, param, ctx):
        parts = [self.of.convert(part, param, ctx) for part in value.split(",")]
        return parts if len(parts) > 1 else parts[0]

    def shell_complete(self, ctx, param, incomplete):
        return self.of.shell_complete(ctx, param, incomplete)


class TrainCommand(click.Command):
    """A command with an option for each setting of the recipes, its help in groups.

    The settings are read on first use, since they import torch.
    """

    _with_settings = False

    @property
    def params(self) -> list[click.Parameter]:
        if not self._with_settings:
            self._with_settings = True
            self._params.extend(setting_options())
        return self._params

    @params.setter
    def params(self, own: list[click.Parameter]) -> None:
        self._params = own

    def format_options(self, ctx, formatter):
        sections: dict[str, list[tuple[str, str]]] = {group: [] for group in GROUPS}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record:
                sections[getattr(param, "group", GROUPS[0])].append(record)
        for group, records in sections.items():
            with formatter.section(group.capitalize()):
                formatter.write_dl(records)
        with formatter.section("Presets"):
            formatter.write_dl([(preset.name, preset.text) for preset in PRESETS.values()])


def setting_options() -> list[click.Option]:
    """Return `--epochs`, and an option for each setting of the run, its phases and its networks."""
    from condcolor.models.config import ModelConfig
    from condcolor.recipes import RECIPES, Phase, TrainConfig

    epochs = {
        name: tuple(phase.epochs for phase in recipe.phases) for name, recipe in RECIPES.items()
    }
    epochs_help = f"One number a phase, such as 50 or 2,6,10.  {default_text(epochs)}"
    options: list[click.Option] = [
        GroupedOption(["--epochs"], type=Numbers(), group="schedule", help=epochs_help)
    ]
    sources: tuple[tuple[type, Callable[[Recipe, str], object]], ...] = (
        (TrainConfig, lambda recipe, name: getattr(recipe.defaults, name)),
        (Phase, _of_phases),
        (ModelConfig, lambda recipe, name: getattr(recipe.model_config(0), name)),
    )
    for config, default_of in sources:
        types = get_type_hints(config)
        for setting in settings_of(config):
            defaults = {name: default_of(r, setting.name) for name, r in RECIPES.items()}
            kind = types[setting.name]
            if choices := setting.metadata["choices"]:
                kind = one_of(*choices)
            elif kind not in (bool, int, float):
                kind = Numbers()
            options.append(_option(setting, PerPhase(kind) if config is Phase else kind, defaults))
    return options


def _of_phases(recipe: Recipe, name: str) -> object:
    """Return a field of a recipe's phases: its one value, or a tuple where they differ."""
    values = tuple(getattr(phase, name) for phase in recipe.phases)
    return values if len(set(values)) > 1 else values[0]


def _option(
    setting: Field, kind: type | click.ParamType, defaults: Mapping[str, object]
) -> click.Option:
    flag = setting.name.replace("_", "-")
    flags, more = f"--{flag}", {"type": kind}
    if kind is bool:
        flags, more = f"--{flag}/--no-{flag}", {}
        defaults = {name: flag if on else f"no-{flag}" for name, on in defaults.items()}
    text, choices = setting.metadata["help"], setting.metadata["choices"]
    if choices:
        text += f": {', '.join(choices[:-1])} or {choices[-1]}."
    return GroupedOption(
        [flags, setting.name],
        default=None,
        group=setting.metadata["group"],
        help=f"{text}  {default_text(defaults)}",
        **more,
    )


def default_text(defaults: Mapping[str, object]) -> str:
    """Return `[default: 10; photo 16; pets 32]`: the first recipe's default, and those that differ."""
    (_, usual), *others = defaults.items()
    texts = [_text(usual)]
    texts += [f"{recipe} {_text(value)}" for recipe, value in others if value != usual]
    return f"[default: {'; '.join(texts)}]"


def _text(value: object) -> str:
    """Return a default as written on the command line."""
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
