#!/usr/bin/env bash
# Trains the built-in model `icons` from nothing: draws characters and scenes, trains, ships, measures.
# Hours on two CPU cores. WORK holds all that is not shipped.
#
#   bash benchmarks/release/release_icons.sh
set -euo pipefail
WORK=${WORK:-runs/release}
SCENES=${SCENES:-100000}

# glibc keeps the step's large buffers instead of handing them back: 20-40 % faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

# characters of published packages, beside those of the avatar kits and the drawn figures
python tools/characters/draw.py "$WORK/packages" "$WORK/extra"
condcolor data icons "$WORK/scenes" --scenes "$SCENES" --extra "$WORK/extra"
condcolor train "$WORK/scenes" --recipe parts --out "$WORK/icons" --epochs 1

python benchmarks/release/ship_model.py "$WORK/icons/model-last" condcolor/pretrained/icons --data data/icons
