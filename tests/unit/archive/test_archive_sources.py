"""What is found in an archive, and that nothing in it is passed over in silence."""

from __future__ import annotations

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from cardioalert.archive import unpacking
from cardioalert.archive.entries import Entry, entry_of
from cardioalert.archive.identify import identify_folder
from cardioalert.archive.sources import find_folders
from cardioalert.archive.storage import forget_open_archives, read_entry
from cardioalert.errors import FileMissingError
from cardioalert.formats.registry import write_record
from tests.built_ecg import built_record


@pytest.fixture(autouse=True)
def _closed_archives():
    yield
    forget_open_archives()


def found(*sources: Path | str) -> dict[str, str]:
    """Return the code of trouble, or nothing, of everything found."""
    return {
        one.entry.locator: one.trouble.code if one.trouble else ""
        for folder in find_folders([str(source) for source in sources])
        for one in folder
    }


def identified(source: Path) -> dict[str, tuple[str, str]]:
    """Return kind and code of everything in a folder, by its name."""
    return {
        row.entry.name: (row.kind, row.code)
        for folder in find_folders([str(source)])
        for row in identify_folder(folder)
    }


@pytest.mark.parametrize(
    "entry",
    [
        Entry("/a/b.dcm"),
        Entry("/a/b c.zip", "d/e.hea"),
        Entry("/a/b.pdf", page=2),
        Entry("/a.zip", "b.pdf", 1),
        Entry(os.fsdecode(b"/a/\xff\xfe.dcm")),
        Entry("s3://bucket/a.dcm"),
        Entry("/a!/b.dcm"),
        Entry("/a!/b.zip", "c!/d.pdf", 3),
        Entry("/a/b.pdf#page=7", page=1),
        Entry("/a/b.zip", "c.pdf#page=7"),
        Entry("/a/100%25 new\nline.dcm"),
    ],
)
def test_a_locator_names_its_entry(entry):
    assert entry_of(entry.locator) == entry
    entry.locator.encode()


def test_no_two_entries_share_a_locator():
    names = {Entry("/a!/b.dcm").locator, Entry("/a", "b.dcm").locator}
    pages = {Entry("/a.pdf#page=2").locator, Entry("/a.pdf", page=1).locator}
    assert len(names) == len(pages) == 2


def test_folders_are_walked_in_the_order_of_names(tmp_path):
    for name in ("b/2.csv", "b/1.csv", "a/3.csv", "0.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    names = [os.path.relpath(locator, tmp_path) for locator in found(tmp_path)]
    assert names == ["0.csv", "a/3.csv", "b/1.csv", "b/2.csv"]


def test_hidden_files_and_those_of_operating_systems_are_left_out(tmp_path):
    for name in (".hidden", "Thumbs.db", "DICOMDIR", "ecg.csv"):
        (tmp_path / name).write_text("x")
    assert list(found(tmp_path)) == [str(tmp_path / "ecg.csv")]


def test_a_link_to_a_folder_above_is_a_trouble_and_no_endless_loop(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "ecg.csv").write_text("x")
    assert found(tmp_path) == {
        str(tmp_path / "ecg.csv"): "",
        str(tmp_path / "a" / "up"): "link-cycle",
    }


def test_a_folder_that_is_reached_twice_is_read_once(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "ecg.csv").write_text("x")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert list(found(tmp_path, tmp_path / "a")) == [str(tmp_path / "a" / "ecg.csv")]


def test_links_that_lead_nowhere_or_in_circles_are_troubles(tmp_path):
    (tmp_path / "gone.dcm").symlink_to(tmp_path / "nothing")
    (tmp_path / "one.dcm").symlink_to(tmp_path / "two.dcm")
    (tmp_path / "two.dcm").symlink_to(tmp_path / "one.dcm")
    codes = found(tmp_path)
    assert codes[str(tmp_path / "gone.dcm")] == "file-not-found"
    assert codes[str(tmp_path / "one.dcm")] == "input"


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    assert found(tmp_path) == {str(tmp_path / "pipe.dcm"): "input"}


def test_a_huge_sparse_file_is_refused_by_its_size(tmp_path):
    with (tmp_path / "huge.dcm").open("wb") as file:
        file.truncate(2_000_000_000)
    assert found(tmp_path) == {str(tmp_path / "huge.dcm"): "file-too-large"}


def test_a_source_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileMissingError, match="nothing"):
        found(tmp_path / "nothing")
    with pytest.raises(FileMissingError, match=r"\*\.dcm"):
        found(str(tmp_path / "*.dcm"))


