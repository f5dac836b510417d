"""The commands `data icons`, `data coco`, `data pets`."""

from __future__ import annotations

from pathlib import Path

import click

from condcolor.cli.data_sets import check, new
from condcolor.cli.options import Group, Suggested, one_of
from condcolor.cli.progress import Progress
from condcolor.errors import UsageError
from condcolor.runtime.messages import shown_name


def _kits() -> list[str]:
    from condcolor.data.builders.avatar_kits import KITS

    return list(KITS)


@click.group(cls=Group)
def data() -> None:
    """Begin and check a data set of your own, or draw or fetch one.

    \b
    condcolor data new my-sketches
    condcolor data check my-sketches
    condcolor data icons icons/train --characters 10
    condcolor data coco coco
    condcolor data pets pets
    """


data.add_command(new)
data.add_command(check)


@data.command()
@click.argument("out", type=click.Path())
@click.option(
    "--characters", type=int, help="How many characters.  [default: 100; with --scenes 400]"
)
@click.option("--scenes", type=int, help="Draw so many scenes of them, with labelled parts.")
@click.option("--extra", type=click.Path(), help="A folder of more characters for the scenes.")
@click.option("--seed", default=0, show_default=True, help="The same seed draws the same.")
@click.option(
    "--kit",
    "kits",
    multiple=True,
    type=Suggested(_kits),
    metavar="NAME",
    help="Only this avatar kit; may be repeated.",
)
@click.option("--size", default=256, show_default=True, help="Pixels a side.")
@click.option("--colorings", type=int, help="Random colourings a character.  [default: all 25]")
@click.option("--line-width", default=1.0, show_default=True, help="Times the kit's own.")
@click.option("--shading", is_flag=True, help="Keep the kit's shades and highlights.")
@click.option(
    "--framing",
    default="portrait",
    show_default=True,
    type=one_of("portrait", "close", "wide"),
    metavar="NAME",
    help="portrait, close or wide",
)
@click.option("--skin", default="#fbd3c0", show_default=True, metavar="COLOUR", help="As #rrggbb.")
@click.option("--vary", is_flag=True, help="Vary lines, framing, tilt and side by character.")
@click.option("--held-out", is_flag=True, help="Only hair shapes that are never drawn otherwise.")
@click.pass_context
def icons(context, out, kits, characters, scenes, extra, **options) -> None:
    """Draw characters from avatar kits.

    Sketches, coloured targets, part masks and a metadata.csv. Needs the icons extra:
    pip install 'condcolor[icons]'

    With --scenes: scenes of one to three persons, of avatar kits and drawn figures, with things
    around them, and pictures of their parts to train the recipe parts on. Of the other options,
    only --characters, --extra, --seed and --size go with it.

    \b
    condcolor data icons icons/train --characters 10
    condcolor data icons icons/test --characters 4 --held-out
    condcolor data icons many --characters 3000 --vary --colorings 1
    condcolor data icons scenes --scenes 3000
    """
    if not out:
        raise UsageError("the name of the folder is empty: name a new one")
    if scenes is None:
        if extra is not None:
            raise UsageError("--extra is for scenes: add --scenes NUMBER")
        from condcolor.data.builders.icons import draw_icons

        count = 100 if characters is None else characters
        with Progress("drawing") as progress:
            rows = draw_icons(
                Path(out), characters=count, kits=kits or None, on_progress=progress, **options
            )
        click.echo(f"{rows} pictures of {count} characters in {shown_name(out)}")
        return

    for name in ("kits", *options):
        given = context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
        if given and name not in ("seed", "size"):
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise UsageError(f"{option} does not go with --scenes: leave one out")
    if extra == "":
        raise UsageError("the name of the folder of characters is empty: name one")
    from condcolor.data.builders.scenes import CHARACTERS, draw_scenes

    count = CHARACTERS if characters is None else characters
    with Progress("drawing") as progress:
        rows = draw_scenes(
            Path(out),
            scenes=scenes,
            characters=count,
            extra=extra,
            seed=options["seed"],
            size=options["size"],
            on_progress=progress,
        )
    click.echo(f"{rows} scenes of {count} characters in {shown_name(out)}")


