"""Files that break things: truncated, misnamed, huge, circular, bombs, unreadable, oddly named.

    python -m benchmarks.archive hostile --out FOLDER

One row of `KINDS` a kind: how to write it, and the codes that say what is wrong with it.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import shutil
import socket
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from cardioalert.domain.record import STANDARD_LEADS, ECGRecord
from cardioalert.formats.registry import write_record

PLAIN_USER: Final = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
"""Before a command: root without the right to read what nobody may read."""
MEGABYTE: Final = 1_000_000

Write = Callable[[Path, int], None]


def write_hostile_files(folder: Path, count: int, *, dear: bool = True) -> dict[str, set[str]]:
    """Write hostile files, one kind after the other; return the right codes by their names.

    Parameters
    ----------
    folder : where to
    count : how many
    dear : whether with those that cost the time limit, or a gigabyte
    """
    folder.mkdir(parents=True, exist_ok=True)
    kinds = [kind for kind in KINDS if dear or kind[0] not in DEAR]
    right: dict[str, set[str]] = {}
    for number in range(count):
        name, codes, write = kinds[number % len(kinds)]
        path = folder / f"{number:04d}-{name}"
        write(path, number)
        right[path.name] = set(codes.split())
    return right


def can_be_unreadable() -> bool:
    """Tell whether permissions hold for the runs we start."""
    return os.geteuid() != 0 or shutil.which(PLAIN_USER[0]) is not None


def plain_user() -> tuple[str, ...]:
    """Return what to put before a command so that permissions hold for it, even for root."""
    return PLAIN_USER if os.geteuid() == 0 and shutil.which(PLAIN_USER[0]) else ()


@cache
def whole(ending: str) -> bytes:
    """Return a good ECG file of twelve leads, by its ending."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"cardioalert-whole-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    time_s = np.arange(2500) / 500
    lead = np.exp(-(((time_s % 0.8) - 0.4) ** 2) / 2e-4)
    signal = np.outer(np.linspace(0.3, 1.2, 12), lead).astype(np.float32)
    record = ECGRecord(signal=signal, sampling_rate=500.0, leads=STANDARD_LEADS)
    write_record(record, folder / f"whole{ending}")
    data = (folder / f"whole{ending}").read_bytes()
    shutil.rmtree(folder)
    return data


@cache
def photo() -> bytes:
    """Return a JPEG of noise."""
    pixels = np.random.default_rng(1).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, "JPEG")
    return made.getvalue()


def data(make: Callable[[int], bytes]) -> Write:
    """Write the bytes that a function makes of a number."""
    return lambda path, number: (path.write_bytes(make(number)), None)[1]


