"""A service of the tests' own: a real process on a port of its choice and on a Unix socket."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARIES = pathlib.Path(os.environ.get("SEMBLANCE_BINARIES", ROOT / ".build/debug"))


@dataclass(frozen=True)
class Service:
    network: str
    unix: str


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service


@contextmanager
def running(folder: pathlib.Path) -> Iterator[Service]:
    """A service with its data in `folder / "data"`."""
    unix = f"unix:{folder}/socket"
    command = [str(BINARIES / "semblance"), "serve", "--data", str(folder / "data"), "--metrics-listen", "off"]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [*command, "--listen", "127.0.0.1:0", "--listen", unix],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Service(_listening(process, folder / "log"), unix)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listening(process: subprocess.Popen[bytes], log: pathlib.Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        text = log.read_text()
        address = re.search(r"127\.0\.0\.1:[1-9]\d*", text)
        if "Listening" in text and address is not None:
            return address.group()
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"the service did not start: {log.read_text()}")