@data.command()
@click.argument("out", type=click.Path())
@click.option("--pictures", default=10_000, show_default=True, help="How many of its 21,837.")
@click.option("--train", default=8_000, show_default=True, help="Of these to train; others test.")
@click.option("--seed", default=123, show_default=True, help="The same seed picks the same.")
@click.option("--archive", type=click.Path(), help="A .tgz that is here already, not to download.")
@click.option("--url", metavar="URL", help="Where to download it.  [default: fastai's, on S3]")
@click.option("--sha256", default="", metavar="HEX", help="Refuse an archive with another.")
def coco(out, archive, url, **options) -> None:
    """Download photographs of COCO, and split them.

    The COCO sample that is often used for colouring photographs, 3.2 GB. Stopped or cut off, the
    same command goes on where it was. The archive stays beside OUT; of its pictures OUT gets those
    picked, in photos/, with a metadata.csv.

    \b
    condcolor data coco coco
    condcolor data coco small --pictures 1000 --train 900
    condcolor data coco coco --archive coco_sample.tgz
    """
    if not out:
        raise UsageError("the name of the folder is empty: name a new one")
    if archive is not None and url is not None:
        raise UsageError("--archive and --url exclude each other: leave one out")

    from condcolor.cli.progress import ProgressSteps, resumable_download
    from condcolor.data.builders.coco import URL, fetch_coco, place_of

    url = url or URL
    by_hand = f"or download {shown_name(url)} by hand and add --archive FILE"
    with resumable_download(place_of(out, url, archive), by_hand), ProgressSteps() as steps:
        photographs = fetch_coco(
            out, url=url, archive=archive, on_progress=steps, say=steps.say, **options
        )
    for note in photographs.notes:
        click.echo(f"note: {note}", err=True)
    train, test = f"{photographs.train:,} photographs to train", f"{photographs.test:,} to test"
    summary = f"{train} and {test} in {shown_name(out)}"
    if photographs.archive is None:
        click.echo(f"{summary}: all there already")
        return
    click.echo(summary)
    if archive is None:
        size = photographs.archive.stat().st_size / 1e6
        click.echo(f"{shown_name(photographs.archive)} ({size:,.1f} MB) can be deleted now")


@data.command()
@click.argument("out", type=click.Path())
@click.option("--pictures", type=click.Path(), help="A folder of them that is here already.")
@click.option("--splits", type=click.Path(), help="A csv with the columns file and split.")
@click.option("--seed", default=0, show_default=True, help="The same seed holds out the same.")
def pets(out, pictures, splits, seed) -> None:
    """Download photographs of pets, with grey copies.

    The Oxford-IIIT Pet set: 37 breeds of cats and dogs, about 0.8 GB. OUT gets the pictures as they
    are in outputs/, a grey copy of each in inputs/, and a metadata.csv with breed and split. Stopped
    or cut off, the same command goes on where it was. The download stays beside OUT.

    With --pictures nothing is downloaded: a folder of files like great_pyrenees_12.jpg, or one that
    holds images/ and annotations/ of the set. They are split by --splits, else by the lists in
    annotations/, else a fifth of each breed is held out, by --seed. Pictures that a list does not
    name are left out.

    \b
    condcolor data pets pets
    condcolor data pets pets --pictures oxford-iiit-pet
    condcolor data pets few --pictures my-pets --splits my-pets.csv
    """
    for name, value in (("folder", out), ("folder of pictures", pictures), ("csv", splits)):
        if value == "":
            raise UsageError(f"the name of the {name} is empty: name one")
    if splits is not None and pictures is None:
        raise UsageError("--splits is for pictures that are here already: add --pictures FOLDER")

    from condcolor.cli.progress import ProgressSteps, resumable_download
    from condcolor.data.builders.pet_download import BY_HAND, place_of
    from condcolor.data.builders.pets import make_pets

    partial = place_of(out) if pictures is None else None
    with (
        resumable_download(partial, f"or {BY_HAND} and add --pictures FOLDER"),
        ProgressSteps() as steps,
    ):
        photographs = make_pets(
            out, pictures=pictures, splits=splits, seed=seed, on_progress=steps, say=steps.say
        )
    train, test = f"{photographs.train:,} photographs to train", f"{photographs.test:,} to test"
    summary = f"{train} and {test}, of {photographs.breeds} breeds, in {shown_name(out)}"
    if not photographs.is_new:
        click.echo(f"{summary}: all there already")
        return
    if photographs.left_out:
        click.echo(f"note: {photographs.left_out:,} left out, as ORIGIN.md lists", err=True)
    if photographs.unnamed:
        click.echo(f"note: {photographs.unnamed:,} more left out, which no list names", err=True)
    click.echo(summary)
    if photographs.download is not None:
        from condcolor.data.builders.archive import size_of

        size = size_of(photographs.download) / 1e6
        click.echo(f"{shown_name(photographs.download)} ({size:,.1f} MB) can be deleted now")
