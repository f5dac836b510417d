#!/usr/bin/env bash
# Grey photographs of pets in colour, in three stages, from nothing to figures and sheets.
#
#   bash examples/pets/train_pets.sh                              # downloads the Oxford-IIIT Pet pictures
#   PICTURES=pets SPLITS=pets.csv PHOTOGRAPHS=photographs bash examples/pets/train_pets.sh
#
# PICTURES, SPLITS: pictures that are here already, and the csv that splits them. PHOTOGRAPHS: a folder of any
# photographs, on which the generator learns first, where pets are few. ENCODER: resnet34 downloads its ImageNet
# weights; those of efficientnet-lite0 come in a package. WORK: where all goes.
set -euo pipefail
WORK=${WORK:-runs/pets-example}
ENCODER=${ENCODER:-efficientnet-lite0}

# glibc keeps the step's large buffers instead of handing them back: faster on a CPU
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 MALLOC_TOP_PAD_=268435456

mkdir -p "$WORK"
condcolor data pets "$WORK/pets" ${PICTURES:+--pictures "$PICTURES"} ${SPLITS:+--splits "$SPLITS"}

# what the generator begins with
begin=(--encoder "$ENCODER")
if [ -n "${PHOTOGRAPHS:-}" ]; then
    condcolor train "$PHOTOGRAPHS" --recipe pets --out "$WORK/first" --epochs 8,0,0 "${begin[@]}" --freeze-epochs 100 \
        --image-size 160 --jitter 0.3 --lr-decay 0.8 --ema 0.998 --check-steps 0 --keep-best 1 --patience 0
    begin=(--init "$WORK/first/model-last")
fi

# all three stages: the generator, the critic, and both in turns; the encoder rests throughout
condcolor train "$WORK/pets" --recipe pets --out "$WORK/run" "${begin[@]}" --epochs 10,45,40 --freeze-epochs 100 \
    --lr 5e-4 --lr-decay 0.5 --lr-discriminator 0.4 --lr-generator 1,1,0.06 --disc-channels 32 --ema 0.98 \
    --batch-size 16 --jitter 0.4 --check-steps 16 --keep-best 1 --patience 20

# before the GAN and after it, as users get it; then the first stage with the grey pictures counted, too
for model in after-generator after-gan; do
    condcolor evaluate "$WORK/run/$model" "$WORK/pets" --size 224
done
condcolor evaluate "$WORK/run/after-generator" "$WORK/pets" --size 224 --keep-grey

# the same, left for three times as long: it stops by itself, or goes back to its best
cp -r "$WORK/run" "$WORK/longer"
condcolor resume "$WORK/longer" --epochs 10,45,120
echo "curves and stars: $WORK/run/losses.png, $WORK/longer/losses.png; sheets: $WORK/run/samples"
