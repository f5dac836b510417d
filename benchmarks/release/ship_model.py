"""Make a trained model a built-in one: half-precision weights, its graph, its measures, its licence.

python benchmarks/release/ship_model.py runs/release/icons/model condcolor/pretrained/icons --data data/icons
python benchmarks/release/ship_model.py runs/photo/model condcolor/pretrained/photo --data photos/val
"""

from __future__ import annotations

import argparse
from pathlib import Path

from condcolor.evaluation.evaluate import make_evaluator
from condcolor.inference.colorizer import Colorizer
from condcolor.inference.onnx_export import write_graph
from condcolor.models.checkpoint import load_model, save_model

LICENCE = "MIT (weights); what they were trained on has terms of its own, see card.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--image-size", type=int, help="what it sees in use [what it was trained at]"
    )
    parser.add_argument(
        "--vivid", type=float, default=1.0, help="chroma over what the network gives"
    )
    options = parser.parse_args()
    card = options.out / "card.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    model = load_model(options.model)
    fields = {
        "recipe": model.recipe,
        "config": model.config,
        "schema": model.schema,
        "image_size": options.image_size or model.image_size,
        "vivid": options.vivid,
        "training": model.training,
        "licence": LICENCE,
        "half": True,
    }
    weights = model.generator.state_dict()
    save_model(options.out, weights, metrics={}, **fields)
    shipped = Colorizer.load(options.out, engine="torch")  # what is measured is what is shipped
    tables = make_evaluator(shipped.recipe).compare(shipped, options.data)
    scores = (tables.get("test") or tables["all photographs"])["model"]
    save_model(options.out, weights, metrics=scores.to_json(), **fields)
    if text:
        card.write_text(text, encoding="utf-8")
    write_graph(options.out)
    print(f"{options.out}: {scores.summary}")


if __name__ == "__main__":
    main()
