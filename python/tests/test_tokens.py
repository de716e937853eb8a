"""A service that asks for tokens."""

from __future__ import annotations

import asyncio
import pathlib
import subprocess
import time
from collections.abc import Iterator

import pytest
from conftest import BINARIES, Service, running

from semblance import AsyncClient, CacheError, Client, Configuration, ErrorCode, Insertion, Lookup


class Guarded:
    """A service, and what makes its tokens."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.service: Service

    def token(self, *arguments: str) -> str:
        command = [str(BINARIES / "semblance"), "token", *arguments, "--data", str(self.folder / "data")]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path_factory.mktemp("guarded"))
    guarded.token("create", "first", "--scope", "admin", "--namespace", "*")
    with running(guarded.folder) as guarded.service:
        yield guarded


def refused(address: str, token: str) -> ErrorCode:
    with pytest.raises(CacheError) as raised, Client(address, Configuration(token=token)) as client:
        client.ping()
    assert "smbl_" not in str(raised.value)
    return raised.value.code


def wait_for(guarded: Guarded, token: str) -> None:
    """Until the service has noticed that there is the token; it looks every second."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with Client(guarded.service.unix, Configuration(token=token)) as client:
                client.ping()
                return
        except CacheError as error:
            assert error.code is ErrorCode.UNAUTHENTICATED
            time.sleep(0.02)
    raise AssertionError("the token was never let in")


@pytest.mark.parametrize("kind", ["network", "unix"])
def test_who_has_no_token_that_holds_is_told_so(guarded: Guarded, kind: str) -> None:
    address = getattr(guarded.service, kind)
    for token in ["", "smbl_nonsense", "x" * 512]:
        assert refused(address, token) is ErrorCode.UNAUTHENTICATED


def test_a_token_is_good_for_its_scopes_and_namespaces(guarded: Guarded) -> None:
    token = guarded.token("create", "reader", "--scope", "lookup", "--namespace", "n*")
    wait_for(guarded, token)
    with Client(guarded.service.unix, Configuration(token=token)) as client:
        assert not client.lookup("n1", Lookup(key=1)).hits
        with pytest.raises(CacheError) as raised:
            client.lookup("m", Lookup(key=1))
        assert (raised.value.code, raised.value.detail) == (ErrorCode.FORBIDDEN, {"namespace": "m"})
        with pytest.raises(CacheError) as raised:
            client.insert("n1", Insertion(payload=b"x", key=1))
        assert (raised.value.code, raised.value.detail) == (ErrorCode.FORBIDDEN, {"scope": "insert"})
        # The connection goes on.
        client.ping()


def test_an_asyncio_client_whose_token_is_revoked_is_told_so(guarded: Guarded) -> None:
    token = guarded.token("create", "brief", "--scope", "lookup", "--namespace", "*")
    wait_for(guarded, token)

    async def run() -> ErrorCode:
        async with AsyncClient(guarded.service.network, Configuration(token=token)) as client:
            await client.ping()
            await asyncio.to_thread(guarded.token, "revoke", "brief")
            with pytest.raises(CacheError) as raised:
                deadline = time.monotonic() + 60
                while time.monotonic() < deadline:
                    await client.ping()
            return raised.value.code

    assert asyncio.run(run()) is ErrorCode.UNAUTHENTICATED
