"""Options of `colorize` that keep a set alike."""

from __future__ import annotations

from collections.abc import Callable

import click

OPTIONS = (
    click.option(
        "--palette",
        type=click.Path(),
        metavar="FILE",
        help='Colours by names of your own: a JSON file such as {"crimson": "#b01030"}.',
    ),
    click.option(
        "--lock",
        is_flag=True,
        help="Exactly the same colours in every picture; measured at the end.",
    ),
    click.option(
        "--grid",
        metavar="CxR",
        help="Each picture is a sheet of so many columns x rows, such as 4x3.",
    ),
    click.option(
        "--check",
        is_flag=True,
        help="Name pictures that a person should look at. With --lock, about three times as long.",
    ),
    click.option(
        "--report",
        is_flag=True,
        help="Write OUT/colors.csv: colours asked and measured. --lock and --check do so, too.",
    ),
)


def set_options(command: Callable) -> Callable:
    """The options of a set, in this order, on a command."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
