"""The commands `train` and `resume`, on one process or several."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import click

from condcolor.cli.options import ModelName, Suggested, device_option, one_of
from condcolor.cli.progress import Progress, TrainingProgress
from condcolor.cli.runs import quiet_matplotlib
from condcolor.errors import UsageError
from condcolor.models.model_folder import read_config
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted, cores, keep_memory, memory_advice

nproc_option = click.option(
    "--nproc",
    type=int,
    help="Processes to share each batch, one a GPU.  [default: 1, or what torchrun says]",
)


def launch(nproc: int | None) -> bool:
    """Run this very command as `nproc` processes; False where there is nothing to start.

    Only the first process speaks. Raises click's Exit with the code of the first that failed.
    """
    if nproc is not None and nproc < 1:
        raise UsageError(f"--nproc {nproc}: one process at least")
    if nproc in (None, 1) or "LOCAL_RANK" in os.environ:
        return False

    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # the processes say it better
    config = LaunchConfig(
        run_id=f"condcolor-{os.getpid()}",
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=nproc,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(local_ranks_filter={0}),
    )
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // nproc)))
    try:
        elastic_launch(config, sys.executable)("-m", "condcolor", *sys.argv[1:])
    except ChildFailedError as failed:
        code = failed.get_first_failure()[1].exitcode
        raise click.exceptions.Exit(code if code > 0 else 128 - code) from None
    except SignalException as stopped:
        raise click.exceptions.Exit(128 + stopped.sigval) from None
    return True


DECIDED = "[default: the recipe's]"
ENCODER_NAMES = ("resnet18", "resnet34", "resnet50", "efficientnet-lite0")
PHASE = (  # options that are fields of Phase
    *("pixel_loss", "pixel_weight", "chroma_weight", "feature_weight", "gan_weight"),
    *("lr_generator", "lr_discriminator", "switch_below"),
)
NETWORK = (  # options that are fields of ModelConfig
    *("base_channels", "max_channels", "depth", "dropout", "cond_levels", "mix_masks"),
    *("encoder", "disc_channels", "disc_layers", "disc_norm"),
)
cache_option = click.option(
    "--cache",
    type=click.Path(),
    help="A folder for the decoded pictures of a large set; none: in memory.  [default: your cache]",
)


class PerPhase(click.ParamType):
    """One value, or one for each phase with commas between."""

    def __init__(self, of: type | Suggested):
        self.of = click.types.convert_type(of)
        self.name = self.of.name

    def convert(self, value, param, ctx):
        parts = [self.of.convert(part, param, ctx) for part in value.split(",")]
        return parts if len(parts) > 1 else parts[0]

    def shell_complete(self, ctx, param, incomplete):
        return self.of.shell_complete(ctx, param, incomplete)


def _numbers(ctx, param, value) -> tuple[int, ...] | None:
    if value is None:
        return None
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter(f"whole numbers with commas between, not {value!r}") from None


@click.command()
@click.argument("data", type=click.Path())
@click.option("--out", required=True, type=click.Path(), help="The run folder; must be new.")
@click.option(
    "--recipe",
    default="icons",
    show_default=True,
    type=one_of("icons", "photo", "pets"),
    metavar="NAME",
    help="What kind of colouring to train.",
)
@click.option("--epochs", callback=_numbers, help=f"One number a phase, as 50 or 2,6,10  {DECIDED}")
@click.option("--batch-size", type=int, help=f"Rows a step  {DECIDED}")
@click.option("--image-size", type=int, help=f"Pixels a side  {DECIDED}")
@click.option("--lr", type=float, help=f"Adam's learning rate  {DECIDED}")
@click.option(
    "--lr-decay", type=float, help=f"Last share of a phase, in which lr falls to 0  {DECIDED}"
)
@click.option("--seed", type=int, help=f"The same seed trains the same  {DECIDED}")
@click.option(
    "--compose/--no-compose", default=None, help=f"Endless colourings, from masks/  {DECIDED}"
)
@click.option("--flips/--no-flips", default=None, help=f"Mirror pictures at random  {DECIDED}")
@click.option("--flips-from", type=int, help=f"Epochs before the first with flips  {DECIDED}")
@click.option("--jitter", type=float, help=f"Cut from pictures larger by this share  {DECIDED}")
@click.option("--shift", type=float, help=f"Largest shift, a share of the side  {DECIDED}")
@click.option("--zoom", type=float, help=f"Largest change of scale, a share  {DECIDED}")
@click.option("--bend", type=float, help=f"Typical pull of an uneven hand, a share  {DECIDED}")
@click.option(
    "--fade", type=float, help=f"Largest loss of line contrast, with --compose  {DECIDED}"
)
@click.option("--grain", type=float, help=f"Largest noise on the sketch  {DECIDED}")
@click.option(
    "--wrong-colors/--no-wrong-colors",
    default=None,
    help=f"To D, real pictures in colours not asked for are fakes, too  {DECIDED}",
)
@click.option("--ema", type=float, help=f"Decay of the averaged weights, 0 = none  {DECIDED}")
@click.option(
    "--precision", type=one_of("auto", "fp32", "bf16"), help=f"auto, fp32 or bf16  {DECIDED}"
)
@click.option(
    "--test-fraction", type=float, help=f"Characters to test on, where no split is said  {DECIDED}"
)
@click.option("--sample-epochs", callback=_numbers, help=f"Epochs with sample sheets  {DECIDED}")
@click.option("--checkpoint-epochs", type=int, help=f"Epochs between two states  {DECIDED}")
@click.option("--measure-epochs", type=int, help=f"Epochs between two tests  {DECIDED}")
@click.option("--check-steps", type=int, help=f"Steps between two tests, instead  {DECIDED}")
@click.option("--keep-best", type=int, help=f"How many of the best models stay  {DECIDED}")
@click.option(
    "--patience",
    type=int,
    help=f"Tests in a row no better, after which a phase goes back to its best and ends  {DECIDED}",
)
@click.option(
    "--pixel-loss",
    type=PerPhase(one_of("l1", "mse", "distance")),
    help=f"l1, mse or distance  {DECIDED}",
)
@click.option("--pixel-weight", type=PerPhase(float), help=f"Weight of the pixel loss  {DECIDED}")
@click.option(
    "--chroma-weight",
    type=PerPhase(float),
    help=f"How much more coloured pixels count in it  {DECIDED}",
)
@click.option(
    "--feature-weight",
    type=PerPhase(float),
    help=f"Weight of the difference in what an encoder sees  {DECIDED}",
)
@click.option(
    "--feature-encoder",
    type=one_of(*ENCODER_NAMES),
    help=f"That encoder, with its ImageNet weights  {DECIDED}",
)
@click.option(
    "--gan-weight", type=PerPhase(float), help=f"0 trains without a discriminator  {DECIDED}"
)
@click.option("--lr-generator", type=PerPhase(float), help=f"Times --lr  {DECIDED}")
@click.option("--lr-discriminator", type=PerPhase(float), help=f"Times --lr  {DECIDED}")
@click.option(
    "--switch-below",
    type=PerPhase(float),
    help=f"D's loss under which G has a turn; 0: both learn in every step  {DECIDED}",
)
@click.option("--base-channels", type=int, help=f"Width of the first layer  {DECIDED}")
@click.option("--max-channels", type=int, help=f"Width of the widest  {DECIDED}")
@click.option("--depth", type=int, help=f"Times the picture is halved  {DECIDED}")
@click.option("--dropout", type=float, help=f"Share dropped in the inner layers  {DECIDED}")
@click.option(
    "--cond-levels",
    type=one_of("input", "all", "head"),
    help=f"Where colours come in: input, all or head  {DECIDED}",
)
@click.option("--mix-masks", type=int, help=f"Masks that head mixes colours by  {DECIDED}")
@click.option(
    "--encoder",
    type=one_of("none", *ENCODER_NAMES),
    help=f"Downs that come trained, with --depth 5: {', '.join(ENCODER_NAMES)} or none  {DECIDED}",
)
@click.option(
    "--encoder-weights",
    default="imagenet",
    show_default=True,
    type=one_of("imagenet", "none"),
    help="What the encoder begins with: imagenet, none, or a file.",
)
@click.option("--freeze-epochs", type=int, help=f"First epochs in which it rests  {DECIDED}")
@click.option("--disc-channels", type=int, help=f"Width of the discriminator  {DECIDED}")
@click.option("--disc-layers", type=int, help=f"Times it halves the picture  {DECIDED}")
@click.option(
    "--disc-norm",
    type=one_of("batch", "spectral"),
    help=f"What keeps it in range: batch or spectral  {DECIDED}",
)
@click.option("--init", type=ModelName(), help="A model to start from, instead of random weights.")
@click.option("--shared-values", is_flag=True, help="Every attribute gets the values of all.")
@cache_option
@nproc_option
@device_option
def train(
    data, out, recipe, epochs, init, encoder_weights, shared_values, cache, nproc, device, **options
) -> None:
    """Train a model on a data set of your own.

    DATA is a metadata.csv or a folder with one, for photographs any folder of pictures; all goes to
    the run folder --out. The best model is OUT/model. Ctrl-C saves, and `condcolor resume` goes on
    from there.

    Options of a phase take one value, or one for each phase of the recipe with commas between.

    \b
    condcolor train data/icons --out runs/icons
    condcolor train my-sketches --out runs/mine --epochs 80 --compose
    condcolor train photographs/ --recipe photo --out runs/photo
    condcolor train pets --recipe pets --out runs/pets --epochs 2,6,10
    condcolor train data/icons --out runs/four --nproc 4 --batch-size 40
    """
    if not data or not out:
        raise UsageError("the name of the data or of the run folder is empty")
    _check_epochs(epochs)
    if launch(nproc):
        return

    from condcolor.models.model_folder import find_folder
    from condcolor.training import train

    phase = {name: options.pop(name) for name in PHASE}
    model = {name: options.pop(name) for name in NETWORK}
    given = [name for name, value in model.items() if value is not None]
    generators = [name.replace("_", "-") for name in given if not name.startswith("disc_")]
    if init and generators:
        raise UsageError(f"--init takes the generator of its model: take --{generators[0]} away")
    _run(
        out,
        lambda callbacks: train.train(
            data,
            out,
            recipe=recipe,
            epochs=epochs,
            device=device,
            cache=cache,
            init=find_folder(init, "--init") if init else None,
            encoder_weights=encoder_weights,
            vocabulary="shared" if shared_values else "own",
            phase=phase,
            model=model,
            callbacks=callbacks,
            **options,
        ),
    )


@click.command()
@click.argument("run", type=click.Path())
@click.option(
    "--epochs",
    callback=_numbers,
    help="Other numbers, for phases that are not over.  [default: the run's]",
)
@cache_option
@nproc_option
@device_option
def resume(run, epochs, cache, nproc, device) -> None:
    """Go on with a training that was stopped, or is to train longer.

    With --epochs, phases that were left out or are to take longer are trained, too, one after the
    other as you like.

    \b
    condcolor resume runs/icons
    condcolor resume runs/pets --epochs 2,6,20
    """
    if not run:
        raise UsageError("the name of the run folder is empty")
    _check_epochs(epochs)
    if launch(nproc):
        return

    from condcolor.training import train

    _run(
        run,
        lambda callbacks: train.resume(
            run, epochs=epochs, device=device, cache=cache, callbacks=callbacks
        ),
    )


def _check_epochs(epochs: tuple[int, ...] | None) -> None:
    if epochs and not any(epochs):
        raise UsageError("--epochs 0 trains nothing: give at least one epoch")


def _run(run: str, work: Callable[[TrainingProgress], Path]) -> None:
    """Train with all that is said about it, and say what to do next."""
    from condcolor.runtime.distributed import RankLost

    quiet_matplotlib()
    keep_memory()
    again = f"condcolor resume {shlex.quote(shown_name(run))}"
    try:
        with (
            memory_advice("lower --batch-size, --image-size or --base-channels"),
            Progress("training") as progress,
        ):
            made = work(TrainingProgress(progress))
    except Interrupted as stopped:
        raise Interrupted(stopped.exit_code - 128, f"{stopped}; to go on: {again}") from None
    except RankLost as lost:
        raise RankLost(f"{lost}; to go on: {again}") from lost
    if os.environ.get("RANK", "0") != "0":
        return
    model = shlex.quote(shown_name(made))
    click.echo(f"model: {model}")
    asks = bool(read_config(made)["schema"])
    example = "variants SKETCH" if asks else "colorize PHOTOGRAPH"
    click.echo(
        f"try it: condcolor {example} --model {model} -o {'sheet' if asks else 'colored'}.png"
    )
