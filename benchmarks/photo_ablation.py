"""What gives photographs their colours: variants trained for the same minutes on the same pictures.

    python benchmarks/photo_ablation.py photographs --minutes 5 --out runs/photo-ablation

where `photographs` has a folder `train` and a folder `val`. Every variant trains at 128 px, one after the
other (or those named), and colours the photographs of `val` as users get them. Rows of the table in
docs/benchmarks.md: ab error against grey's and dCF as a share of grey's, with the chroma as the network
gave it, then with the chroma raised until dCF is at most 45 % and 20 % of grey's.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from timed import train_for

from condcolor.assessment import assess_photographs
from condcolor.colorizer import Colorizer

VIVID = tuple(1 + 0.1 * i for i in range(21))
PLAIN = {"base_channels": 32, "max_channels": 256, "depth": 7, "disc_channels": 32}
ENCODER = {"encoder": "efficientnet-lite0", "base_channels": 32, "depth": 5, "dropout": 0.0}
ENCODER |= {"disc_channels": 32}
COMMON = {"image_size": 128, "batch_size": 32, "measure_epochs": 1000, "jitter": 0.4}
STEADY = {"ema": 0.998, "lr": 1e-3}
L1, DISTANCE = {"gan_weight": 0.0}, {"gan_weight": 0.0, "pixel_loss": "distance"}
RESTS, LEARNS = {"freeze_epochs": 1000}, {"freeze_epochs": 0}
NONE = {"encoder_weights": "none"}
#   name                                        phase     network  numbers
VARIANTS = {
    "the seeds' recipe, plain U-Net": ({}, PLAIN, {}),
    "plain U-Net, L1 alone": (L1, PLAIN, {}),
    "plain U-Net, distance, EMA, lr x5": (DISTANCE, PLAIN | {"dropout": 0.0}, STEADY),
    "the seeds' recipe, this network, its ImageNet encoder": ({}, ENCODER, {}),
    "this network, random encoder, distance, EMA, lr x5": (DISTANCE, ENCODER, STEADY | NONE),
    "this network, ImageNet encoder, L1, EMA, lr x5": (L1, ENCODER, STEADY | RESTS),
    "  distance for L1 (the built-in model's)": (DISTANCE, ENCODER, STEADY | RESTS),
    "  the encoder learns, too": (DISTANCE, ENCODER, STEADY | LEARNS),
    "  + chroma weighted": (DISTANCE | {"chroma_weight": 3.0}, ENCODER, STEADY | RESTS),
    "  + GAN, lr of the seeds": ({"pixel_loss": "distance"}, ENCODER, {"ema": 0.998} | RESTS),
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
    scores = {}
    for vivid in VIVID:
        colorizer = Colorizer.load(out, vivid=vivid)
        split = assess_photographs({"model": colorizer}, data / "val")["all photographs"]
        grey, model = split["grey"], split["model"]
        share = model.dcf_abs / grey.dcf_abs
        scores[vivid] = (model.ab_error / grey.ab_error - 1, share, model.cf_abs)
        if share <= 0.2 and model.cf_abs <= grey.cf_abs_truth:
            break
    return {"name": name, "steps": trainer.step, "scores": scores}


def cells(scores: dict[float, tuple]) -> str:
    error, share, _ = scores[1.0]
    row = f"{100 * error:+.1f} % | {100 * share:.0f} %"
    for most in (0.45, 0.2):
        found = next((v for v, (_, share, _) in scores.items() if share <= most), None)
        row += " | -" if found is None else f" | {100 * scores[found][0]:+.1f} % (x{found:.1f})"
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/photo-ablation"))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--only", type=int, nargs="*", help="places in the list of variants")
    options = parser.parse_args()
    for place, name in enumerate(VARIANTS):
        if options.only is not None and place not in options.only:
            continue
        row = run_variant(name, options.data, options.out / f"{place}", options.minutes)
        (options.out / f"{place}" / "row.json").write_text(json.dumps(row))
        print(f"| {name} | {row['steps']} | {cells(row['scores'])} |", flush=True)


if __name__ == "__main__":
    main()
