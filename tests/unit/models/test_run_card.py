"""Cards filled in from made-up runs."""

import hashlib
import tomllib
from datetime import date

from training.run_card import cached_pages, write_card

TEMPLATE = """sha256 = "{sha256}"
date = "{date}"
steps = {steps}
minutes = {minutes}
pages = {pages}
seeds = "{first} to {last}"

{drawn_pages}
[metrics]
error_px = {rms_px}
"""


def made_up_run(folder):
    (folder / "log.csv").write_text("step,seconds,pages,rms_px\n200,300,3,2.5\n400,629,4,1.25\n")
    (folder / "small.onnx").write_bytes(b"weights")
    for name in ("000030.npz", "000004.npz", "000031.tmp.npz"):
        (folder / name).touch()


def test_a_card_tells_the_last_row_of_the_log_and_the_pages(tmp_path):
    made_up_run(tmp_path)
    card = tmp_path / "small.toml"
    run = {"weights": tmp_path / "small.onnx", "run": tmp_path, "pages": cached_pages(tmp_path)}
    write_card(card, TEMPLATE, **run)
    told = tomllib.loads(card.read_text())
    assert told["sha256"] == hashlib.sha256(b"weights").hexdigest()
    assert date.fromisoformat(told["date"]) <= date.today()
    assert (told["steps"], told["minutes"], told["pages"]) == (400, 10, 4)
    assert told["seeds"] == "000004 to 000030"
    assert told["metrics"] == {"error_px": 1.25}
    assert [data["licence"] for data in told["training"]["data"]] == ["CC BY 4.0", "ODC-By 1.0"]
    write_card(card, TEMPLATE, **run, figures={"pages": 7})
    assert tomllib.loads(card.read_text())["pages"] == 7
