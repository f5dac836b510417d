"""The commands `train`, `resume`."""

from __future__ import annotations

import functools
import logging
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import click

from condcolor.cli.options import ModelName, device_option, one_of, reading_options
from condcolor.cli.progress import Progress, TrainingProgress
from condcolor.cli.runs import quiet_matplotlib
from condcolor.cli.train_options import GroupedOption, Numbers, TrainCommand
from condcolor.errors import UsageError
from condcolor.models.model_folder import read_config
from condcolor.runtime.config_fields import settings_of
from condcolor.runtime.messages import shown_name
from condcolor.runtime.process import Interrupted, cores, keep_memory, memory_advice
from condcolor.training.presets import PRESETS

MOST_PROCESSES = 64  # of one machine, one a GPU or a core
nproc_option = click.option(
    "--nproc",
    type=int,
    help="Processes to share each batch, one a GPU.  [default: 1, or what torchrun says]",
)


def launch(nproc: int | None) -> bool:
    """Run this command as `nproc` processes, of which only the first prints.

    Returns:
        False where there are no processes to start: the caller is the only one, or one of them.

    Raises:
        click.exceptions.Exit: with the code of the first process that failed.
    """
    if nproc is not None and not 1 <= nproc <= MOST_PROCESSES:
        raise UsageError(f"--nproc {nproc}: from one process to {MOST_PROCESSES}")
    if nproc in (None, 1) or "LOCAL_RANK" in os.environ:
        return False

    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed").setLevel(
        logging.CRITICAL
    )  # the processes report their errors
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


grouped_option = functools.partial(click.option, cls=GroupedOption)
cache_option = grouped_option(
    "--cache",
    group="data",
    type=click.Path(),
    help="A folder for the decoded pictures of a large set; none: in memory.  [default: your cache]",
)


@click.command(cls=TrainCommand)
@click.argument("data", type=click.Path())
@click.option(
    "--out",
    type=click.Path(),
    help="The run folder; must be new.  [default: runs/ and DATA's name]",
)
@click.option(
    "--preset",
    type=one_of(*PRESETS),
    metavar="NAME",
    help="How to train sketches, by one of the presets below.  [default: fast]",
)
@click.option(
    "--recipe",
    type=one_of("icons", "parts", "photo", "pets"),
    metavar="NAME",
    help="What kind of colouring to train, by numbers of its own: icons, photo or pets.  [default: icons, "
    "if such numbers are given]",
)
@grouped_option(
    "--init",
    group="network",
    type=ModelName(),
    help="A model to start from, instead of random weights.",
)
@grouped_option(
    "--encoder-weights",
    group="network",
    default="imagenet",
    show_default=True,
    type=one_of("imagenet", "none"),
    help="What a pretrained encoder starts from: imagenet, none, or a file.",
)
@grouped_option(
    "--shared-values", group="data", is_flag=True, help="Every attribute gets the values of all."
)
@functools.partial(reading_options, option=grouped_option, group="data")
@cache_option
@nproc_option
@device_option
def train(
    data,
    out,
    preset,
    recipe,
    epochs,
    init,
    encoder_weights,
    shared_values,
    ignore,
    labels,
    cache,
    nproc,
    device,
    **options,
) -> None:
    """Train a model on a data set of your own.

    DATA is a metadata.csv or a folder with one, for photographs any folder of pictures; all goes to
    the run folder --out. The best model is OUT/model. Ctrl-C saves, and `condcolor resume` goes on
    from there.

    With DATA alone, it looks at the drawings and at this machine, says what it will do, and does it in
    --minutes. At the end it says how well the model colours drawings that it never saw.

    Options of a phase take one value, or one for each phase of the recipe with commas between.

    \b
    condcolor train my-sketches
    condcolor train my-sketches --minutes 30 --out runs/mine
    condcolor train data/icons --preset published --out runs/icons
    condcolor train my-sketches --recipe icons --out runs/mine --epochs 80 --compose
    condcolor train scenes --recipe parts --out runs/parts
    condcolor train photographs/ --recipe photo --out runs/photo
    condcolor train pets --recipe pets --out runs/pets --epochs 2,6,10
    condcolor train data/icons --out runs/four --nproc 4 --batch-size 40
    """
    if not data or out == "":
        raise UsageError("the name of the data or of the run folder is empty")
    _check_epochs(epochs)

    from condcolor.models.config import ModelConfig
    from condcolor.models.model_folder import find_folder
    from condcolor.recipes import Phase, TrainConfig
    from condcolor.training import train
    from condcolor.training.own import train_own

    config, phase, model = (
        {setting.name: options[setting.name] for setting in settings_of(kind)}
        for kind in (TrainConfig, Phase, ModelConfig)
    )
    chosen = [name for name, value in model.items() if value is not None]
    generators = [name.replace("_", "-") for name in chosen if not name.startswith("disc_")]
    if init and generators:
        raise UsageError(f"--init takes the generator of its model: take --{generators[0]} away")
    numbers = {"epochs": epochs, **phase, **model}
    if init and not finds_parts(init):
        numbers["init"] = init  # by which a recipe begins
    of_recipe = [name for name, value in numbers.items() if value is not None]
    out = out or _free_run(data)
    preset = _preset(preset, recipe, of_recipe, [n for n, v in config.items() if v is not None])
    if preset and nproc not in (None, 1):
        raise UsageError(f"--preset {preset} trains in one process: take --nproc away")
    if launch(nproc):
        return
    if preset:
        minutes = config.pop("minutes")
        vocabulary = "shared" if shared_values else "own"
        more = {"minutes": minutes, "device": device, "cache": cache, "vocabulary": vocabulary}
        more |= {"ignore": ignore, "labels": labels or ""}
        more["init"] = find_folder(init, "--init").path if init else None
        _run(
            out,
            lambda calls: train_own(data, out, preset=preset, callbacks=calls, **more, **config),
        )
        return
    recipe = recipe or "icons"
    _run(
        out,
        lambda callbacks: train.train(
            data,
            out,
            recipe=recipe,
            epochs=epochs,
            device=device,
            cache=cache,
            init=find_folder(init, "--init").path if init else None,
            encoder_weights=encoder_weights,
            vocabulary="shared" if shared_values else "own",
            ignore=ignore,
            labels=labels or "",
            phase=phase,
            model=model,
            callbacks=callbacks,
            **config,
        ),
    )


