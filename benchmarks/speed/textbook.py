"""Conditional pix2pix as tutorials write it: what `python -m benchmarks.speed` is held against.

Networks and losses are those of the recipes `icons` and `photo` (Isola et al. 2017), of the same sizes. What
is ordinary about it: float32 in contiguous NCHW, eager, plain Adam; the generator runs once for the
discriminator's step and again for its own, in which the discriminator is not frozen; a condition is tiled to
planes by the loader; and the loader decodes, resizes and converts (Lab by scikit-image) each picture each
time it is seen, in worker processes. Nothing is made slow on purpose, and nothing comes from the package.

`python -m benchmarks.speed` asks a file like this one for RECIPES, `loader` and `Pix2Pix`.
"""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, RandomSampler

RECIPES = ("icons", "photo")
SUFFIXES = {".jpg", ".jpeg", ".png"}


# -- data ----------------------------------------------------------------------------------------


def to_tensor(pixels: np.ndarray) -> Tensor:
    """`[H, W, C]` -> `[C, H, W]` float32, as torchvision's ToTensor does; bytes become 0..1."""
    tensor = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
    return tensor.float().div(255) if tensor.dtype == torch.uint8 else tensor.float()


def normalize(tensor: Tensor) -> Tensor:
    """0..1 -> -1..1."""
    return (tensor - 0.5) / 0.5


class Icons(Dataset):
    """(sketch `[3,S,S]`, icon `[3,S,S]`, condition `[P,S,S]`) of each row of a metadata.csv."""

    def __init__(self, folder: Path, size: int):
        self.folder, self.size = folder, size
        with open(folder / "metadata.csv", newline="", encoding="utf-8") as file:
            self.rows = list(csv.DictReader(file))
        names = [name for name in self.rows[0] if name not in ("input", "output")]
        self.values = {name: sorted({row[name] for row in self.rows}) for name in names}

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        row = self.rows[index]
        sketch, icon = self._opened(row["input"]), self._opened(row["output"])
        if random.random() < 0.5:
            sketch, icon = (p.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for p in (sketch, icon))
        hot = [float(row[name] == v) for name, values in self.values.items() for v in values]
        planes = torch.tensor(hot).view(-1, 1, 1).repeat(1, self.size, self.size)
        return normalize(to_tensor(np.array(sketch))), normalize(to_tensor(np.array(icon))), planes

    def _opened(self, name: str) -> Image.Image:
        picture = Image.open(self.folder / name).convert("RGB")
        return picture.resize((self.size, self.size), Image.Resampling.BICUBIC)


class Photographs(Dataset):
    """(L `[1,S,S]`, ab `[2,S,S]`, no condition `[0,S,S]`) of each photograph in a folder."""

    def __init__(self, folder: Path, size: int):
        self.size = size
        self.paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        from skimage.color import rgb2lab

        picture = Image.open(self.paths[index]).convert("RGB")
        picture = picture.resize((self.size, self.size), Image.Resampling.BICUBIC)
        if random.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        lab = to_tensor(rgb2lab(np.array(picture)).astype("float32"))
        return lab[[0]] / 50 - 1, lab[[1, 2]] / 110, torch.zeros(0, self.size, self.size)


def loader(
    recipe: str, folder: Path, *, size: int, batch_size: int, workers: int, batches: int
) -> DataLoader:
    """Batches of (source, target, planes), of pictures drawn at random."""
    dataset = (Icons if recipe == "icons" else Photographs)(folder, size)
    drawn = RandomSampler(dataset, replacement=True, num_samples=batches * batch_size)
    return DataLoader(dataset, batch_size, sampler=drawn, num_workers=workers)


# -- networks ------------------------------------------------------------------------------------


class Level(nn.Module):
    """A level of the U-Net around the next one: down, `inner`, up, and what came in beside that."""

    def __init__(
        self,
        outer: int,
        width: int,
        inner: nn.Module | None,
        *,
        inputs: int | None = None,
        dropout: float = 0.0,
    ):
        super().__init__()
        self.outermost = inputs is not None
        down = nn.Conv2d(outer if inputs is None else inputs, width, 4, 2, 1, bias=False)
        up = nn.ConvTranspose2d(width * (2 if inner else 1), outer, 4, 2, 1, bias=False)
        if self.outermost:
            layers = [down, inner, nn.ReLU(True), up, nn.Tanh()]
        elif inner is None:
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, nn.BatchNorm2d(outer)]
        else:
            layers = [nn.LeakyReLU(0.2, True), down, nn.BatchNorm2d(width), inner]
            layers += [nn.ReLU(True), up, nn.BatchNorm2d(outer)]
        if dropout:
            layers.append(nn.Dropout(dropout))
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        if self.outermost:
            return self.model(x)
        return torch.cat([x, self.model(x)], 1)


