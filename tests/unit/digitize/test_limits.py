"""What a page may not have is said in one way."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from cardioalert.digitize.limits import memory_of_opencv

IN_LITTLE_MEMORY = """
import resource
import cv2, numpy as np
from cardioalert.digitize.limits import memory_of_opencv
cv2.setNumThreads(1)
picture = np.zeros((4000, 4000), np.float32)
cv2.GaussianBlur(picture[:100], (0, 0), 3)  # loads what it needs
with open("/proc/self/statm") as file:
    used = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, resource.RLIM_INFINITY))
try:
    with memory_of_opencv():
        cv2.GaussianBlur(picture, (0, 0), 3)
except MemoryError as error:
    print("MemoryError")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")
def test_a_lack_of_memory_in_opencv_is_a_memory_error() -> None:
    run = subprocess.run(
        [sys.executable, "-c", IN_LITTLE_MEMORY], capture_output=True, text=True, check=False
    )
    assert run.stdout == "MemoryError\n", run.stderr


def test_other_errors_of_opencv_stay_what_they_are() -> None:
    with pytest.raises(cv2.error), memory_of_opencv():
        cv2.cvtColor(np.zeros((4, 4), np.uint8), cv2.COLOR_BGR2GRAY)
