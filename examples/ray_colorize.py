"""Colour a folder, parquet shards or WebDataset tars on as many machines as Ray has.

On a laptop (all its CPUs; pip install 'condcolor[ray]'):

    python examples/ray_colorize.py examples/sketches colored hair=red shirt=blue
    python examples/ray_colorize.py old-photographs colored --model photo --suffix .jpg
    python examples/ray_colorize.py shards colored shirt=blue --key id --picture image   # hair: a column
    python examples/ray_colorize.py examples/sketches colored hair=red shirt=blue --form webdataset

On a cluster (condcolor[ray] installed on each machine; source and output where each machine sees them):

    python examples/ray_colorize.py s3://mine/old s3://mine/new hair=red shirt=blue --address auto
    ray job submit --address http://head:8265 --working-dir examples -- \\
        python ray_colorize.py s3://mine/shards s3://mine/new --model photo --address auto \\
        --gpus 0.25 --cpus 2 --form parquet

The same command again does what is left. Exit codes: 0 all coloured, 1 some failed (failed.jsonl tells which
and why), 2 to 4 as condcolor's own.
"""

import argparse
import logging
import os
import sys

from condcolor.batch.cluster import colorize_everywhere
from condcolor.errors import CondcolorError

parser = argparse.ArgumentParser(
    description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
)
parser.add_argument("source", help="folder or single shard: a path, s3://, gs://, ...")
parser.add_argument("out", help="folder to write in: a path, s3://, gs://, ...")
parser.add_argument("values", nargs="*", help="hair=red; left out, it is read from each row")
parser.add_argument("--model", default="icons", help="built-in name or folder (default: icons)")
parser.add_argument("--kind", help="what the source holds: pictures, parquet, webdataset")
parser.add_argument("--form", help="what is written: pictures, parquet, webdataset; as the source")
parser.add_argument("--suffix", help="of the pictures written: .png, .jpg, .webp, ...")
parser.add_argument("--key", default="key", help="parquet column of the key (default: key)")
parser.add_argument(
    "--picture", default="image", help="parquet column of the bytes (default: image)"
)
parser.add_argument("--vivid", type=float, help="times the chroma of a photograph")
parser.add_argument(
    "--recolor", action="store_true", help="colour photographs anew that have colours already"
)
parser.add_argument(
    "--keep-colors", action="store_true", help="of such photographs colour the grey areas"
)
parser.add_argument(
    "--block", type=int, help="pictures of a folder in one block (default: 32; shards: 512)"
)
parser.add_argument("--workers", type=int, help="default: as many as fit")
parser.add_argument("--cpus", type=int, default=1, help="of a worker (default: 1)")
parser.add_argument(
    "--gpus", type=float, help="of a worker: 1, 0.25, 0 (default: 1 where there are)"
)
parser.add_argument("--retry", action="store_true", help="try again what failed before")
parser.add_argument("--address", help="of a running Ray, such as auto; default: this machine")


def main() -> int:
    options = vars(parser.parse_args())
    values = dict(said.partition("=")[::2] for said in options.pop("values"))
    try:
        _start_ray(options.pop("address"))
        summary = colorize_everywhere(
            options.pop("source"), options.pop("out"), values, **options, on_progress=_tell
        )
    except CondcolorError as error:
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code
    for line in summary.passed_over:
        print(f"passed over: {line}", file=sys.stderr)
    for line in summary.unfinished:
        print(f"unfinished: {line}", file=sys.stderr)
    print(f"{summary} in {summary.folder}")
    return 1 if summary.failed or summary.unfinished else 0


def _start_ray(address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray.data
    except ImportError:
        return  # colorize_everywhere says what to install
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # `_tell` says how far it is
    ray.data.DataContext.get_current().enable_progress_bars = False
    if address:
        ray.init(address=address, logging_level="WARNING")
    else:
        ray.init(include_dashboard=False, logging_level="WARNING")


def _tell(done: int, total: int) -> None:
    print(f"\r{done} of {total} blocks", end="\n" if done == total else "", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