def test_a_pattern_and_a_list_name_files(tmp_path):
    for name in ("1.csv", "2.csv", "3.dcm"):
        (tmp_path / name).write_text("x")
    assert len(found(str(tmp_path / "*.csv"))) == 2
    (tmp_path / "list.txt").write_text("# two of them\n1.csv\n\n3.dcm\nnot-there.csv\n")
    codes = found(tmp_path / "list.txt")
    assert list(codes.values()) == ["", "", "file-not-found"]


@pytest.mark.parametrize("ending", [".zip", ".tar", ".tar.gz"])
def test_members_of_archives_are_read_without_unpacking_them(tmp_path, ending):
    (tmp_path / "b.csv").write_bytes(b"inside")
    path = tmp_path / f"old{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.write(tmp_path / "b.csv", "a/b.csv")
    else:
        with tarfile.open(path, "w:gz" if ending.endswith("gz") else "w") as archive:
            archive.add(tmp_path / "b.csv", "a/b.csv")
    (locator,) = found(path)
    assert locator == f"{path}!/a/b.csv"
    assert read_entry(entry_of(locator)).data == b"inside"


def test_a_zip_bomb_is_refused_whatever_size_it_announces(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ecg.csv", b"0" * 150_000_000)
    assert list(found(path).values()) == ["file-too-large"]
    forget_open_archives()
    lying = path.read_bytes().replace((150_000_000).to_bytes(4, "little"), b"\x10\0\0\0")
    path.write_bytes(lying)
    (row,) = [row for folder in find_folders([str(path)]) for row in identify_folder(folder)]
    assert row.code in ("file-too-large", "corrupt-file", "unknown-format")


@pytest.mark.parametrize("ending", [".zip", ".tar.gz", ".tar.bz2", ".tar.xz"])
def test_an_archive_packed_far_tighter_than_ecgs_is_refused(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(unpacking, "UNPACKED_FREELY", 1_000_000)
    path = tmp_path / f"bomb{ending}"
    (tmp_path / "zeros.bin").write_bytes(bytes(3_000_000))
    if ending == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / "zeros.bin", "ecg.csv")
    else:
        with tarfile.open(path, f"w:{ending.rpartition('.')[2]}") as archive:
            archive.add(tmp_path / "zeros.bin", "ecg.csv")
    assert found(path) == {str(path): "file-too-large"}


def test_a_damaged_archive_is_a_trouble(tmp_path):
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 and nothing more")
    (tmp_path / "bad.tar.gz").write_bytes(b"\x1f\x8b\x08 and nothing more")
    assert set(found(tmp_path).values()) == {"corrupt-file"}


def test_a_header_and_its_signals_are_one_ecg(tmp_path):
    write_record(built_record(), tmp_path / "one.hea")
    (tmp_path / "readme").write_text("hello")
    assert identified(tmp_path) == {
        "one.dat": ("part", ""),
        "one.hea": ("wfdb", ""),
        "readme": ("", "unknown-format"),
    }


def test_a_header_without_its_signals_is_refused(tmp_path):
    write_record(built_record(), tmp_path / "one.hea")
    (tmp_path / "one.dat").unlink()
    assert identified(tmp_path) == {"one.hea": ("", "file-not-found")}


def test_the_signals_belong_to_the_content(tmp_path):
    write_record(built_record(), tmp_path / "a.hea")
    write_record(built_record(heart_rate=80), tmp_path / "b.hea")
    (tmp_path / "b.hea").write_text((tmp_path / "a.hea").read_text().replace("a.dat", "b.dat"))
    (tmp_path / "a.hea").write_text((tmp_path / "a.hea").read_text())
    contents = {
        row.content for folder in find_folders([str(tmp_path)]) for row in identify_folder(folder)
    }
    assert len(contents) == 3  # two ECGs, and nothing for the parts
