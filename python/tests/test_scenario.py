"""The scenario that all clients share, over every way to a service, with both clients."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from conftest import Way
from scenario import Scenario

from semblance import AsyncClient, Client


@pytest.mark.parametrize("half_precision", [False, True])
def test_the_blocking_client_carries_out_the_scenario(way: Way, half_precision: bool) -> None:
    with Client(way.address, way.configuration(half_precision=half_precision)) as client:
        assert asyncio.run(Scenario(client, f"-{uuid.uuid4().hex}").run()) > 50


@pytest.mark.parametrize("half_precision", [False, True])
def test_the_asyncio_client_carries_out_the_scenario(way: Way, half_precision: bool) -> None:
    async def run() -> int:
        async with AsyncClient(way.address, way.configuration(half_precision=half_precision)) as client:
            return await Scenario(client, f"-{uuid.uuid4().hex}").run()

    assert asyncio.run(run()) > 50
