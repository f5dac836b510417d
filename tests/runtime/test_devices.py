"""Devices and precisions that are picked, and stop signals."""

from __future__ import annotations

import os
import signal
import threading

import pytest
import torch

from condcolor.errors import UsageError
from condcolor.runtime import devices
from condcolor.runtime.devices import (
    autocast,
    cpu_flags,
    free_memory,
    has_bf16,
    pick_device,
    pick_precision,
)
from condcolor.runtime.distributed import own_gpu
from condcolor.runtime.process import Interrupted, StopFlag

CPU = torch.device("cpu")


@pytest.fixture(params=[0, 1, 3])
def cards(request, monkeypatch):
    """A machine with so many CUDA devices, as far as it is asked."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    return request.param


@pytest.fixture
def apple(monkeypatch):
    """A Mac with a GPU of Apple's, as far as it is asked."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    return torch.device("mps")


@pytest.mark.parametrize("name", [None, "auto"])
def test_auto_is_cuda_where_there_is_one(cards, name):
    assert pick_device(name) == torch.device("cuda" if cards else "cpu")


def test_a_device_is_there_or_the_message_says_what_is(cards):
    assert pick_device("cpu") == CPU
    for name, index in (
        ("cuda", None),
        ("cuda:0", 0),
        ("cuda:1", 1),
        ("cuda:3", 3),
        ("cuda:9", 9),
        ("cuda:02", 2),
    ):
        if (index or 0) < cards:
            assert pick_device(name) == torch.device("cuda", index)
            continue
        with pytest.raises(UsageError) as caught:
            pick_device(name)
        said = {
            0: f"device '{name}': no CUDA device here; use --device cpu",
            1: f"device '{name}' is not here; there is cuda:0",
            3: f"device '{name}' is not here; there is cuda:0 to cuda:2",
        }
        assert str(caught.value) == said[cards]
        assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "name",
    ["", "gpu", "CUDA", "cuda:", "cuda:-1", "cuda:x", "cpu:1", "meta", "mps:0", "cuda:99999"],
)
def test_what_is_no_device_is_refused(name):
    with pytest.raises(UsageError, match="is not one of auto, cpu, cuda, cuda:N, mps"):
        pick_device(name)


@pytest.mark.parametrize("name", [None, "auto", "mps"])
def test_a_mac_computes_on_its_gpu(apple, name):
    assert pick_device(name) == apple
    assert pick_device("cpu") == CPU
    with pytest.raises(UsageError, match="no CUDA device here"):
        pick_device("cuda")


@pytest.mark.usefixtures("cards")
def test_without_apples_gpu_there_is_no_mps():
    with pytest.raises(UsageError, match="device 'mps': no GPU of Apple's here; use --device cpu"):
        pick_device("mps")


def test_apples_gpu_computes_in_fp32(apple):
    assert not has_bf16(apple)
    assert [pick_precision(asked, apple) for asked in ("auto", "fp32", "bf16")] == ["fp32"] * 3
    with autocast("fp32", apple):
        assert not torch.is_autocast_enabled("mps")
    assert free_memory(apple) == 0  # pictures stay where they are: it is the same memory


@pytest.mark.parametrize(("asked", "own"), [(None, "cpu"), ("auto", "cpu"), ("mps", "mps")])
def test_many_processes_compute_on_the_cpu_of_a_mac(apple, monkeypatch, asked, own):
    assert pick_device(own_gpu(None)) == apple
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert own_gpu(asked) == own


def test_auto_precision_is_bf16_where_the_processor_has_it(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    for flags, precision in (({"avx512_bf16", "fma"}, "bf16"), ({"avx2"}, "fp32")):
        monkeypatch.setattr(devices, "cpu_flags", lambda flags=flags: frozenset(flags))
        assert has_bf16(CPU) == (precision == "bf16")
        assert pick_precision("auto", CPU) == precision
        assert pick_precision("fp32", CPU) == "fp32"
        assert pick_precision("bf16", CPU) == "bf16"
    with pytest.raises(UsageError, match="precision 'fp16' is not one of auto, fp32, bf16"):
        pick_precision("fp16", CPU)


def test_flags_are_words_and_a_system_that_tells_none_is_fine(monkeypatch):
    assert all(flag and " " not in flag for flag in cpu_flags())
    monkeypatch.setattr("builtins.open", lambda *_, **__: (_ for _ in ()).throw(OSError))
    assert cpu_flags() == frozenset()


@pytest.mark.parametrize(
    ("precision", "dtype"), [("bf16", torch.bfloat16), ("fp32", torch.float32)]
)
def test_autocast_computes_in_the_precision(precision, dtype):
    with autocast(precision, CPU):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == dtype


# -- signals ---------------------------------------------------------------------------------------

STOPS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@pytest.fixture
def heard():
    """Handlers that keep what came, in place of those that would end the tests."""
    came = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(n, lambda number, _: came.append(number)) for n in numbers]
    yield came
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@STOPS
def test_the_first_signal_is_a_flag_and_the_second_acts_as_ever(heard, number):
    with StopFlag() as stop:
        assert stop.signal == 0
        os.kill(os.getpid(), number)
        assert (stop.signal, heard) == (number, [])
        os.kill(os.getpid(), number)
        assert heard == [number]
    assert stop.signal == number


def test_after_a_sigterm_a_ctrl_c_acts_as_ever(heard):
    with StopFlag() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
    assert (stop.signal, heard) == (signal.SIGTERM, [signal.SIGINT])


@STOPS
@pytest.mark.parametrize("fails", [False, True])
def test_handlers_are_put_back(heard, number, fails):
    before = signal.getsignal(number)
    try:
        with StopFlag():
            assert signal.getsignal(number) != before
            if fails:
                raise ValueError
    except ValueError:
        pass
    assert signal.getsignal(number) == before
    os.kill(os.getpid(), number)
    assert heard == [number]


def test_a_flag_used_again_starts_anew(heard):
    stop = StopFlag()
    for _ in range(2):
        with stop:
            assert stop.signal == 0
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.signal == signal.SIGINT
    assert heard == []


def test_the_inner_of_two_flags_gets_the_first_signal(heard):
    with StopFlag() as outer, StopFlag() as inner:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
    assert inner.signal == outer.signal == signal.SIGINT
    assert heard == []


@pytest.mark.usefixtures("heard")
def test_an_ignored_signal_stays_ignored():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopFlag() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == 0
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.signal == signal.SIGTERM
    assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN


@STOPS
def test_a_thread_works_without_handlers(heard, number):
    before, seen = signal.getsignal(number), []

    def work():
        with StopFlag() as stop:
            seen.append((stop.signal, signal.getsignal(number) == before))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(0, True)]
    assert heard == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_exits_as_the_shell_says(number, code):
    assert Interrupted(number, "saved").exit_code == code
