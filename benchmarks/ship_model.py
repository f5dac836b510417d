"""Make a trained model a built-in one: half-precision weights, its measures on a data set, its licence.

python benchmarks/ship_model.py runs/release/icons/model condcolor/models/icons --data data/icons
"""

from __future__ import annotations

import argparse
from pathlib import Path

from condcolor.assessment import assess
from condcolor.checkpoint import load_model, save_model
from condcolor.colorizer import Colorizer

LICENCE = "MIT (weights); trained on drawings of avatar kits, see card.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    card = options.out / "card.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    model = load_model(options.model)
    fields = {
        "recipe": model.recipe,
        "config": model.config,
        "schema": model.schema,
        "image_size": model.image_size,
        "training": model.training,
        "licence": LICENCE,
        "half": True,
    }
    weights = model.generator.state_dict()
    save_model(options.out, weights, metrics={}, **fields)
    shipped = Colorizer.load(options.out)  # what is measured is what is shipped
    measured = assess(shipped, options.data)["test"]["model"]
    save_model(options.out, weights, metrics=measured.to_json(), **fields)
    if text:
        card.write_text(text, encoding="utf-8")
    print(f"{options.out}: test MSE {measured.mse:.5f}, obeyed {measured.obeyed:.3f}")


if __name__ == "__main__":
    main()