def cut(ending: str) -> Write:
    """Write less than half of a good file."""
    return data(lambda number: whole(ending)[: 400 + 7 * number % (len(whole(ending)) // 2 - 400)])


def link(target: str) -> Write:
    """Write a link."""
    return lambda path, _: path.symlink_to(target)


def link_above(path: Path, _: int) -> None:
    """Write a link to the folder it stands in."""
    path.symlink_to(path.parent.resolve())


def link_to_itself(path: Path, _: int) -> None:
    """Write a link that leads to itself."""
    path.symlink_to(path.name)


def sparse(size: int) -> Write:
    """Write a file of zeros that takes no room; each has another size."""

    def write(path: Path, number: int) -> None:
        with path.open("wb") as file:
            file.truncate(size + number)

    return write


def no_signal_file(path: Path, number: int) -> None:
    """Write a WFDB header whose signals stand where no archive should reach."""
    path.write_text(f"{path.stem} 1 500 5000\n../../etc/passwd 16 200 16 0 {number} 0 0 II\n")


def unreadable(path: Path, number: int) -> None:
    """Write a file that nobody may read."""
    path.write_bytes(whole(".edf") + b"%d" % number)
    path.chmod(0)


def listening(path: Path, _: int) -> None:
    """Write a socket; its name may be longer than a socket's."""
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(here)


# ---- Bombs -------------------------------------------------------------------------------------


@cache
def zipped(members: int, megabytes: int) -> bytes:
    """Return a small ZIP of large files of zeros; its end has a remark of six bytes to fill in."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"000000"
        for number in range(members):
            with archive.open(f"large{number}.dcm", "w") as member:
                for _ in range(megabytes):
                    member.write(bytes(MEGABYTE))
    return made.getvalue()[:-6]


@cache
def tarred(opener: Callable[..., object], megabytes: int) -> bytes:
    """Return a small compressed tar of a large file of zeros."""
    made = io.BytesIO()
    with opener(made, "wb") as packed:  # type: ignore[attr-defined]
        info = tarfile.TarInfo("large.dcm")
        info.size = megabytes * MEGABYTE
        packed.write(info.tobuf())
        for _ in range(megabytes):
            packed.write(bytes(MEGABYTE))
    return made.getvalue()


def nested(number: int) -> bytes:
    """Return a tar in a tar in a tar, thirty times."""
    inside = b"%d" % number
    for depth in range(30):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w") as archive:
            info = tarfile.TarInfo(f"{depth}.tar")
            info.size = len(inside)
            archive.addfile(info, io.BytesIO(inside))
        inside = made.getvalue()
    return inside


def circular_tar(number: int) -> bytes:
    """Return a tar whose second file has a size below zero, so that the next one is itself."""
    first = tarfile.TarInfo(f"first{number}").tobuf()
    block = bytearray(tarfile.TarInfo("second").tobuf())
    block[124:136] = (-512).to_bytes(12, "big", signed=True)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return first + bytes(block) + bytes(1024)


def locked_zip(number: int) -> bytes:
    """Return a ZIP whose file says that it needs a password."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.edf", whole(".edf") + b"%d" % number)
    packed = bytearray(made.getvalue())
    packed[6] |= 1
    packed[packed.index(b"PK\1\2") + 8] |= 1
    return bytes(packed)


@cache
def huge_png() -> bytes:
    """Return a small PNG of 3.6 gigapixels."""
    parts = [(b"IHDR", (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0")]
    parts += [(b"IDAT", zlib.compress(bytes(10 * MEGABYTE), 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        checked = name + body
        png += len(body).to_bytes(4, "big") + checked + zlib.crc32(checked).to_bytes(4, "big")
    return png


def pdf(pages: int, drawing: bytes) -> bytes:
    """Return a PDF that announces so many pages and draws a compressed stream."""
    body = zlib.compress(drawing, 9)
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"3 0 R " * pages, pages),
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
    )
    made, places = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(made)
    return made + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


@cache
def _endless_drawing() -> bytes:
    return pdf(1, b"0 0 m 595 842 l S " * 12 * MEGABYTE)


def circular_tiff(number: int) -> bytes:
    """Return a TIFF whose second page is its first one."""
    tags = ((256, 300), (257, 400), (258, 8), (262, 1), (273, 8), (278, 400), (279, 9))
    page = struct.pack("<H", len(tags))
    page += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + page + struct.pack("<I", 8) + b"%d" % number


def deflated_dicom(number: int) -> bytes:
    """Return a DICOM object that unpacks to 300 MB."""
    head = whole(".dcm").replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.1.99", 1)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(300)) + packer.flush()
    return head[:400] + packed + b"%d" % number


def million_elements(number: int) -> bytes:
    """Return a DICOM object of a picture class with a great many empty elements."""
    tags = np.arange(100_000, dtype=np.uint32)
    elements = np.zeros((len(tags), 2), dtype="<u4")
    elements[:, 0] = 0x0011 | (0x2000 + (tags >> 16) * 2 << 0) | (tags << 16)
    meta = b"\x02\0\x10\0UI\x12\x001.2.840.10008.1.2\0"
    return bytes(128) + b"DICM" + meta + elements.tobytes() + b"\0" * (number % 7)


LAUGHS: Final = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(10))

KINDS: Final[tuple[tuple[str, str, Write], ...]] = (
    # what is left of a good file
    ("cut.dcm", "corrupt-file invalid-record", cut(".dcm")),
    ("cut.edf", "corrupt-file invalid-record", cut(".edf")),
    ("cut.xml", "corrupt-file invalid-record", cut(".xml")),
    ("cut.json", "corrupt-file invalid-record", cut(".json")),
    ("cut.jpg", "corrupt-file", data(lambda number: photo()[: 900 + 11 * number % 9000])),
    ("cut.zip", "corrupt-file", data(lambda number: zipped(1, 1)[: 40 + number])),
    ("cut.tar.gz", "corrupt-file", data(lambda number: tarred(gzip.open, 1)[: 40 + number])),
    ("cut.pdf", "corrupt-file", data(lambda number: b"%PDF-1.7\n" + b"%d" % number)),
    # not what they are called, or two things at once
    ("empty.edf", "empty-file", data(lambda _: b"")),
    ("text.jpg", "unknown-format", data(lambda number: b"not a picture %d" % number)),
    ("text.csv", "corrupt-file invalid-record", data(lambda number: b"no,table\n%d,x\n" % number)),
    ("program.dcm", "unknown-format", data(lambda number: b"\x7fELF\2\1\1\0" + b"%d" % number)),
    ("pdf-and.zip", "corrupt-file", data(lambda number: b"%PDF-1.4 PK\3\4" + b"%d" % number)),
    (
        "jpeg-and-dicom.dcm",
        "corrupt-file",
        data(lambda number: photo()[:128] + b"DICM" + whole(".dcm")[132:900] + b"%d" % number),
    ),
    ("no-signals.hea", "file-not-found corrupt-file invalid-record", no_signal_file),
    (
        "many-records.edf",
        "corrupt-file invalid-record",
        data(lambda number: whole(".edf")[:236] + b"99999999" + whole(".edf")[244 : 2000 + number]),
    ),
    # links, devices, permissions
    ("nowhere.link", "file-not-found", link("nowhere")),
    ("above.loop", "link-cycle", link_above),
    ("itself.dcm", "input", link_to_itself),
    ("zeros.dcm", "input", link("/dev/zero")),
    ("kernel.edf", "empty-file file-not-found", link("/proc/kmsg")),
    ("pipe.dcm", "input", lambda path, _: os.mkfifo(path)),
    ("socket.edf", "input", listening),
    ("unreadable.edf", "input", unreadable),
    ("faulty.edf", "input file-not-found", link("/sys/bus/platform/drivers_probe")),
    # large
    ("sparse.dcm", "file-too-large", sparse(2_000_000_000)),
    ("sparse.csv", "file-too-large", sparse(30_000_000)),
    ("gigapixels.png", "picture-size", data(lambda number: huge_png() + b"%d" % number)),
    ("large.zip", "file-too-large", data(lambda number: zipped(1, 120) + b"%06d" % number)),
    ("many.zip", "file-too-large", data(lambda number: zipped(7, 90) + b"%06d" % number)),
    ("bomb.tar.gz", "file-too-large", data(lambda number: tarred(gzip.open, 600) + b"%d" % number)),
    ("bomb.tar.bz2", "file-too-large", data(lambda number: tarred(bz2.open, 600) + b"%d" % number)),
    ("bomb.tar.xz", "file-too-large", data(lambda number: tarred(lzma.open, 600) + b"%d" % number)),
    ("nested.tar", "unknown-format", data(nested)),
    ("circular.tar", "corrupt-file", data(circular_tar)),
    ("locked.zip", "encrypted-file", data(locked_zip)),
    ("deflated.dcm", "unknown-format", data(deflated_dicom)),
    ("elements.dcm", "invalid-record corrupt-file", data(million_elements)),
    ("pages.pdf", "file-too-large corrupt-file", data(lambda number: pdf(20_000, b"%d" % number))),
    (
        "drawing.pdf",
        "worker-timeout memory-limit worker-died corrupt-file picture-size grid-not-found "
        "trace-not-found layout-not-found time-limit",
        data(lambda number: _endless_drawing() + b"%d" % number),
    ),
    ("circular.tiff", "corrupt-file picture-size file-too-large", data(circular_tiff)),
    # texts that grow or nest
    (
        "laughs.xml",
        "corrupt-file",
        data(lambda n: f"<!DOCTYPE a [{LAUGHS}]><AnnotatedECG>&l9;{n}</AnnotatedECG>".encode()),
    ),
    (
        "outside.xml",
        "corrupt-file",
        data(
            lambda number: (
                b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
                b"<AnnotatedECG>&a;%d</AnnotatedECG>" % number
            )
        ),
    ),
    (
        "deep.json",
        "corrupt-file invalid-record",
        data(lambda number: b'{"schema":"cardioalert.record/1","a":' + b"[" * (100_000 + number)),
    ),
    (
        "deep.xml",
        "corrupt-file invalid-record",
        data(lambda number: b"<AnnotatedECG>" + b"<a>" * (100_000 + number)),
    ),
    # names
    ("two\nlines.dcm", "unknown-format", data(lambda number: b"? %d" % number)),
    (os.fsdecode(b"\xff\xfe.dcm"), "unknown-format", data(lambda number: b"?! %d" % number)),
    ("a.pdf#page=7", "unknown-format", data(lambda number: b"?? %d" % number)),
    ("=cmd('x').csv", "corrupt-file invalid-record", data(lambda number: b"a,b\n%d," % number)),
    ("l" * 200 + ".dcm", "unknown-format", data(lambda number: b"? long %d" % number)),
)
"""Ending of the name, the codes that are right, and how to write it."""

DEAR: Final = frozenset(
    (
        "drawing.pdf",
        "bomb.tar.bz2",
        "bomb.tar.xz",
        "many.zip",
        "large.zip",
        "deflated.dcm",
        "bomb.tar.gz",
    )
)
"""Kinds that a test leaves out: they cost seconds to write or to refuse."""
