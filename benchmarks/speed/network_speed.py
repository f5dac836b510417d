"""What each change to the network in use gains: pictures a second, by turns in one run, medians.

    python benchmarks/speed/network_speed.py
    python benchmarks/speed/network_speed.py --only "full width" --compile --onnx

Batches of 16. Each row has all that the rows above it have. Whether a process keeps the memory it frees
(`condcolor.runtime.process`) is for all of it, so each kind has processes of its own, by turns. The rate of a
large bf16 matrix product, measured in the same rounds, is what the machine gives at best. `--compile` adds
torch.compile (inductor, frozen), `--onnx` ONNX Runtime in float32 (needs onnx, onnxscript and onnxruntime).
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import torch
from torch import Tensor, nn

from condcolor.inference.torch_colorizer import WEIGHTED, fold_norms, ready
from condcolor.models.checkpoint import load_model
from condcolor.models.config import ModelConfig
from condcolor.models.model_folder import find_model
from condcolor.models.networks import UNet
from condcolor.runtime.devices import autocast
from condcolor.runtime.process import keep_memory

CPU = torch.device("cpu")
BATCH = 16
FULL_WIDTH = 12.1  # GFLOP a picture of 256 px, by the recipe's defaults
SIDE = 4096  # of the matrices

MODELS = ("full width", "icons", "photo")
MATMUL = "matrix product"

Pass = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=2, help="processes of each kind")
    parser.add_argument("--rounds", type=int, default=3, help="of each process")
    parser.add_argument("--only", choices=MODELS)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--onnx", action="store_true")
    parser.add_argument("--worker", choices=("given back", "kept"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.worker:
        print(json.dumps(measured(told)))
        return
    for name in [told.only] if told.only else MODELS:
        seconds = {"given back": [], "kept": []}
        for _ in range(told.turns):
            for kind, runs in seconds.items():
                options = [*sys.argv[1:], "--only", name, "--worker", kind]
                done = subprocess.run([sys.executable, __file__, *options], capture_output=True)
                runs.append(json.loads(done.stdout.splitlines()[-1]))
        show(name, seconds)


def measured(told: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of every pass of one network, in this process."""
    if told.worker == "kept":
        keep_memory()
    torch.manual_seed(0)
    passes = passes_of(*network_of(told.only))
    if told.compile:
        passes["torch.compile, frozen"] = compiled(*network_of(told.only))
    if told.onnx:
        passes["ONNX Runtime, fp32"] = in_onnx(*network_of(told.only))
    a, b = torch.randn(2, SIDE, SIDE).bfloat16()
    passes[MATMUL] = lambda: a @ b
    seconds: dict[str, list[float]] = {what: [] for what in passes}
    for run in passes.values():
        run()
    for _ in range(told.rounds):
        for what, run in passes.items():
            started = time.perf_counter()
            run()
            seconds[what].append(time.perf_counter() - started)
    return seconds


def show(name: str, seconds: dict[str, list[dict[str, list[float]]]]) -> None:
    """A table, its columns by what happens to memory that is free."""
    median = {
        kind: {what: statistics.median([t for run in runs for t in run[what]]) for what in runs[0]}
        for kind, runs in seconds.items()
    }
    rate = 2 * SIDE**3 / min(times.pop(MATMUL) for times in median.values()) / 1e9
    print(f"\n{name}: bf16 matrix product {rate:.0f} GFLOP/s, {torch.get_num_threads()} threads")
    print("| | memory given back | times the textbook | memory kept | times the textbook |", end="")
    print(" of the matrix product |\n|---|---|---|---|---|---|")
    back, kept = median["given back"], median["kept"]
    first = next(iter(back.values()))
    for what in back:
        rates = [f"{BATCH / t:.1f} | {first / t:.2f}" for t in (back[what], kept[what])]
        share = BATCH / kept[what] * FULL_WIDTH / rate
        print(f"| {what} | {' | '.join(rates)} | {f'{share:.0%}' if name == MODELS[0] else '-'} |")


def passes_of(network: nn.Module, source: Tensor, cond: Tensor) -> dict[str, Pass]:
    """The changes, each on top of those before it."""

    def made(change: Callable[[nn.Module], object] | None, precision: str, like: Tensor) -> Pass:
        nonlocal network
        network = copy.deepcopy(network)
        if change is not None:
            change(network)
        own = network

        @torch.no_grad()
        def run() -> Tensor:
            with autocast(precision, CPU) if precision == "bf16" else nullcontext():
                return own(like, cond)

        return run

    untouched, fast = network, source.contiguous(memory_format=torch.channels_last)
    passes = {
        "textbook: fp32, NCHW": made(None, "fp32", source),
        "channels last": made(lambda n: n.to(memory_format=torch.channels_last), "fp32", fast),
        "bf16 autocast": made(None, "bf16", fast),
        "weights in bf16 once": made(in_bf16, "bf16", fast),
    }
    network = untouched.to(memory_format=torch.channels_last)
    passes["norms in the weights"] = made(lambda n: (fold_norms(n), in_bf16(n)), "bf16", fast)
    network = ready(untouched, CPU, "bf16")
    passes["last layer interleaved, encoder in fp32 (`ready`)"] = made(None, "bf16", fast)
    return passes


def in_bf16(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, WEIGHTED):
            layer.to(torch.bfloat16)


def compiled(network: nn.Module, source: Tensor, cond: Tensor) -> Pass:
    import torch._inductor.config

    torch._inductor.config.freezing = True
    made = torch.compile(ready(network, CPU, "bf16"))
    fast = source.contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def run() -> Tensor:
        with autocast("bf16", CPU):
            return made(fast, cond)

    started = time.perf_counter()
    run()
    print(f"torch.compile: {time.perf_counter() - started:.1f} s", file=sys.stderr)
    return run


def in_onnx(network: nn.Module, source: Tensor, cond: Tensor) -> Pass:
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "network.onnx")
        torch.onnx.export(network, (source, cond), path, input_names=["source", "cond"])
        session = onnxruntime.InferenceSession(path)
    names = [given.name for given in session.get_inputs()]
    given = dict(zip(names, (source.numpy(), cond.numpy()), strict=True))
    return lambda: session.run(None, given)


def network_of(name: str) -> tuple[nn.Module, Tensor, Tensor]:
    """A network, and a batch for it."""
    if name == "full width":
        network, size = UNet(ModelConfig(3, 3, 10)).eval(), 256
    else:
        model = load_model(find_model(name))
        network, size = model.generator, model.image_size
    config = network.config
    source = torch.rand(BATCH, config.source_channels, size, size) * 2 - 1
    return network.requires_grad_(False), source, torch.rand(BATCH, config.cond_planes).round()


if __name__ == "__main__":
    main()
