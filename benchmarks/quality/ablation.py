"""What makes colours obey and stop at the lines: variants trained for the same minutes, side by side.

    condcolor data icons packs/train --characters 3000 --seed 0 --vary --colorings 1
    condcolor data icons packs/test --characters 150 --seed 1 --held-out --colorings 5
    python benchmarks/quality/ablation.py packs --minutes 6 --out runs/ablation

trains every variant at 128 px, half width, one after the other (or those named), measures its last state on
the unseen characters, and prints the rows of the table in docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from timed import train_for

from condcolor.evaluation.sketches import evaluate_sketches

NETWORK = {"base_channels": 32, "max_channels": 256, "depth": 7, "disc_channels": 32}
COMMON = {"image_size": 128, "batch_size": 16, "compose": True, "flips": True}
COMMON |= {"shift": 0.1, "zoom": 0.2, "fade": 0.4, "grain": 0.03, "measure_epochs": 1000}
GAN, L1 = {}, {"gan_weight": 0.0}
ALL, DRY = {"cond_levels": "all"}, {"dropout": 0.0}
HEAD = {"cond_levels": "head"}
#   name                      phase  network      numbers
VARIANTS = {
    "pix2pix (L1 + GAN)": (GAN, {}, {}),
    "  + wrong colours": (GAN, {}, {"wrong_colors": True}),
    "  + wrong, all levels, EMA": (GAN, ALL | DRY, {"wrong_colors": True, "ema": 0.995}),
    "L1 alone": (L1, {}, {}),
    "  + no dropout": (L1, DRY, {}),
    "  + condition at all levels": (L1, DRY | ALL, {}),
    "  + EMA": (L1, DRY | ALL, {"ema": 0.995}),
    "  + EMA, lr x2.5": (L1, DRY | ALL, {"ema": 0.995, "lr": 5e-4}),
    "  + EMA, squared error": (L1 | {"pixel_loss": "mse"}, DRY | ALL, {"ema": 0.995}),
    "  colours mixed in a head, EMA, lr x2.5": (L1, DRY | HEAD, {"ema": 0.995, "lr": 5e-4}),
    "  the same, L1 + GAN": (GAN, DRY | HEAD, {"ema": 0.995, "lr": 5e-4}),
    "  the same, lr x5": (L1, DRY | HEAD, {"ema": 0.995, "lr": 1e-3}),
}


def run_variant(name: str, data: Path, out: Path, minutes: float, inputs: int) -> dict:
    phase, network, numbers = VARIANTS[name]
    trainer = train_for(
        minutes, data, out, epochs=[1000], phase=phase, model=NETWORK | network, **COMMON | numbers
    )
    score = evaluate_sketches(trainer.nets.color, trainer.test, max_inputs=inputs)
    return {"name": name, "steps": trainer.step, **score.to_json()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/ablation"))
    parser.add_argument("--minutes", type=float, default=6)
    parser.add_argument("--inputs", type=int, default=60)
    parser.add_argument("--only", type=int, nargs="*", help="places in the list of variants")
    options = parser.parse_args()
    for place, name in enumerate(VARIANTS):
        if options.only is not None and place not in options.only:
            continue
        folder = options.out / f"{place}"
        row = run_variant(name, options.data, folder, options.minutes, options.inputs)
        (folder / "row.json").write_text(json.dumps(row))
        cells = [
            f"{a['obeyed']:.3f} | {a['delta_e']:.1f} | {a['leakage']:.3f}"
            for a in row["attributes"]
        ]
        print(
            f"| {name} | {row['steps']} | {row['mse']:.4f} | {' | '.join(cells)} | {row['haze']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
