"""Networks that cannot run say why."""

import subprocess
import sys

import pytest

SHORT_OF_MEMORY = """
import resource, numpy as np
from cardioalert.networks.sessions import run_network
planes = np.zeros((1, 12, 640, 640), np.float32)
run_network("segmenter", planes=planes[:, :, :64, :64])
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 20_000_000,) * 2)
try:
    run_network("segmenter", planes=planes)
except MemoryError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory the way Linux does")
def test_too_little_memory_is_a_memory_error_and_prints_nothing_else() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_MEMORY], capture_output=True, text=True, check=True
    )
    assert done.stdout == "the network segmenter found too little memory\n"
    assert done.stderr == ""
