"""A download goes on where it stopped, is whole or not there, and tells in a line what is wrong."""

from __future__ import annotations

import errno
import fcntl
import json
import random
import shutil
import socket
from collections import namedtuple

import pytest
from fileserver import Answer, closed_port, serving

from condcolor.data.builders import partial_file as part_module
from condcolor.data.builders.download import WAITS, DownloadError, check_url, download, file_name
from condcolor.errors import DataError, UsageError

BODY = random.Random(1).randbytes(700_001)
CUT = 300_000
CUTS = len(WAITS) + 1  # tries in all


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.tgz"


@pytest.fixture
def fetch(path):
    """Downloads into `path` with no real waits; returns the waits and the lines told."""

    def run(site, **options):
        waits, lines = [], []
        try:
            download(site.url, path, sleep=waits.append, say=lines.append, **options)
        finally:
            run.waits, run.lines = waits, lines
        return waits, lines

    return run


def part_of(path):
    return path.with_name(path.name + ".part")


def names(path):
    return sorted(p.name for p in path.parent.iterdir())


def test_a_file_comes_whole_and_alone(fetch, path):
    told = []
    with serving(BODY) as site:
        waits, lines = fetch(site, size=len(BODY), on_progress=lambda *t: told.append(t))
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]
    assert (waits, lines, site.ranges) == ([], [], [None])
    assert told[-1] == (len(BODY), len(BODY))
    assert told == sorted(told)


def test_a_file_that_is_there_is_not_asked_for(fetch, path):
    path.write_bytes(b"mine")
    with serving(BODY) as site:
        fetch(site)
    assert (path.read_bytes(), site.asked) == (b"mine", [])


def test_a_cut_connection_goes_on_at_the_byte_where_it_stopped(fetch, path):
    with serving(BODY, Answer(sent=CUT), Answer(sent=1000)) as site:
        waits, lines = fetch(site)
    assert path.read_bytes() == BODY
    assert site.ranges == [None, f"bytes={CUT}-", f"bytes={CUT + 1000}-"]
    assert [headers.get("If-Range") for headers in site.asked] == [None, '"one"', '"one"']
    assert waits == list(WAITS[:2])
    assert "the connection was cut; 0.3 MB are kept; trying again in 1 s" in lines[0]
    assert names(path) == [path.name]


def test_the_next_call_goes_on_too(fetch, path):
    with serving(BODY, *[Answer(sent=CUT), *[Answer(sent=0)] * (CUTS - 1)]) as site:
        with pytest.raises(DownloadError, match=r"cut, 6 times; 0.3 MB are kept: run the same"):
            fetch(site)
        assert fetch.waits == list(WAITS)
        assert part_of(path).read_bytes() == BODY[:CUT]
        assert not path.exists()
        site.asked.clear()
        fetch(site)
    assert site.ranges == [f"bytes={CUT}-"]
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]


def test_tries_that_bring_much_do_not_count_against_the_next(path, fetch):
    body = BODY * 13
    with serving(body, *[Answer(sent=2**20 + 1)] * 8) as site:
        waits, _ = fetch(site)
    assert path.read_bytes() == body
    assert waits == [WAITS[0]] * 8


@pytest.mark.parametrize("validator", [{"etag": "", "modified": ""}, {"etag": 'W/"weak"'}])
def test_without_a_strong_validator_it_begins_anew(fetch, path, validator):
    with serving(BODY, Answer(sent=CUT), **validator) as site:
        fetch(site)
    assert site.ranges == [None, None]
    assert path.read_bytes() == BODY


def test_last_modified_will_do_as_a_validator(fetch, path):
    date = "Wed, 21 Oct 2015 07:28:00 GMT"
    with serving(BODY, Answer(sent=CUT), etag="", modified=date) as site:
        fetch(site)
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert site.asked[1]["If-Range"] == date
    assert path.read_bytes() == BODY


def test_a_server_without_ranges_begins_anew(fetch, path):
    with serving(BODY, Answer(sent=CUT), Answer(ranges=False)) as site:
        fetch(site)
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("ignores", [False, True])
def test_a_file_that_changed_in_between_begins_anew(fetch, path, ignores):
    other = random.Random(2).randbytes(len(BODY))
    with serving(BODY, Answer(sent=CUT)) as site:

        def change():
            site.body, site.etag = other, '"two"'

        site.answers.append(Answer(before=change, ignores_if_range=ignores))
        fetch(site)
    assert path.read_bytes() == other


