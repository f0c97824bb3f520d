"""Start the programs of others, or say why a test is skipped."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def program(name: str) -> str:
    """Return the path of a program of Debian."""
    for folder in (None, "/usr/sbin:/usr/local/sbin"):
        if found := shutil.which(name, path=folder):
            return found
    pytest.skip(f"{name} is not installed; .ci/run installs it from Debian")


@contextmanager
def node(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script of this folder with Node, as long as the test needs it."""
    path = shutil.which("node")
    if path is None or not (HERE / "node_modules").is_dir():
        pytest.skip("Node or its packages are missing; run: npm ci --prefix tests/peers")
    process = subprocess.Popen(
        [path, script, *arguments],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream:
                stream.close()


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_port(port: int, *, seconds: float = 30.0) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody listens at port {port}")


@contextmanager
def running_orthanc(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Run a PACS of others; yield its DICOM and its HTTP port."""
    ports = free_port(), free_port()
    plugin = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
    orthanc_program = program("Orthanc")
    if not plugin.exists():
        pytest.skip("the plugin orthanc-dicomweb is not installed")
    settings = {
        "Name": "TEST", "DicomAet": "ORTHANC", "DicomPort": ports[0], "HttpPort": ports[1],
        "StorageDirectory": str(tmp_path / "storage"), "IndexDirectory": str(tmp_path / "index"),
        "DefaultEncoding": "Utf8", "AuthenticationEnabled": False, "RemoteAccessAllowed": False,
        "DicomAlwaysAllowStore": True, "DicomAlwaysAllowEcho": True, "Plugins": [str(plugin)],
        "UnknownSopClassAccepted": True, "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
    }  # fmt: skip
    (tmp_path / "orthanc.json").write_text(json.dumps(settings))
    with (tmp_path / "orthanc.log").open("w") as log:
        process = subprocess.Popen(
            [orthanc_program, str(tmp_path / "orthanc.json")], stdout=log, stderr=log
        )
        try:
            for port in ports:
                wait_for_port(port)
            yield ports
        finally:
            process.terminate()
            process.wait(30)
