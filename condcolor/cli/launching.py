"""A training started as several processes, which is what `torchrun` does."""

from __future__ import annotations

import logging
import os
import sys

import click

from condcolor.cores import cores
from condcolor.errors import UsageError

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
