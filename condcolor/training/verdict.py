"""The verdict at the end of a training: the best model on the held-out drawings, and a sheet of its worst."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from condcolor.data.dataset import ImageDataset
from condcolor.evaluation.baselines import flat_fill
from condcolor.evaluation.sketches import evaluate_sketches
from condcolor.evaluation.verdict import judge, to_json
from condcolor.inference.torch_colorizer import TorchColorizer
from condcolor.runtime.files import write_whole
from condcolor.training.run_writer import MODEL, write_samples

VERDICT, WORST = "verdict.json", "worst.png"  # files of a run
MOST_JUDGED = 16  # drawings that are colored in all colors
SHOWN = 8  # of the worst


def give_verdict(run: Path, test: ImageDataset | None, device: torch.device) -> list[str]:
    """Measure the best model of a run on its held-out drawings; return the verdict, a line each.

    Writes verdict.json and worst.png, a sheet of the drawings with the largest error.

    Args:
        test: the held-out drawings with the targets of their csv; None: there are none.
    """
    if test is None:
        return [
            "no verdict: no drawings were held out; add drawings, or name some in a column split"
        ]
    colorizer = TorchColorizer.from_folder(run / MODEL, device=str(device))
    errors: dict[int, float] = {}
    table = {
        "model": evaluate_sketches(
            colorizer.color, test, max_inputs=MOST_JUDGED, on_input=errors.__setitem__
        ),
        "flat fill": evaluate_sketches(flat_fill(test.schema), test, max_inputs=MOST_JUDGED),
    }
    inputs = table["model"].inputs
    verdicts = judge(table)
    content = json.dumps(to_json(verdicts, inputs), indent=2) + "\n"
    write_whole(run / VERDICT, content.encode(), overwrite=True)
    worst = sorted(errors, key=lambda source: -errors[source])[:SHOWN]
    rows = torch.tensor([int((test.source_of == source).nonzero()[0]) for source in worst])
    colors = {"output": colorizer.color}
    write_samples(run / WORST, colorizer.codec, colors, test, rows=rows)
    return [*(each.text(inputs) for each in verdicts), f"the worst of them: {run / WORST}"]
