"""What gives photographs their colours: variants trained for the same minutes on the same pictures.

    python benchmarks/quality/photo_ablation.py photographs --minutes 5 --out runs/photo-ablation

where `photographs` has a folder `train` and a folder `val`. Every variant trains at 128 px, one after the
other (or those named), and colours 256 px squares of `val`. Rows of the table in docs/benchmarks.md: ab error
against grey's and dCF as a share of grey's, with the chroma as the network gave it, then with the least of
VIVID by which dCF is at most 45 % and 20 % of grey's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from timed import train_for
from torch import nn

from condcolor.data.dataset import ImageDataset
from condcolor.data.metadata import read_photographs
from condcolor.evaluation.photos import PhotoTally
from condcolor.models.checkpoint import load_model
from condcolor.models.codecs import Codec

VIVID = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0)
PLAIN = {"base_channels": 32, "max_channels": 256, "depth": 7, "disc_channels": 32}
ENCODER = {"encoder": "efficientnet-lite0", "base_channels": 32, "depth": 5, "dropout": 0.0}
ENCODER |= {"disc_channels": 32}
DROPS = {"dropout": 0.5}
COMMON = {"image_size": 128, "batch_size": 32, "measure_epochs": 1000, "jitter": 0.4}
STEADY = {"ema": 0.998, "lr": 1e-3}
L1, DISTANCE = {"gan_weight": 0.0}, {"gan_weight": 0.0, "pixel_loss": "distance"}
RESTS, LEARNS = {"freeze_epochs": 1000}, {"freeze_epochs": 0}
NONE = {"encoder_weights": "none"}
#   name                                        phase     network  numbers
VARIANTS = {
    "the seeds' recipe (L1 + GAN), plain U-Net": ({}, PLAIN, {}),
    "plain U-Net, L1 alone": (L1, PLAIN, {}),
    "plain U-Net, distance, no dropout, EMA, lr x5": (DISTANCE, PLAIN | {"dropout": 0.0}, STEADY),
    "the seeds' recipe on the built-in model's network": ({}, ENCODER | DROPS, {}),
    "this network, random encoder, distance, EMA, lr x5": (DISTANCE, ENCODER, STEADY | NONE),
    "  encoder from ImageNet, at rest, L1": (L1, ENCODER, STEADY | RESTS),
    "  distance for L1": (DISTANCE, ENCODER, STEADY | RESTS),
    "  dropout (the built-in model's)": (DISTANCE, ENCODER | DROPS, STEADY | RESTS),
    "  the encoder learns, too": (DISTANCE, ENCODER | DROPS, STEADY | LEARNS),
    "  chroma weighted": (DISTANCE | {"chroma_weight": 3.0}, ENCODER | DROPS, STEADY | RESTS),
}


def run_variant(name: str, data: Path, out: Path, minutes: float) -> dict:
    phase, network, numbers = VARIANTS[name]
    trainer = train_for(
        minutes,
        data,
        out,
        recipe="photo",
        epochs=[0, 1000],
        phase=phase,
        model=network,
        **COMMON | numbers,
    )
    scores = measure(trainer.recipe.codec, trainer.nets.averaged.eval(), data / "val", VIVID)
    return {"name": name, "steps": trainer.step, "scores": scores}


@torch.no_grad()
def measure(
    codec: Codec, network: nn.Module, folder: Path, factors: Sequence[float]
) -> dict[float, tuple[float, float]]:
    """Each chroma factor -> ab error over grey's less 1, and dCF over grey's, on squares of `folder`."""
    tallies = {vivid: PhotoTally() for vivid in (0.0, *factors)}
    metadata = read_photographs(folder)
    pictures = ImageDataset(metadata.records, metadata.schema, 256, photographs=True)
    for picture in (square[None] for square in pictures.pictures):
        source = codec.encode_source(picture)
        output = network(source, torch.zeros(1, 0))
        for vivid, tally in tallies.items():
            made = codec.with_vivid(vivid).decode(source, output)
            tally.add(made[0], picture[0].float() / 255)
    scores = {vivid: tally.score() for vivid, tally in tallies.items()}
    grey = scores.pop(0.0)
    return {
        vivid: (score.ab_error / grey.ab_error - 1, score.dcf_abs / grey.dcf_abs)
        for vivid, score in scores.items()
    }


def cells(scores: dict[float, tuple[float, float]]) -> str:
    error, share = scores[1.0]
    row = f"{100 * error:+.1f} % | {100 * share:.0f} %"
    for most in (0.45, 0.2):
        found = next((v for v, (_, share) in scores.items() if share <= most), None)
        row += " | -" if found is None else f" | {100 * scores[found][0]:+.1f} % (x{found:g})"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/photo-ablation"))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument(
        "--vivid", type=float, nargs="*", help="of a run in --out: only measure these"
    )
    parser.add_argument("--only", type=int, nargs="*", help="places in the list of variants")
    options = parser.parse_args()
    for place, name in enumerate(VARIANTS):
        if options.only is not None and place not in options.only:
            continue
        if options.vivid:
            model = load_model(options.out / f"{place}" / "model")
            folder, codec = options.data / "val", model.codec
            for vivid, found in measure(codec, model.generator, folder, options.vivid).items():
                print(f"{name} x{vivid:g}: {100 * found[0]:+.1f} % | {100 * found[1]:.0f} %")
            continue
        row = run_variant(name, options.data, options.out / f"{place}", options.minutes)
        (options.out / f"{place}" / "row.json").write_text(json.dumps(row))
        print(f"| {name} | {row['steps']} | {cells(row['scores'])} |", flush=True)


if __name__ == "__main__":
    main()
