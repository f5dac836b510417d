"""Sets to measure `condcolor train` and `adapt` on, of 120 faces by strangers.

    tar xf faces.tar
    python benchmarks/quality/own_set.py faces work     # work/train, work/style and work/held-out

`train` has 80 faces to train on and 40 held out, `style` 5 of the 80 with two colorings each and no masks,
`held-out` the sketches and masks of the 40, as benchmarks/quality/strangers.py reads them. Then, as in
docs/recipes.md:

    condcolor train work/train --out work/run
    python benchmarks/quality/strangers.py sets work/held-out --model work/run
    condcolor adapt icons work/style -o work/adapted
    python benchmarks/quality/strangers.py sets work/held-out data/icons/test --model work/adapted
"""

from __future__ import annotations

import argparse
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from condcolor.data.metadata import read_metadata, write_metadata
from condcolor.data.records import Record

TRAINED, TAUGHT = 80, 5  # faces


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("faces", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    records = read_metadata(options.faces).records
    names = sorted({record.source.name for record in records})
    trained = set(names[:TRAINED])
    split = [("train" if r.source.name in trained else "test", r) for r in records]
    write_set(options.out / "train", options.faces, split)
    counts = Counter(record.source.name for record in records)
    taught = [name for name in names if counts[name] > 1][:TAUGHT]
    own = [("", record) for record in records if record.source.name in taught]
    write_set(options.out / "style", options.faces, own, masked=False)
    for folder in ("inputs", "masks"):
        (options.out / "held-out" / folder).mkdir(parents=True)
        for name in names[TRAINED:]:
            shutil.copy(options.faces / folder / name, options.out / "held-out" / folder / name)


def write_set(
    out: Path, faces: Path, records: Sequence[tuple[str, Record]], *, masked: bool = True
) -> None:
    """Write a data set of some of the faces' records, each with its split."""
    rows = []
    for split, record in records:
        for path in (record.source, record.target, record.mask if masked else None):
            if path is not None:
                place = out / path.relative_to(faces.resolve())
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, place)
        assert record.target is not None
        files = (path.relative_to(faces.resolve()) for path in (record.source, record.target))
        rows.append((*(file.as_posix() for file in files), *record.values, split))
    write_metadata(out / "metadata.csv", rows, ("input", "output", "hair", "shirt", "split"))


if __name__ == "__main__":
    main()