def test_a_file_that_became_shorter_than_the_part_begins_anew(fetch, path):
    with serving(BODY, Answer(sent=CUT)) as site:

        def change():
            site.body = BODY[: CUT // 2]

        site.answers.append(Answer(before=change))
        fetch(site)
    assert path.read_bytes() == BODY[: CUT // 2]


def test_another_part_than_asked_is_not_added(fetch, path):
    with serving(BODY, Answer(sent=CUT), Answer(shift=-10)) as site:
        fetch(site)
    assert path.read_bytes() == BODY
    assert site.ranges == [None, f"bytes={CUT}-", None]


def test_the_part_of_another_address_is_not_added_to(fetch, path):
    part_of(path).write_bytes(b"x" * CUT)
    note = {"url": "http://127.0.0.1/other", "validator": '"one"', "total": len(BODY)}
    path.with_name(path.name + ".part.json").write_text(json.dumps(note))
    with serving(BODY) as site:
        fetch(site)
    assert site.ranges == [None]
    assert path.read_bytes() == BODY


@pytest.mark.parametrize("note", ["", "[]", '{"url": 1}', "\0", '{"validator": [1]}', None])
def test_a_part_without_a_note_that_can_be_read_begins_anew(fetch, path, note):
    part_of(path).write_bytes(b"x" * CUT)
    if note is not None:
        path.with_name(path.name + ".part.json").write_text(note)
    with serving(BODY) as site:
        fetch(site)
    assert path.read_bytes() == BODY
    assert names(path) == [path.name]


def test_a_part_that_is_all_there_needs_no_server(fetch, path):
    with serving(BODY) as site:
        part_of(path).write_bytes(BODY)
        note = {"url": site.url, "validator": '"one"', "total": len(BODY)}
        path.with_name(path.name + ".part.json").write_text(json.dumps(note))
        fetch(site)
    assert site.asked == []
    assert path.read_bytes() == BODY


def test_a_part_longer_than_the_file_begins_anew(fetch, path):
    with serving(BODY) as site:
        part_of(path).write_bytes(BODY + b"more")
        note = {"url": site.url, "validator": '"one"', "total": len(BODY)}
        path.with_name(path.name + ".part.json").write_text(json.dumps(note))
        fetch(site)
    assert site.ranges == [None]
    assert path.read_bytes() == BODY


def test_chunks_come_whole_and_a_cut_among_them_is_noticed(fetch, path):
    with serving(BODY, Answer(chunked=True, sent=CUT), Answer(chunked=True)) as site:
        fetch(site)
    assert path.read_bytes() == BODY
    assert site.ranges == [None, f"bytes={CUT}-"]


def test_a_length_that_is_not_stated_is_fine_unless_one_is_expected(fetch, path):
    with serving(BODY, Answer(length=False), Answer(length=False)) as site:
        fetch(site)
        assert path.read_bytes() == BODY
        path.unlink()
        with pytest.raises(DownloadError, match="a length it does not state, not 700,001 bytes"):
            fetch(site, size=len(BODY))
    assert names(path) == []


def test_another_length_is_refused_and_what_is_kept_stays(fetch, path):
    with serving(BODY, *[Answer(sent=CUT), *[Answer(sent=0)] * (CUTS - 1)]) as site:
        with pytest.raises(DownloadError):
            fetch(site, size=len(BODY))
        site.body, site.etag = b"<html>pay for this network</html>", ""
        with pytest.raises(
            DownloadError, match=r"the file has 33 bytes, not 700,001 bytes: a login"
        ):
            fetch(site, size=len(BODY))
        assert part_of(path).read_bytes() == BODY[:CUT]


def test_a_stalled_server_is_left_and_asked_again(fetch, path):
    with serving(BODY, Answer(sent=CUT, stalls=True)) as site:
        _, lines = fetch(site, timeout=0.2)
    assert path.read_bytes() == BODY
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert "nothing came for 0.2 s" in lines[0]


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_told_at_once(fetch, path, status):
    said = rf"HTTP {status} .* for /file.tgz: check the address"
    with serving(BODY, Answer(status=status)) as site, pytest.raises(DownloadError, match=said):
        fetch(site)
    assert len(site.asked) == 1
    assert names(path) == []


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_passing_fault_of_the_server_is_tried_again(fetch, path, status):
    with serving(BODY, Answer(status=status), Answer(status=status)) as site:
        waits, lines = fetch(site)
    assert path.read_bytes() == BODY
    assert waits == list(WAITS[:2])
    assert f"HTTP {status}" in lines[0]


def test_416_without_a_part_is_a_refusal(fetch, path):
    with serving(BODY, Answer(status=416)) as site, pytest.raises(DownloadError, match="HTTP 416"):
        fetch(site)


@pytest.mark.parametrize("status", [204, 206])
def test_an_answer_that_is_no_file_is_refused(fetch, path, status):
    said = f"answered {status} instead of a file"
    with serving(BODY, Answer(status=status)) as site, pytest.raises(DownloadError, match=said):
        fetch(site)


def test_a_redirection_is_followed_with_its_range_but_never_to_a_file(fetch, path, tmp_path):
    with serving(BODY) as real:
        on = Answer(status=302, location=real.url)
        with serving(b"", on, on) as site:
            real.answers.append(Answer(sent=CUT))
            fetch(site)
    assert real.ranges == [None, f"bytes={CUT}-"]
    assert path.read_bytes() == BODY
    path.unlink()
    (tmp_path / "secret").write_text("secret")
    for place in (f"file://{tmp_path}/secret", "ftp://127.0.0.1/x"):
        with serving(b"", Answer(status=302, location=place)) as site, pytest.raises(DownloadError):
            fetch(site)
        assert not path.exists()


def test_a_refused_port_is_told_at_once(path):
    waits = []
    with pytest.raises(DownloadError, match=r"cannot be reached .*refused.*: check the network"):
        download(f"http://127.0.0.1:{closed_port()}/file.tgz", path, sleep=waits.append)
    assert waits == []
    assert names(path) == []


def test_a_name_that_is_not_found_is_told_at_once(path, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(DownloadError, match=r"example.org cannot be reached .Name or service not"):
        download("https://example.org/file.tgz", path, sleep=pytest.fail)


def test_a_network_that_goes_away_later_is_waited_for(fetch, path, monkeypatch):
    real, calls = socket.getaddrinfo, []

    def sometimes(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", sometimes)
    with serving(BODY, Answer(sent=CUT)) as site:
        waits, lines = fetch(site)
    assert path.read_bytes() == BODY
    assert waits == list(WAITS[:2])
    assert "Temporary failure" in lines[1]


def test_a_disk_too_small_is_told_before_a_byte(fetch, path, monkeypatch):
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 10**5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with (
        serving(BODY) as site,
        pytest.raises(DataError, match=r"0 MB free, 1 MB to download: make room"),
    ):
        fetch(site)
    assert not path.exists()


def test_a_full_disk_keeps_what_came(fetch, path, monkeypatch):
    real = part_module.Part.append

    def append(self, block):
        if self.size + len(block) > CUT:
            real(self, block[: max(0, CUT - self.size)])
            raise OSError(errno.ENOSPC, "No space left on device")
        real(self, block)

    with serving(BODY) as site:
        with monkeypatch.context() as patch:
            patch.setattr(part_module.Part, "append", append)
            with pytest.raises(DataError, match=r"file.tgz.part: the disk is full: make room"):
                fetch(site)
        assert part_of(path).read_bytes() == BODY[:CUT]
        fetch(site)
    assert site.ranges == [None, f"bytes={CUT}-"]
    assert path.read_bytes() == BODY


def test_a_write_that_takes_a_part_only_is_finished(fetch, path, monkeypatch):
    class Stingy:
        def __init__(self, file):
            self.file = file

        def write(self, block):
            return self.file.write(block[:1000])

        def __getattr__(self, name):
            return getattr(self.file, name)

    real = part_module.Part.__init__
    monkeypatch.setattr(
        part_module.Part, "__init__", lambda self, file, *rest: real(self, Stingy(file), *rest)
    )
    with serving(BODY) as site:
        fetch(site)
    assert path.read_bytes() == BODY


def test_a_folder_that_is_missing_is_told(tmp_path):
    with serving(BODY) as site, pytest.raises(DataError, match="cannot be written"):
        download(site.url, tmp_path / "none" / "file.tgz")


def test_two_downloads_of_one_file_do_not_mix(fetch, path):
    with serving(BODY) as site, open(part_of(path), "ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DataError, match=r"file.tgz.part: another download writes it"):
            fetch(site)
        assert site.asked == []
        assert part_of(path).exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file.tgz",
        "file:///etc/passwd",
        "ftp://example.org/a.tgz",
        "http://",
        "http://[",
        "http://example.org:port/a",
        "http://me:secret@example.org/a.tgz",
        "http://example.org/a b",
        "http://example.org/a\r\nX: y",
        "http://exämple.org/",
    ],
)
def test_what_is_no_plain_address_is_refused(url, path):
    with pytest.raises(UsageError) as told:
        download(url, path)
    assert "\n" not in str(told.value)
    assert "secret" not in str(told.value)
    assert names(path) == []


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://s3.amazonaws.com/fast-ai-coco/coco_sample.tgz", "coco_sample.tgz"),
        ("http://a/b.tgz?key=1#x", "b.tgz"),
        ("http://a/..", "download"),
        ("http://a/", "download"),
        ("http://a/.bashrc", "download"),
        ("http://a/%2e%2e%2fb", "download"),
        ("http://[", "download"),
    ],
)
def test_the_name_of_a_file_is_a_plain_one(url, name):
    assert file_name(url) == name


def test_https_is_an_address():
    check_url("https://s3.amazonaws.com:443/fast-ai-coco/coco_sample.tgz?a=%20")


@pytest.mark.parametrize("address", ["http://a..b/x.tgz", f"http://{'a' * 70}.example/x.tgz"])
def test_a_host_that_cannot_be_is_told(tmp_path, address):
    with pytest.raises(DataError, match="check it"):
        download(address, tmp_path / "x.tgz", waits=())
