#!/usr/bin/env bash
# Grey photographs of pets in colour, in three stages, from nothing to figures and sheets.
#
#   bash examples/pets/train_pets.sh                                  # downloads the Oxford-IIIT Pet pictures
#   PICTURES=pets SPLITS=pets.csv PHOTOGRAPHS=photographs bash examples/pets/train_pets.sh
#
# PICTURES, SPLITS: pictures that are here already, and the csv that splits them. PHOTOGRAPHS: a folder of any
# photographs, on which the generator learns first; pets alone are few. ENCODER: resnet34 downloads its ImageNet
# weights; those of efficientnet-lite0 come in a package. WORK: where all goes.
set -euo pipefail
WORK=${WORK:-runs/pets-example}
ENCODER=${ENCODER:-efficientnet-lite0}
WEIGHTS=${WEIGHTS:-imagenet}

# glibc keeps the step's large buffers instead of handing them back: faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

mkdir -p "$WORK"
condcolor data pets "$WORK/pets" ${PICTURES:+--pictures "$PICTURES"} ${SPLITS:+--splits "$SPLITS"}

# what the generator begins with
begin=(--encoder "$ENCODER" --encoder-weights "$WEIGHTS" --freeze-epochs 100)
if [ -n "${PHOTOGRAPHS:-}" ]; then
    condcolor train "$PHOTOGRAPHS" --recipe pets --out "$WORK/first" --epochs "${FIRST_EPOCHS:-8},0,0" "${begin[@]}" \
        ${FREEZE:+--freeze-epochs "$FREEZE"} --image-size 160 --jitter 0.3 --lr-decay 0.8 --ema 0.998 \
        --check-steps 0 --keep-best 1 --patience 0 --sample-epochs 8
    begin=(--init "$WORK/first/model-last" --freeze-epochs 100)
fi

# the three stages; few pictures need larger crops' chance, more epochs, and smaller steps
condcolor train "$WORK/pets" --recipe pets --out "$WORK/run" "${begin[@]}" --epochs 10,30,20 \
    --lr 5e-4 --lr-discriminator 0.4,0.4,0.2 --lr-generator 1,1,0.04 --disc-channels 32 \
    --batch-size 16 --jitter 0.4 --ema 0.98 --check-steps 16

# before the GAN, after it, and the best by score
for model in after-generator after-gan model; do
    condcolor evaluate "$WORK/run/$model" "$WORK/pets" --size 224
done
condcolor evaluate "$WORK/run/after-generator" "$WORK/pets" --size 224 --keep-grey
echo "sheets: $WORK/run/samples/test-before-and-after-gan.png; curves and the stop: $WORK/run/losses.png"