class UNet(nn.Module):
    """The generator: `depth` downs to the middle, and as many ups. The three innermost have dropout."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        base: int = 64,
        most: int = 512,
        depth: int = 8,
        dropout: float = 0.5,
    ):
        super().__init__()
        widths = [min(base * 2**i, most) for i in range(depth)]
        level = None
        for i in reversed(range(1, depth)):
            dropped = dropout if i >= depth - 3 else 0.0
            level = Level(widths[i - 1], widths[i], level, dropout=dropped)
        self.model = Level(outputs, widths[0], level, inputs=inputs)

    def forward(self, source: Tensor, planes: Tensor) -> Tensor:
        return self.model(torch.cat([source, planes], 1))


class PatchGAN(nn.Module):
    """The discriminator: logits, one a patch."""

    def __init__(self, inputs: int, *, base: int = 64, layers: int = 3):
        super().__init__()
        model = [nn.Conv2d(inputs, base, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        width = base
        for i in range(1, layers + 1):
            before, width = width, base * min(2**i, 8)
            stride = 2 if i < layers else 1
            model += [nn.Conv2d(before, width, 4, stride, 1, bias=False)]
            model += [nn.BatchNorm2d(width), nn.LeakyReLU(0.2, True)]
        model += [nn.Conv2d(width, 1, 4, 1, 1)]
        self.model = nn.Sequential(*model)

    def forward(self, source: Tensor, picture: Tensor, planes: Tensor) -> Tensor:
        return self.model(torch.cat([source, picture, planes], 1))


def init_weights(module: nn.Module) -> None:
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)
        nn.init.zeros_(module.bias)


# -- training ------------------------------------------------------------------------------------


class Pix2Pix:
    """Both networks and their optimizers."""

    def __init__(
        self,
        *,
        source_channels: int,
        output_channels: int,
        cond_planes: int,
        base_channels: int = 64,
        max_channels: int = 512,
        depth: int = 8,
        dropout: float = 0.5,
        disc_channels: int = 64,
        disc_layers: int = 3,
        device: str = "cpu",
    ):
        self.device = torch.device(device)
        seen = source_channels + cond_planes
        widths = {"base": base_channels, "most": max_channels, "depth": depth, "dropout": dropout}
        self.generator = UNet(seen, output_channels, **widths)
        self.discriminator = PatchGAN(
            seen + output_channels, base=disc_channels, layers=disc_layers
        )
        for network in (self.generator, self.discriminator):
            network.apply(init_weights).to(self.device)
        self.optimizer_g = torch.optim.Adam(self.generator.parameters(), 2e-4, (0.5, 0.999))
        self.optimizer_d = torch.optim.Adam(self.discriminator.parameters(), 2e-4, (0.5, 0.999))
        self.bce, self.l1 = nn.BCEWithLogitsLoss(), nn.L1Loss()

    def training_step(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[float, float]:
        """One step of D and one of G on a batch of the loader; their losses."""
        source, target, planes = (part.to(self.device) for part in batch)
        self.generator.train()

        loss_d = self.learn_d(source, target, planes, self.generator(source, planes))
        loss_g = self.learn_g(source, target, planes, self.generator(source, planes))
        return loss_g.item(), loss_d.item()

    def learn_d(self, source: Tensor, target: Tensor, planes: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's half of a step; its loss."""
        real_logits = self.discriminator(source, target, planes)
        fake_logits = self.discriminator(source, fake.detach(), planes)
        loss_d = self.bce(real_logits, torch.ones_like(real_logits))
        loss_d = (loss_d + self.bce(fake_logits, torch.zeros_like(fake_logits))) / 2
        self.optimizer_d.zero_grad()
        loss_d.backward()
        self.optimizer_d.step()
        return loss_d

    def learn_g(self, source: Tensor, target: Tensor, planes: Tensor, fake: Tensor) -> Tensor:
        """The generator's half of a step; its loss."""
        fake_logits = self.discriminator(source, fake, planes)
        loss_g = self.bce(fake_logits, torch.ones_like(fake_logits)) + 100 * self.l1(fake, target)
        self.optimizer_g.zero_grad()
        loss_g.backward()
        self.optimizer_g.step()
        return loss_g

    @torch.no_grad()
    def infer(self, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """What the generator makes of a batch of the loader, on the CPU."""
        source, _, planes = (part.to(self.device) for part in batch)
        self.generator.eval()
        return self.generator(source, planes).cpu()
