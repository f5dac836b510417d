"""Models for tests: small ones with random weights on disk, and ones that paint what they are told."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from condcolor.conditions.color_spec import ColorSpec, parse_color_specs
from condcolor.conditions.colors import parse_hex
from condcolor.conditions.parts import PARTS, PARTS_SCHEMA, part_index
from condcolor.conditions.schema import Attribute, AttributeSchema
from condcolor.imaging.layers import Layers
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.models.checkpoint import Model, save_model
from condcolor.models.networks import UNet, make_generator
from condcolor.recipes import RECIPES

HEX = {
    "blue": "#3faee1",
    "brown": "#b86b4b",
    "green": "#6db581",
    "red": "#e94743",
    "yellow": "#fbd04b",
}
RGBS = {name: parse_hex(color) for name, color in HEX.items()}
HAIR, SHIRT = (Attribute(name, tuple(RGBS), tuple(RGBS.values())) for name in ("hair", "shirt"))
ICONS = AttributeSchema((HAIR, SHIRT))
HOUSES = AttributeSchema(
    (
        Attribute("roof", ("slate", "straw", "tile")),
        Attribute("wall-colour", ("cream", "mint")),
        Attribute("door_wood", ("navy", "oak")),
    )
)
RECIPE = RECIPES["icons"]


def color_specs(schema: AttributeSchema = ICONS, **values: str) -> dict[str, ColorSpec]:
    """What the values ask for; hair is red and the shirt blue where nothing else is said."""
    usual = {"hair": "red", "shirt": "blue"} if schema == ICONS else {}
    return parse_color_specs(schema, usual | values)


TONES = (240, 220)  # of 255


def save_random(folder: Path, schema: AttributeSchema = ICONS, *, size: int = 16) -> Path:
    """A model folder of a network that has learnt nothing."""
    narrow = {"base_channels": 2, "max_channels": 4, "depth": 4, "disc_channels": 2}
    config = RECIPE.model_config(schema.planes, **narrow)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = UNet(config).state_dict()
    more = {"training": {"epoch": 1, "steps": 2}, "metrics": {}}
    save_model(
        folder, weights, recipe=RECIPE.name, config=config, schema=schema, image_size=size, **more
    )
    return folder


def save_random_hinted(folder: Path, *, hints: bool = True) -> Path:
    """A model folder of photographs with an encoder that takes hints, or does not; it has learnt nothing."""
    config = RECIPES["photo"].model_config(
        0, base_channels=4, max_channels=8, depth=5, encoder="efficientnet-lite2", hints=hints
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = make_generator(config).state_dict()
    more = {"schema": AttributeSchema(), "image_size": 64, "training": {}, "metrics": {}}
    save_model(folder, weights, recipe="photo", config=config, **more)
    return folder


class Painter(nn.Module):
    """Fills the left half of the middle with the first attribute's colour, the right with the last's.

    A border of a quarter of the side stays white. Lines of the sketch show through, as networks draw them.
    """

    def __init__(self, schema: AttributeSchema):
        super().__init__()
        self.schema = schema

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        side = source.shape[-1]
        fill = torch.ones(len(cond), *source.shape[1:])
        edge, middle = side // 4, side // 2
        for columns, i in ((slice(edge, middle), 0), (slice(middle, side - edge), -1)):
            fill[:, :, edge : side - edge, columns] = self._colors(cond, i)[:, :, None, None]
        return (source + 1) * fill - 1

    def _colors(self, cond: Tensor, i: int) -> Tensor:
        """`[B, 3]` in [0, 1]: what the planes `[B, P]` ask of an attribute; grey without attributes."""
        if not self.schema.attributes:
            return torch.full((len(cond), 3), 0.5)
        part = cond.split(self.schema.sizes, dim=1)[i]
        return part @ torch.tensor(self.schema.attributes[i].palette).float() / 255


class Shaded(Painter):
    """Paints the first attribute darker from the top down, to half its lightness."""

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        side = source.shape[-1]
        shade = torch.ones(side, side)
        shade[:, : side // 2] = torch.linspace(1, 0.5, side)[:, None]
        made = (super().forward(source, cond) + 1) / 2
        white = (made == 1).all(dim=1, keepdim=True)
        return torch.where(white, made, made * shade) * 2 - 1


class ByTone(Painter):
    """Fills what is light grey in the sketch: the first attribute's in TONES[0], the last's in TONES[1].

    It sees a mirrored or shifted sketch as it sees the sketch itself.
    """

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        fill = torch.ones_like(source)
        for tone, i in zip(TONES, (0, -1), strict=True):
            there = (source - (tone / 127.5 - 1)).abs().amax(dim=1, keepdim=True) < 0.02
            fill = torch.where(there, self._colors(cond, i)[:, :, None, None], fill)
        return (source + 1) * fill - 1


class PartsByTone(nn.Module):
    """Scores of parts: hair on what is TONES[0] in the sketch, a shirt on TONES[1], else ground."""

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        scores = torch.full((len(source), len(PARTS), *source.shape[2:]), -1.0)
        scores[:, part_index("ground")] = 0.0
        for tone, part in zip(TONES, ("hair", "shirt"), strict=True):
            there = (source.mean(dim=1) - (tone / 127.5 - 1)).abs() < 0.02
            scores[:, part_index(part)][there] = 1.0
        return scores


class PartsAtPlaces(nn.Module):
    """Scores of parts: hair in the upper half, a shirt in the lower, whatever the sketch is."""

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        scores = torch.full((len(source), len(PARTS), *source.shape[2:]), -1.0)
        half = source.shape[2] // 2
        scores[:, part_index("hair"), :half] = 1.0
        scores[:, part_index("shirt"), half:] = 1.0
        return scores


class PartsInDoubt(PartsAtPlaces):
    """Hair in the upper half; in the lower what is a shirt, but may as well be hair."""

    def forward(self, source: Tensor, cond: Tensor) -> Tensor:
        scores = super().forward(source, cond)
        scores[:, part_index("hair"), source.shape[2] // 2 :] = 0.99
        return scores


def make_parts_model(network: type[nn.Module] = PartsByTone, *, size: int = 64) -> Model:
    """A model of parts that does as `network` says."""
    recipe = RECIPES["parts"]
    config = recipe.model_config(0)
    return Model(network(), recipe.name, config, PARTS_SCHEMA, size, {}, {}, "not stated")


def save_random_parts(folder: Path, *, size: int = 16, seed: int = 0, gain: float = 1) -> Path:
    """A model folder of a network of parts that has learnt nothing; with `gain`, it is surer of it."""
    recipe = RECIPES["parts"]
    config = recipe.model_config(0, base_channels=2, max_channels=4, depth=4, disc_channels=2)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        weights = UNet(config).state_dict()
        last = [name for name, value in weights.items() if value.ndim == 4][-1]
        weights[last] *= gain
    more = {"training": {"epoch": 1, "steps": 2}, "metrics": {}}
    save_model(
        folder,
        weights,
        recipe=recipe.name,
        config=config,
        schema=PARTS_SCHEMA,
        image_size=size,
        **more,
    )
    return folder


def make_model(
    schema: AttributeSchema = ICONS, *, size: int = 32, network: type[nn.Module] = Painter
) -> Model:
    """A model that does as `network` says; every value needs a colour."""
    config = RECIPE.model_config(schema.planes)
    return Model(network(schema), RECIPE.name, config, schema, size, {}, {}, "not stated")


def drawn_layers(**values: str) -> Layers:
    """Layers of a sketch that `painter` coloured, in red and blue where nothing else is asked."""
    from pictures import sketch

    asked = {"hair": "red", "shirt": "blue"} | values
    return TorchColorizer(make_model(), device="cpu").layers(sketch(32, 32), **asked)


def save_random_photo(folder: Path, *, size: int = 32, vivid: float = 1.0) -> Path:
    """A model folder of a network for photographs that has learnt nothing, but gives colours."""
    recipe = RECIPES["photo"]
    config = recipe.model_config(0, base_channels=4, max_channels=8, depth=4, disc_channels=2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        weights = UNet(config).state_dict()
        last = [name for name, value in weights.items() if value.ndim == 4][-1]
        weights[last] *= 20  # as drawn, it would be all but grey
    more = {"schema": AttributeSchema(), "image_size": size, "training": {}, "metrics": {}}
    save_model(folder, weights, recipe=recipe.name, config=config, vivid=vivid, **more)
    return folder
