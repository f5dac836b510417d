"""Drawings told from photographs: the weights of `imaging/picture_kind` fitted, and its errors counted.

    python benchmarks/quality/kinds.py fit --drawings FOLDER... --photos FOLDER...
    python benchmarks/quality/kinds.py report --drawings FOLDER... --photos FOLDER... --sheet errors.png

Both read pictures as they are, and altered as scans and cameras alter them.
"""

from __future__ import annotations

import argparse
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage, optimize

from condcolor.imaging.formats import find_pictures
from condcolor.imaging.open import Picture, open_picture
from condcolor.imaging.picture_kind import DRAWING, MOST, NAMES, PHOTOGRAPH, kind_of, measures

# labels of Caltech-101 whose pictures are mostly drawn
DRAWN = ("snoopy", "garfield", "yin_yang", "brontosaurus", "stegosaurus")
SIDE = 330  # pixels a side of a picture that is altered
DECAY = 3e-4  # of the squares of the weights
TILE = 144  # pixels of a picture on the sheet


def smooth(rng, shape, cells):
    """Return smooth noise in [0, 1], `[H, W]` float32."""
    grid = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8))
    return np.asarray(grid.resize(shape[::-1], Image.Resampling.BICUBIC), np.float32) / 255


def light(rng, shape, darkest):
    """Return uneven light in [darkest, 1], `[H, W, 1]`: a slope and a smooth shadow."""
    y, x = np.mgrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) / 1.42 + 0.5
    mix = rng.random()
    uneven = mix * slope + (1 - mix) * smooth(rng, shape, int(rng.integers(2, 5)))
    return (darkest + (1 - darkest) * uneven.clip(0, 1))[..., None].astype(np.float32)


def shaded(rng, rgb):
    """Shade the enclosed pieces of a drawing, smoothly or by hatching."""
    grey = rgb.min(axis=-1)
    labels, count = ndimage.label(grey > 200)
    made = rgb.astype(np.float32)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    for label in range(1, min(count, 40) + 1):
        inside = labels == label
        if inside[0, 0] or inside.sum() < 60 or rng.random() < 0.4:
            continue
        shade = rng.uniform(0.25, 0.95) + rng.uniform(-0.3, 0.3) * smooth(rng, grey.shape, 3)
        if rng.random() < 0.5:
            pitch, angle = rng.uniform(3, 8), rng.uniform(0, np.pi)
            wave = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 2 * np.pi / pitch)
            shade = np.where(wave > rng.uniform(-0.2, 0.6), shade, 1)
        elif rng.random() < 0.6:
            shade = shade + rng.normal(0, rng.uniform(0.02, 0.12), grey.shape)
        made[inside] *= shade.clip(0.05, 1)[inside, None]
    return made


def jpeg(rng, image):
    data = io.BytesIO()
    image.save(data, "JPEG", quality=int(rng.integers(35, 92)))
    return Image.open(data).convert("RGB")


def as_uint8(light):
    return np.rint(np.clip(light, 0, 255)).astype(np.uint8)


def altered_drawing(rng, rgb):
    """Return a drawing as a scanner, a camera or a hand alters it."""
    image = Image.fromarray(rgb)
    if rng.random() < 0.4:
        scale = rng.uniform(0.45, 1.6)
        image = image.resize(
            [max(64, round(s * scale)) for s in image.size], Image.Resampling.BICUBIC
        )
    rgb = np.asarray(image)
    if rng.random() < 0.35:  # cut out of a larger one
        h, w = rgb.shape[:2]
        share = rng.uniform(0.5, 0.95)
        top, left = (int(rng.uniform(0, 1 - share) * side) for side in (h, w))
        rgb = rgb[top : top + int(share * h), left : left + int(share * w)]
    made = rgb.astype(np.float32)
    hand = rng.random()
    if hand < 0.2:
        made = shaded(rng, rgb)
    elif hand < 0.4 and made.mean() > 215:  # pencil
        pressure = 0.4 + 0.6 * smooth(rng, made.shape[:2], 24)[..., None]
        made = 255 - (255 - made) * pressure * rng.uniform(0.5, 1)
        made = made + (255 - made) * rng.normal(0, 0.1, made.shape[:2])[..., None]
    elif hand < 0.5:
        made = 255 - made
    if rng.random() < 0.55:  # paper and its light
        fade = rng.uniform(0, 0.5) * rng.random()
        made = 255 - (255 - made) * (1 - fade)
        made = made * light(rng, made.shape[:2], rng.uniform(0.5, 1)) * rng.uniform(0.65, 1)
        made = made * (1 - rng.uniform(0, 0.15, 3))
        if rng.random() < 0.6:
            grain = rng.normal(0, rng.uniform(1, 6), made.shape[:2])
            if rng.random() < 0.4:
                grain = ndimage.gaussian_filter(grain, 0.8) * 1.3
            made = made + grain[..., None]
    image = Image.fromarray(as_uint8(made))
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    if rng.random() < 0.4:
        image = jpeg(rng, image)
    return np.asarray(image)


