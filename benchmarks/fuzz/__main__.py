"""Fuzz the readers of condcolor: any input is read, or refused in a sentence.

    python -m benchmarks.fuzz                            # a minute, all readers
    python -m benchmarks.fuzz --seconds 600 --seed 7
    python -m benchmarks.fuzz --reader ora --keep found/

Each input is a small valid file with random edits. What fails otherwise than by an error of condcolor, or
takes more than SLOW seconds, is kept as a file in --keep, smallest first, and is tried again by the next run.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from benchmarks.fuzz.edits import edited
from benchmarks.fuzz.readers import READERS, Reader

ROUND = 60  # inputs of a reader, before the next one has its turn
SLOW = 10.0  # seconds of processor time for one input


def main() -> int:
    """Run the command line; return 1 where an input failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="the same seed tries the same inputs")
    parser.add_argument("--reader", action="append", choices=list(READERS), help="default: all")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-found"), help="where inputs go")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    names = options.reader or list(READERS)
    counts, failures = fuzz(names, options.seconds, options.seed, options.keep)
    for name in names:
        print(f"{name:12} {counts[name]:>6} inputs, {len(failures[name])} kinds of failure")
        for fault in failures[name]:
            print(f"    {fault}")
    return int(any(failures.values()))


def fuzz(
    names: list[str], seconds: float, seed: int, keep: Path | None = None
) -> tuple[dict[str, int], dict[str, list[str]]]:
    """Try inputs for `seconds` on each reader in turn; return the number tried, and the kinds of failure.

    keep: a folder for inputs that fail; those in it are tried first.
    """
    counts, failures = dict.fromkeys(names, 0), {name: dict[str, bytes]() for name in names}
    with tempfile.TemporaryDirectory() as folder:
        readers = {name: READERS[name](Path(folder, name)) for name in names}
        for name, reader in readers.items():
            for data in reader.seeds:  # whose libraries are imported then
                _try(reader, data, {})
            for path in sorted(keep.glob(f"{name}-*")) if keep else ():
                _try(reader, path.read_bytes(), failures[name])
        turn, ends = 0, time.monotonic() + seconds
        while time.monotonic() < ends:
            for name in names:
                counts[name] += _round(readers[name], f"{seed} {turn}", failures[name], ends)
            turn += 1
    for name, found in failures.items():
        for data in found.values() if keep else ():
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}").write_bytes(data)
    return counts, {name: list(found) for name, found in failures.items()}


def _round(reader: Reader, seed: str, failures: dict[str, bytes], ends: float) -> int:
    """Try ROUND inputs, drawn by hypothesis from a seed; return how many."""
    import hypothesis

    tried = 0

    def once(data: bytes) -> None:
        nonlocal tried
        if time.monotonic() < ends:
            tried += 1
            _try(reader, data, failures)

    quiet = hypothesis.settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8], "big")
    hypothesis.seed(number)(quiet(hypothesis.given(edited(reader.seeds))(once)))()
    return tried


def _try(reader: Reader, data: bytes, failures: dict[str, bytes]) -> None:
    """Read one input; the smallest of each kind of failure stays in `failures`."""
    from condcolor.errors import CondcolorError

    started, fault = time.process_time(), ""
    try:
        reader.read(data)
    except CondcolorError:
        pass
    except Exception as error:  # which is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        fault = f"{type(error).__name__} at {place}"
    if (took := time.process_time() - started) > SLOW:
        fault = fault or f"took {took:.0f} s"
    if fault and len(failures.get(fault, data + b"x")) > len(data):
        failures[fault] = data


if __name__ == "__main__":
    sys.exit(main())
