"""A cache, a gateway and an upstream that belongs to the test: real processes, real sockets."""
import os
import pathlib
import socket
import subprocess
import time
import uuid

import httpx
import pytest

from fake_upstream import FakeUpstream
from tiny_encoder import write_encoder

try:
    import httpx2

    # What a stream that breaks off raises, by the version of the package.
    TRANSPORT_ERRORS = (httpx.HTTPError, httpx2.HTTPError)
except ImportError:
    TRANSPORT_ERRORS = (httpx.HTTPError,)

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of clients whose next request is about the answer to this one.
WAIT = {"x-semblance-wait": "stored"}
BINARIES = pathlib.Path(os.environ.get("SEMBLANCE_BINARIES", ROOT / ".build/debug"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def started(command, log, is_ready, environment=None):
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} ended with {process.returncode}: {pathlib.Path(log.name).read_text()}")
        try:
            if is_ready():
                return process
        except (OSError, httpx.HTTPError):
            time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"{command[0]} does not get ready")


def ended(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until_stored(url, body, **headers):
    """The packages stop reading a stream at the mark of its end, a moment before its answer is stored."""
    deadline = time.monotonic() + 10
    while httpx.post(url, json=body, headers={"cache-control": "only-if-cached"} | headers).status_code == 504:
        assert time.monotonic() < deadline, "the answer was never stored"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def upstream():
    upstream = FakeUpstream()
    yield upstream
    upstream.end()


@pytest.fixture(scope="session")
def cache_port(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("cache"), free_port()
    with open(folder / "log", "w") as log:
        process = started(
            [str(BINARIES / "semblance"), "serve", "--listen", f"127.0.0.1:{port}", "--metrics-listen", "off",
             "--data", str(folder / "data")], log,
            lambda: socket.create_connection(("127.0.0.1", port), timeout=1).close() is None)
        yield port
        ended(process)


@pytest.fixture(scope="session")
def gateway(tmp_path_factory, upstream, cache_port):
    """The address of a gateway whose only upstream is the fake one."""
    folder, port = tmp_path_factory.mktemp("gateway"), free_port()
    write_encoder(folder / "tiny-encoder")
    configuration = (pathlib.Path(__file__).parent / "gateway.yaml").read_text()
    for name, value in {"PORT": port, "CACHE_PORT": cache_port, "UPSTREAM": upstream.url,
                        "ENCODER": folder / "tiny-encoder"}.items():
        configuration = configuration.replace(f"@{name}@", str(value))
    (folder / "gateway.yaml").write_text(configuration)
    url = f"http://127.0.0.1:{port}"
    with open(folder / "log", "w") as log:
        process = started(
            [str(BINARIES / "semblance-gateway"), "serve", "--config", str(folder / "gateway.yaml")], log,
            lambda: httpx.get(url + "/readyz").status_code == 200,
            {key: value for key, value in os.environ.items() if not key.startswith(("OPENAI_", "ANTHROPIC_"))})
        yield url
        ended(process)


@pytest.fixture
def question(upstream):
    """A question that nobody has asked before; what the upstream was asked is forgotten."""
    upstream.take()
    return f"Which colour has box {uuid.uuid4().hex}?"
