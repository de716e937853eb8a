"""The scenario that all clients share, over both kinds of socket, with both clients."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from conftest import Service
from scenario import Scenario

from semblance import AsyncClient, Client, Configuration


@pytest.mark.parametrize("half_precision", [False, True])
@pytest.mark.parametrize("kind", ["network", "unix"])
def test_the_blocking_client_carries_out_the_scenario(service: Service, kind: str, half_precision: bool) -> None:
    with Client(getattr(service, kind), Configuration(half_precision=half_precision)) as client:
        assert asyncio.run(Scenario(client, f"-{uuid.uuid4().hex}").run()) > 50


@pytest.mark.parametrize("half_precision", [False, True])
@pytest.mark.parametrize("kind", ["network", "unix"])
def test_the_asyncio_client_carries_out_the_scenario(service: Service, kind: str, half_precision: bool) -> None:
    async def run() -> int:
        async with AsyncClient(getattr(service, kind), Configuration(half_precision=half_precision)) as client:
            return await Scenario(client, f"-{uuid.uuid4().hex}").run()

    assert asyncio.run(run()) > 50
