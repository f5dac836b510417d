"""An archive is read to its end before anything is written, and nothing is written outside."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import shutil
import struct
import tarfile
from collections import namedtuple

import pytest

from condcolor.data.builders.archive import CorruptError, extract, scan
from condcolor.errors import DataError

PICTURES = {f"{n:012}.jpg": random.Random(n).randbytes(300 + 100 * n) for n in range(9)}


def member(name, data=b"", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, data


def packed(members, path, format=tarfile.GNU_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    path.write_bytes(gzip.compress(buffer.getvalue(), 1))
    return path


def good(extra=(), format=tarfile.GNU_FORMAT):
    yield member("sample", type=tarfile.DIRTYPE, mode=0o755)
    yield member("sample/notes.json", b"{}" * 500)
    yield member("sample/._000000000001.jpg", b"a Mac's shadow")
    for name, data in PICTURES.items():
        yield member(f"sample/train/{name}", data)
    yield from extra


@pytest.fixture
def place(tmp_path):
    return tmp_path / "a.tgz"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "out" / "photos").mkdir(parents=True)
    return tmp_path / "out" / "photos"


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_what_is_wanted_comes_out_as_it_went_in(place, folder, format):
    packed(good(), place, format)
    told = []
    contents = scan(place, on_progress=lambda *t: told.append(t))
    assert contents.pictures == {name: len(data) for name, data in PICTURES.items()}
    assert contents.sha256 == hashlib.sha256(place.read_bytes()).hexdigest()
    assert contents.size == place.stat().st_size
    assert told[-1] == (contents.size, contents.size)
    wanted = list(PICTURES)[::2]
    told.clear()
    extract(place, contents, wanted, folder, on_progress=lambda *t: told.append(t))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {n: PICTURES[n] for n in wanted}
    assert told == [(n, 5) for n in (1, 2, 3, 4, 5)]


def test_the_head_is_the_first_mebibyte(place):
    data = random.Random(1).randbytes(3 << 20)
    packed([member("a.jpg", data)], place)
    assert scan(place).head_md5 == hashlib.md5(place.read_bytes()[: 1 << 20]).hexdigest()


LONG_NAME = "x" * 300 + "/"


def test_long_names_are_no_fault(place):
    packed([member(LONG_NAME + "a.jpg", b"a")], place)
    assert scan(place).pictures == {"a.jpg": 1}
    packed([member(LONG_NAME + "a.jpg", b"a")], place, tarfile.PAX_FORMAT)
    assert scan(place).pictures == {"a.jpg": 1}


EVIL = {
    "parent": (member("../evil.jpg", b"evil"), "leaves the folder"),
    "inner parent": (member("sample/../../evil.jpg", b"evil"), "leaves the folder"),
    "absolute": (member("/evil.jpg", b"evil"), "leaves the folder"),
    "backslashes": (member("..\\evil.jpg", b"evil"), "leaves the folder"),
    "drive": (member("C:/evil.jpg", b"evil"), "leaves the folder"),
    "parent of another kind": (member("../evil.sh", b"evil"), "leaves the folder"),
    "parent folder": (member("..", type=tarfile.DIRTYPE), "leaves the folder"),
    "symlink": (member("evil.jpg", type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is a link"),
    "hard link": (member("evil.jpg", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "is a link"),
    "linked folder": (member("sample", type=tarfile.SYMTYPE, linkname="/tmp"), "is a link"),
    "device": (member("evil.jpg", type=tarfile.CHRTYPE), "is no plain file"),
    "fifo": (member("evil.jpg", type=tarfile.FIFOTYPE), "is no plain file"),
    "twice": (member("other/000000000001.jpg", b"evil"), "has the name of another picture"),
    "unprintable": (member("a\x1b[2J.jpg", b"evil"), "is not printable"),
}


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(("evil", "said"), EVIL.values(), ids=EVIL)
def test_members_that_could_do_harm_make_it_unusable(place, tmp_path, evil, said, format):
    packed([*good(), evil], place, format)
    with pytest.raises(
        DataError, match=f"a.tgz: '.*' in it {said}.*: nothing was unpacked"
    ) as told:
        scan(place)
    assert not isinstance(told.value, CorruptError)
    assert str(told.value).isprintable()
    assert list(tmp_path.iterdir()) == [place]


def test_an_archive_swapped_after_its_scan_writes_nothing_outside(place, folder, tmp_path):
    contents = scan(packed(good(), place))
    packed([member("../000000000001.jpg", PICTURES["000000000001.jpg"]), *good()], place)
    with pytest.raises(DataError, match="leaves the folder"):
        extract(place, contents, PICTURES, folder)
    assert list(folder.iterdir()) == []
    packed([member("a/000000000001.jpg", b"longer or shorter"), *good()], place)
    with pytest.raises(CorruptError, match="changed while it was read"):
        extract(place, contents, PICTURES, folder)
    packed([member("a/000000000001.jpg", PICTURES["000000000001.jpg"])], place)
    with pytest.raises(CorruptError, match="changed while it was read"):
        extract(place, contents, PICTURES, folder)
    outside = {p.name for p in tmp_path.rglob("*.jpg") if p.parent != folder}
    assert outside == set()


def test_the_end_cut_off_is_damage_wherever(place):
    whole = packed(good(), place).read_bytes()
    for length in {
        0,
        1,
        9,
        11,
        300,
        len(whole) // 2,
        len(whole) - 9,
        len(whole) - 8,
        len(whole) - 1,
    }:
        place.write_bytes(whole[:length])
        with pytest.raises(CorruptError, match=r"a damaged \.tgz .*: download it again"):
            scan(place)


def test_a_flipped_bit_is_damage_wherever(place):
    whole = packed(good(), place).read_bytes()
    for at in range(20, len(whole), len(whole) // 40):
        place.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        with pytest.raises(CorruptError):
            scan(place)


def test_a_tar_cut_off_before_it_was_zipped_is_damage_wherever(place):
    tar = gzip.decompress(packed(good(), place).read_bytes())
    end = len(tar.rstrip(b"\0"))
    for length in {0, 1, 511, 512, 1024, 1700, 5000, end - end % 512, end}:
        place.write_bytes(gzip.compress(tar[:length]))
        with pytest.raises(CorruptError):
            scan(place)


def test_a_header_gone_bad_is_no_end(place):
    tar = bytearray(gzip.decompress(packed(good(), place).read_bytes()))
    at = tar.index(b"sample/train/000000000004.jpg")
    tar[at + 148 : at + 156] = b"0000000\0"  # its checksum
    place.write_bytes(gzip.compress(bytes(tar)))
    with pytest.raises(CorruptError, match="bad checksum"):
        scan(place)


@pytest.mark.parametrize("data", [b"<html>sorry</html>", b"", b"\xff\xd8\xff" * 500])
def test_what_is_no_archive_is_told(place, data):
    for written in (data, gzip.compress(data)):
        place.write_bytes(written)
        with pytest.raises(CorruptError, match=r"a\.tgz: a damaged \.tgz"):
            scan(place)


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g", b"X", b"S"])
@pytest.mark.parametrize("size", [1 << 40, 1 << 30, (2 << 20), -1, -(1 << 40)])
def test_huge_and_negative_headers_are_refused_before_they_are_read(place, kind, size):
    """A long name, link or pax field of gigabytes; tarfile would read it whole into memory."""
    header = bytearray(member("a")[0].tobuf(tarfile.GNU_FORMAT))
    header[156:157] = kind
    wide = size.to_bytes(12, "big", signed=True)
    header[124:136] = bytes([0x80 if size >= 0 else 0xFF]) + wide[1:]
    total = sum(header[:148]) + sum(header[156:512]) + 8 * 32
    header[148:156] = b"%06o\0 " % total
    with gzip.open(place, "wb", 1) as file:
        file.write(header + b"x" * (3 << 20) + b"\0" * 1024)
    with pytest.raises(CorruptError, match="a header with a size of"):
        scan(place)


@pytest.mark.parametrize("size", ["-512", "99999999999999", "x", "1" * 5000])
def test_sizes_that_lie_in_pax_fields_are_refused(place, size):
    info, data = member("a.jpg", b"a")
    info.pax_headers = {"size": size}
    packed([*good(), (info, data)], place, tarfile.PAX_FORMAT)
    with pytest.raises(DataError):
        scan(place)


def test_a_bomb_behind_the_end_is_refused(place):
    end = gzip.decompress(packed(good(), place).read_bytes())
    with gzip.open(place, "wb", 1) as file:
        file.write(end)
        for _ in range(66):
            file.write(bytes(1 << 20))
    with pytest.raises(CorruptError, match="goes on behind its end"):
        scan(place)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(DataError, match=r"none.tgz: cannot be read .No such file"):
        scan(tmp_path / "none.tgz")
    with pytest.raises(DataError, match=r"cannot be read .Is a directory"):
        scan(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        scan("a\0b")


def test_a_disk_too_small_for_the_pictures_is_told_before_one(place, folder, monkeypatch):
    contents = scan(packed(good(), place))
    usage = namedtuple("usage", "total used free")(10**9, 10**9, 10**6)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DataError, match="1 MB free, 0 MB of pictures to unpack: make room"):
        extract(place, contents, PICTURES, folder)
    assert list(folder.iterdir()) == []


def test_gnu_sparse_files_are_refused(place):
    header = bytearray(member("a.jpg", b"")[0].tobuf(tarfile.GNU_FORMAT))
    header[156:157] = b"S"
    header[482] = 1  # "more sparse headers follow", without end
    total = sum(header[:148]) + sum(header[156:512]) + 8 * 32
    header[148:156] = b"%06o\0 " % total
    more = bytearray(struct.pack("512x"))
    more[504] = 1
    place.write_bytes(gzip.compress(bytes(header) + bytes(more) * 1000))
    with pytest.raises(CorruptError):
        scan(place)
