"""condcolor train, condcolor resume, condcolor plot."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from condcolor.cli.common import ModelName, device_option

DECIDED = "[default: the recipe's]"


class _Lines:
    """Progress for a person: a bar of steps on a terminal, a line an epoch everywhere."""

    def __init__(self):
        self.bar = None

    def begins(self, trainer) -> None:
        rows = f"{len(trainer.train)} rows to train on"
        rows += f", {len(trainer.test)} to test on" if trainer.test else ", none to test on"
        steps = f"step {trainer.step}, epoch {trainer.epoch} of {trainer.epochs}"
        click.echo(f"{rows}; {trainer.device.type}, {trainer.precision}; from {steps}")

    def step(self, done: int, total: int, losses: dict) -> None:
        if self.bar is None:
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit="step", disable=not sys.stderr.isatty(), leave=False)
        self.bar.update(done - self.bar.n)
        if losses:
            self.bar.set_postfix_str(f"G {losses['generator']:.2f} D {losses['discriminator']:.2f}")

    def epoch(self, entry: dict) -> None:
        text = (
            f"epoch {entry['epoch']:>3}  {entry['phase']}  G {entry['generator']:.3f}  "
            f"D {entry['discriminator']:.3f}  {entry['seconds'] / 60:.1f} min"
        )
        if test := entry.get("test"):
            text += f"  test MSE {test['mse']:.4f}"
            for score in test["attributes"]:
                if score["obeyed"] is not None:
                    text += f"  {score['name']} obeyed {score['obeyed']:.2f}"
        self._say(text)

    def note(self, text: str) -> None:
        self._say(text)

    def _say(self, text: str) -> None:
        if self.bar is not None and not self.bar.disable:
            self.bar.clear()
        click.echo(text)


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
@click.option("--recipe", default="icons", show_default=True, help="icons")
@click.option("--epochs", callback=_numbers, help=f"One number a phase, as 50 or 2,6,10  {DECIDED}")
@click.option("--batch-size", type=int, help=DECIDED)
@click.option("--image-size", type=int, help=f"Pixels a side  {DECIDED}")
@click.option("--lr", type=float, help=f"Adam's learning rate  {DECIDED}")
@click.option(
    "--lr-decay", type=float, help=f"Last share of a phase, in which lr falls to 0  {DECIDED}"
)
@click.option("--seed", type=int, help=DECIDED)
@click.option(
    "--compose/--no-compose", default=None, help=f"Endless colourings, from masks/  {DECIDED}"
)
@click.option("--flips/--no-flips", default=None, help=f"Mirror pairs at random  {DECIDED}")
@click.option("--shift", type=float, help=f"Largest shift, a share of the side  {DECIDED}")
@click.option("--zoom", type=float, help=f"Largest change of scale, a share  {DECIDED}")
@click.option(
    "--fade", type=float, help=f"Largest loss of line contrast, with --compose  {DECIDED}"
)
@click.option("--grain", type=float, help=f"Largest noise on the sketch  {DECIDED}")
@click.option(
    "--wrong-color", type=float, help=f"1: real pictures, wrong colours are fakes to D  {DECIDED}"
)
@click.option("--ema", type=float, help=f"Decay of the averaged weights, 0 = none  {DECIDED}")
@click.option("--precision", help=f"auto, fp32 or bf16  {DECIDED}")
@click.option(
    "--test-fraction", type=float, help=f"Characters to test on, where no split is said  {DECIDED}"
)
@click.option("--sample-epochs", callback=_numbers, help=f"Epochs with sample sheets  {DECIDED}")
@click.option("--checkpoint-epochs", type=int, help=f"Epochs between two states  {DECIDED}")
@click.option("--measure-epochs", type=int, help=f"Epochs between two tests  {DECIDED}")
@click.option("--pixel-loss", help=f"l1 or mse  {DECIDED}")
@click.option("--pixel-weight", type=float, help=DECIDED)
@click.option("--gan-weight", type=float, help=f"0 trains without a discriminator  {DECIDED}")
@click.option("--base-channels", type=int, help=f"Width of the first layer  {DECIDED}")
@click.option("--max-channels", type=int, help=f"Width of the widest  {DECIDED}")
@click.option("--depth", type=int, help=f"Times the picture is halved  {DECIDED}")
@click.option("--dropout", type=float, help=DECIDED)
@click.option("--cond-levels", help=f"input or all  {DECIDED}")
@click.option("--disc-channels", type=int, help=f"Width of the discriminator  {DECIDED}")
@click.option("--init", type=ModelName(), help="A model to start from, instead of random weights.")
@click.option("--shared-values", is_flag=True, help="Every attribute gets the values of all.")
@device_option
def train(data, out, recipe, epochs, init, shared_values, device, **options) -> None:
    """Train on DATA, a metadata.csv or a folder with one; all goes to the run folder --out.

    \b
    condcolor train data/icons --out runs/icons
    condcolor train my-sketches --out runs/mine --epochs 80 --compose

    Ctrl-C saves; condcolor resume goes on from there. The best model is OUT/model.
    """
    from condcolor import training
    from condcolor.modelfolder import find_model

    phase = {name: options.pop(name) for name in ("pixel_loss", "pixel_weight", "gan_weight")}
    network = ("base_channels", "max_channels", "depth", "dropout", "cond_levels", "disc_channels")
    model = {name: options.pop(name) for name in network}
    folder = training.train(
        data,
        out,
        recipe=recipe,
        epochs=epochs,
        device=device,
        init=find_model(init) if init else None,
        vocabulary="shared" if shared_values else "own",
        phase=phase,
        model=model,
        progress=_Lines(),
        **options,
    )
    _finished(folder)


@click.command()
@click.argument("run", type=click.Path())
@device_option
def resume(run, device) -> None:
    """Go on with the training in the folder RUN, from where it stopped.

    \b
    condcolor resume runs/icons
    """
    from condcolor import training

    _finished(training.resume(run, device=device, progress=_Lines()))


@click.command()
@click.argument("run", type=click.Path())
@click.option("-o", "--out", help="The plot.  [default: RUN/losses.png]")
def plot(run, out) -> None:
    """Plot the losses and test measures of a training run.

    \b
    condcolor plot runs/icons
    """
    from condcolor import plots
    from condcolor.trainer import read_log

    path = Path(out) if out else Path(run) / "losses.png"
    plots.plot_run(read_log(Path(run)), path, title=Path(run).name)
    click.echo(str(path))


def _finished(folder: Path) -> None:
    click.echo(f"model: {folder}")
    click.echo(f"try it: condcolor variants SKETCH --model {folder} -o sheet.png")
