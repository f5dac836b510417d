#!/usr/bin/env bash
# Trains the built-in model `icons` from nothing: draws the pictures, trains small, then large, then ships.
# About an hour and a half on two CPU cores. WORK holds all that is not shipped.
#
#   bash benchmarks/release/release_icons.sh
set -euo pipefail
WORK=${WORK:-runs/release}
LEFT=micah # the kit that the first two stages never see: they give the left-out row of the benchmarks

# glibc keeps the step's large buffers instead of handing them back: 20-40 % faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

KITS=$(python -c "from condcolor.data.builders.avatar_kits import KITS; print(*KITS)")
OTHERS=$(for kit in $KITS; do [ "$kit" = $LEFT ] || echo "--kit $kit"; done)
condcolor data icons "$WORK/all/train" --characters 6000 --vary --colorings 1
condcolor data icons "$WORK/all/test" --characters 150 --seed 1 --held-out --colorings 5
condcolor data icons "$WORK/others" --characters 5782 --vary --colorings 1 $OTHERS
condcolor data icons "$WORK/$LEFT" --kit $LEFT --characters 20 --seed 5

AUGMENT="--batch-size 16 --compose --shift 0.1 --zoom 0.25 --fade 0.5 --grain 0.03 --ema 0.998 --gan-weight 0"
condcolor train "$WORK/others" --out "$WORK/small" --test-fraction 0 --image-size 128 --epochs 14 $AUGMENT \
    --lr 1e-3 --lr-decay 0.6 --cond-levels head --dropout 0 --base-channels 32 --max-channels 256 --depth 7
condcolor train "$WORK/others" --init "$WORK/small/model-last" --out "$WORK/left-out" --test-fraction 0 --epochs 2 $AUGMENT \
    --lr 5e-4 --lr-decay 0.8
condcolor train "$WORK/all" --init "$WORK/left-out/model-last" --out "$WORK/varied" --epochs 6 --bend 0.012 \
    $AUGMENT --lr 5e-4 --lr-decay 0.8

# last, drawings as the kits frame them, among varied ones
condcolor data icons "$WORK/plain" --characters 3000 --seed 3 --colorings 1
python - "$WORK" <<'PYTHON'
import csv, sys
from pathlib import Path
from condcolor.data.metadata import write_metadata

work, columns, rows = Path(sys.argv[1]), ("input", "output", "hair", "shirt", "character"), []
for folder, most in (("plain", 3000), ("all/train", 4000)):
    with open(work / folder / "metadata.csv", newline="") as file:
        for row in list(csv.DictReader(file))[:most]:
            paths = [f"{folder}/{row[name]}" for name in columns[:2]]
            rows.append((*paths, *(row[name] for name in columns[2:])))
write_metadata(work / "mixed.csv", rows, columns)
PYTHON
condcolor train "$WORK/mixed.csv" --init "$WORK/varied/model-last" --out "$WORK/icons" --test-fraction 0 --epochs 1 \
    $AUGMENT --shift 0.05 --zoom 0.15 --bend 0.006 --lr 4e-4 --lr-decay 0.8

condcolor evaluate "$WORK/left-out/model-last" "$WORK/$LEFT"
python benchmarks/release/ship_model.py "$WORK/icons/model-last" condcolor/pretrained/icons --data data/icons
