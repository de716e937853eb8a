"""Services of the tests' own: real processes, each on a port of its choice and on a Unix socket."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from semblance import Configuration

ROOT = pathlib.Path(__file__).resolve().parents[2]
CERTIFICATES = ROOT / "Tests/Fixtures/certificates"
BINARIES = pathlib.Path(os.environ.get("SEMBLANCE_BINARIES", ROOT / ".build/debug"))


@dataclass(frozen=True)
class Service:
    network: str
    unix: str


def trusting(authority: str = "authority.pem") -> ssl.SSLContext:
    """What a client is given that trusts the certificate of the encrypted service."""
    return ssl.create_default_context(cafile=str(CERTIFICATES / authority))


@dataclass(frozen=True)
class Way:
    """One of the ways to reach a service."""

    address: str
    tls: ssl.SSLContext | None

    def configuration(self, **options: Any) -> Configuration:
        return Configuration(tls=self.tls, **options)


@pytest.fixture(params=["TCP", "TLS", "Unix socket"])
def way(request: pytest.FixtureRequest, service: Service, encrypted_service: Service) -> Way:
    ways = {
        "TCP": Way(service.network, None),
        "TLS": Way(encrypted_service.network, trusting()),
        "Unix socket": Way(service.unix, None),
    }
    return ways[request.param]


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service")) as found:
        yield found


@pytest.fixture(scope="session")
def encrypted_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("encrypted")
    key = folder / "server.key"
    shutil.copyfile(CERTIFICATES / "server.key", key)
    key.chmod(0o600)
    with running(folder, "--tls-certificate", str(CERTIFICATES / "server.pem"), "--tls-key", str(key)) as found:
        yield found


@contextmanager
def running(folder: pathlib.Path, *options: str) -> Iterator[Service]:
    """A service with its data in `folder / "data"`."""
    unix = f"unix:{folder}/socket"
    command = [str(BINARIES / "semblance"), "serve", "--data", str(folder / "data"), "--metrics-listen", "off", *options]
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
