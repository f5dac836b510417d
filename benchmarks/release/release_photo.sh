#!/usr/bin/env bash
# Trains the built-in model `photo` on a folder of photographs with folders `train` and `val`, and ships it.
# Took 95 minutes of one CPU core for 26,940 photographs. WORK holds all that is not shipped.
#
#   bash benchmarks/release/release_photo.sh photographs
set -euo pipefail
PHOTOGRAPHS=$1
WORK=${WORK:-runs/release-photo}

# glibc keeps the step's large buffers instead of handing them back: faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

pip install 'condcolor[encoders]'
python benchmarks/release/train_photo.py "$PHOTOGRAPHS" --out "$WORK" --minutes 95

# the chroma is chosen on every second photograph, and the figures are of the others
mkdir -p "$WORK/a" "$WORK/b"
number=0
for photograph in "$PHOTOGRAPHS"/val/*; do
    half=$([ $((number % 2)) = 0 ] && echo a || echo b)
    cp "$photograph" "$WORK/$half/"
    number=$((number + 1))
done
condcolor evaluate "$WORK/model" "$WORK/a" --vivid 1.2 --vivid 1.4 --vivid 1.6
python benchmarks/release/ship_model.py "$WORK/model" condcolor/pretrained/photo --data "$WORK/b" --image-size 320 --vivid 1.4
condcolor evaluate photo "$WORK/b" --vivid 1 --vivid 1.8
python benchmarks/quality/hints.py "$WORK/b"
