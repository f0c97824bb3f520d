"""Drawn pages that are turned into files, on made-up pages and a made-up clock."""

from types import SimpleNamespace

import numpy as np
import pytest
from training import drawn_pages
from training.drawn_pages import (
    missing_pages,
    page_options,
    page_stems,
    read_page,
    write_arrays,
)


def keep_page(folder, name):
    folder.mkdir(exist_ok=True)
    np.save(folder / f"{name}_centre.npy", np.full((2, 8), 3.0, np.float32))
    np.save(folder / f"{name}_fine.npy", np.full((2, 16), 3.0, np.float32))
    np.save(folder / f"{name}.npy", np.full((4, 8, 6), 200, np.uint8))


def test_pages_are_told_from_their_lines_and_from_half_written_ones(tmp_path):
    keep_page(tmp_path, "000002")
    keep_page(tmp_path, "000001")
    np.save(tmp_path / "000003.tmp.npy", np.zeros(1))
    np.save(tmp_path / "000004_0.npy", np.zeros(1))
    assert page_stems(tmp_path) == [tmp_path / "000001", tmp_path / "000002"]
    rgb, centre, fine = read_page(tmp_path / "000001")
    assert (rgb.shape, centre.shape, fine.shape) == ((4, 8, 3), (2, 8), (2, 16))
    assert rgb.flags.c_contiguous


def test_only_pages_of_the_part_without_a_file_are_given_and_once_with_no_minutes(tmp_path):
    pages, cache = tmp_path / "pages", tmp_path / "new" / "cache"
    for name in ("000001", "000002", "000003", "000005"):
        keep_page(pages, name)
    given = []
    for stem, target in missing_pages(pages, cache, minutes=0.0, part=(1, 2)):
        given.append(stem.name)
        write_arrays(target, {"known": np.arange(3)})
    assert given == ["000001", "000003", "000005"]
    assert sorted(path.name for path in cache.iterdir()) == [f"{name}.npz" for name in given]
    with np.load(cache / "000003.npz") as kept:
        assert kept["known"].tolist() == [0, 1, 2]
    rest = missing_pages(pages, cache, minutes=0.0, part=(0, 1))
    assert [stem.name for stem, _ in rest] == ["000002"]


def test_pages_that_appear_before_the_time_is_over_are_given(tmp_path, monkeypatch):
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds
        keep_page(tmp_path, f"{int(now[0]):06d}")

    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(drawn_pages, "time", clock)
    given = []
    for stem, target in missing_pages(tmp_path, tmp_path, minutes=10.0 / 60.0, part=(0, 1)):
        given.append(stem.name)
        write_arrays(target, {})
    assert given == ["000005", "000010"]


def test_an_interrupted_write_leaves_no_file(tmp_path, monkeypatch):
    def fail(file, **arrays):
        file.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        write_arrays(tmp_path / "000001.npz", {"known": np.zeros(1)})
    assert not (tmp_path / "000001.npz").exists()


def test_a_script_may_wait_longer_by_itself(monkeypatch):
    monkeypatch.setattr("sys.argv", ["dataset", "--pages", "a", "--cache", "b"])
    assert page_options("Pages.").minutes == 0.0
    assert page_options("Pages.", minutes=60.0).minutes == 60.0
    assert tuple(page_options("Pages.").part) == (0, 1)
    monkeypatch.setattr("sys.argv", ["dataset", "--pages=a", "--cache=b", "--part", "1", "2"])
    assert tuple(page_options("Pages.").part) == (1, 2)