@click.command()
@click.argument("run", type=click.Path())
@click.option(
    "--epochs",
    type=Numbers(),
    help="Other numbers, for phases that are not over.  [default: the run's]",
)
@click.option("--lr", type=float, help="Another learning rate from here on.  [default: the run's]")
@click.option(
    "--precision",
    type=one_of("auto", "fp32", "bf16"),
    help="How the networks compute from here on.  [default: the run's]",
)
@click.option(
    "--data",
    type=click.Path(),
    help="Where the data is now, if it has moved.  [default: where it was]",
)
@cache_option
@nproc_option
@device_option
def resume(run, epochs, lr, precision, data, cache, nproc, device) -> None:
    """Go on with a training that was stopped, or is to train longer.

    With --epochs, phases that were left out or are to take longer are trained, too, one after the
    other as you like. The data must hold the same rows and the same pictures, byte by byte, as when the
    training began; with --data it may lie elsewhere.

    \b
    condcolor resume runs/icons
    condcolor resume runs/pets --epochs 2,6,20
    condcolor resume runs/icons --lr 5e-5 --precision fp32
    condcolor resume runs/icons --data /mnt/disk/icons
    """
    if not run:
        raise UsageError("the name of the run folder is empty")
    if data == "":
        raise UsageError("--data: the name of the folder is empty")
    _check_epochs(epochs)
    if launch(nproc):
        return

    from condcolor.training import train

    _run(
        run,
        lambda callbacks: train.resume(
            run,
            data=data,
            epochs=epochs,
            lr=lr,
            precision=precision,
            device=device,
            cache=cache,
            callbacks=callbacks,
        ),
    )


def finds_parts(model: str) -> bool:
    """Whether a model finds parts, with which a training by a preset can begin."""
    from condcolor.models.model_folder import find_folder

    return find_folder(model, "--init").finds_parts


def _preset(
    preset: str | None, recipe: str | None, of_recipe: list[str], config: list[str]
) -> str | None:
    """Return the preset to train by; None for a recipe with numbers of its own.

    Args:
        of_recipe: the options that presets do not have, where given.
        config: the settings that both have, where given.

    Raises:
        UsageError: preset and recipe are both asked for.
    """
    if preset is None:
        return None if recipe or of_recipe or {*config} - {"minutes"} else "fast"
    if recipe:
        raise UsageError("--preset and --recipe are two ways to say how to train: give one of them")
    if preset == "published":
        return None
    if of_recipe:
        flag = of_recipe[0].replace("_", "-")
        raise UsageError(f"--{flag} is for a --recipe: name one instead of --preset {preset}")
    return preset


def _free_run(data: str) -> str:
    """Return a name for the run of a data set: runs/NAME, or with the first free number, runs/NAME-2."""
    path = Path(data).resolve()
    name = path.parent.name if path.name == "metadata.csv" else path.stem
    names = (
        Path("runs") / (name if number == 1 else f"{name}-{number}") for number in range(1, 10**6)
    )
    return str(next(path for path in names if not path.exists()))


def _check_epochs(epochs: tuple[int, ...] | None) -> None:
    if epochs and not any(epochs):
        raise UsageError("--epochs 0 trains nothing: give at least one epoch")


def _run(run: str, work: Callable[[TrainingProgress], Path]) -> None:
    """Call `work` with a progress bar, and print its model and a command that uses it."""
    from condcolor.runtime.distributed import RankLost

    quiet_matplotlib()
    keep_memory()
    again = f"condcolor resume {shlex.quote(shown_name(run))}"
    try:
        with (
            memory_advice("lower --batch-size, --image-size or --base-channels"),
            Progress("training") as progress,
        ):
            folder = work(TrainingProgress(progress))
    except Interrupted as stopped:
        raise Interrupted(stopped.exit_code - 128, f"{stopped}; to go on: {again}") from None
    except RankLost as lost:
        raise RankLost(f"{lost}; to go on: {again}") from lost
    if os.environ.get("RANK", "0") != "0":
        return
    model = shlex.quote(shown_name(folder))
    click.echo(f"model: {model}")
    example, out = "colorize PHOTOGRAPH", "colored.png"
    if read_config(folder)["schema"]:
        example, out = "variants SKETCH", "sheet.png"
    click.echo(f"try it: condcolor {example} --model {model} -o {out}")