def altered_photo(rng, rgb):
    """Return a photograph as age, a scanner or an editor alters it."""
    image = Image.fromarray(rgb)
    if rng.random() < 0.3:
        scale = rng.uniform(0.6, 1.8)
        image = image.resize(
            [max(64, round(s * scale)) for s in image.size], Image.Resampling.BICUBIC
        )
    made = np.asarray(image, np.float32)
    if rng.random() < 0.6:
        made = np.repeat((made @ np.float32([0.299, 0.587, 0.114]))[..., None], 3, axis=-1)
    if rng.random() < 0.3:  # fog, faded prints, hard contrast, over- and underexposure
        gain, middle = rng.uniform(0.45, 1.8), rng.uniform(80, 180)
        made = (made - middle) * gain + middle
        made = 255 * (made.clip(0, 255) / 255) ** rng.uniform(0.6, 1.6)
    if rng.random() < 0.25:
        made = made + rng.normal(0, rng.uniform(1, 8), made.shape[:2])[..., None]
    if rng.random() < 0.12:  # the margin of a print or of a scanner's bed
        h, w = made.shape[:2]
        width = max(2, int(rng.uniform(0.02, 0.12) * max(h, w)))
        around = ((width, width), (width, width), (0, 0))
        made = np.pad(made, around, constant_values=rng.choice([0, 245, 255]))
    image = Image.fromarray(as_uint8(made))
    if rng.random() < 0.2:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.2)))
    if rng.random() < 0.4:
        image = jpeg(rng, image)
    return np.asarray(image)


def pictures_of(folders, most):
    """Return at most `most` pictures of each folder, at random; none that Caltech-101 has drawn."""
    found = []
    for folder in folders:
        files = [f for f in find_pictures(folder)[0] if not any(w in f.name.lower() for w in DRAWN)]
        some = np.random.default_rng(0).permutation(len(files))[:most]
        found += [files[i] for i in sorted(some)]
    return found


def opened(file, alter, seed):
    """Return a picture, altered unless `alter` is None."""
    picture = open_picture(file)
    if alter is None:
        return picture
    rgb = picture.rgb
    if (factor := -(-max(picture.size) // SIDE)) > 1:
        rgb = np.asarray(Image.fromarray(rgb).reduce(factor))
    return Picture(alter(np.random.default_rng(seed), rgb), None)


def fit(drawings, photos):
    """Print the rows of WEIGHTS: the centre, scale, weight and weight of the square of each measure."""
    rows, kinds = [], []
    for files, alter, kind in ((drawings, altered_drawing, -1), (photos, altered_photo, 1)):
        for number, file in enumerate(files):
            for how in (None, alter):
                rows.append(measures(opened(file, how, number)))
                kinds.append(kind)
    centre, scale, weights = fitted(np.array(rows), np.array(kinds))
    count = len(centre)
    for i, name in enumerate(NAMES):
        row = (centre[i], scale[i], weights[i], weights[count + i])
        print(f'    "{name}": ({", ".join(f"{number:.3f}" for number in row)}),')
    print(f"BIAS = {weights[-1]:.3f}")


def fitted(values, kinds):
    """Fit a logistic regression on measures `[N, M]` and their squares; `kinds [N]` are -1 and 1.

    Returns:
        Centre and scale of the measures, and the weights: M of them, M of their squares, the bias.
    """
    centre, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    z = np.clip((values - centre) / scale, -MOST, MOST)
    inputs = np.concatenate((z, z**2, np.ones((len(z), 1))), axis=1)
    share = np.where(kinds > 0, (kinds > 0).mean(), (kinds < 0).mean())

    def loss(weights):
        margin = kinds * (inputs @ weights)
        slope = -kinds / share / (1 + np.exp(np.clip(margin, -50, 50)))
        value = (np.logaddexp(0, -margin) / share).mean() + DECAY * (weights[:-1] ** 2).sum()
        return value, slope @ inputs / len(inputs) + 2 * DECAY * np.append(weights[:-1], 0)

    start = np.zeros(inputs.shape[1])
    best = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 2000})
    return centre, scale, best.x


def report(drawings, photos, sheet):
    """Print how many pictures are taken for the other kind; `sheet` is a file to show them, or None."""
    wrong = []
    groups = ((drawings, altered_drawing, DRAWING), (photos, altered_photo, PHOTOGRAPH))
    for files, alter, kind in groups:
        for label, how in (("as they are", None), ("altered", alter)):
            taken, seconds = [], 0.0
            for number, file in enumerate(files):
                picture = opened(file, how, [1, number])
                started = time.process_time()
                if kind_of(picture) != kind:
                    taken.append((file, picture.rgb))
                seconds += time.process_time() - started
            each = 1000 * seconds / len(files)
            print(f"{kind}s {label}: {len(taken)} of {len(files)} wrong, {each:.1f} ms each")
            for file, rgb in taken:
                print(f"    {file.name}")
                wrong.append(Image.fromarray(rgb))
    if sheet:
        made = Image.new("RGB", (TILE * 10, TILE * -(-len(wrong) // 10)), "#808080")
        for number, image in enumerate(wrong):
            image.thumbnail((TILE - 4, TILE - 4))
            made.paste(image, (TILE * (number % 10), TILE * (number // 10)))
        made.save(sheet)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fit", "report"))
    parser.add_argument("--drawings", nargs="+", type=Path, required=True)
    parser.add_argument("--photos", nargs="+", type=Path, required=True)
    parser.add_argument("--most", type=int, default=2000, help="pictures of each folder")
    parser.add_argument(
        "--sheet", help="report: a file that shows what is taken for the other kind"
    )
    asked = parser.parse_args()
    drawings, photos = (
        pictures_of(folders, asked.most) for folders in (asked.drawings, asked.photos)
    )
    if asked.what == "fit":
        fit(drawings, photos)
    else:
        report(drawings, photos, asked.sheet)


if __name__ == "__main__":
    main()
