"""One test for both clients: calls of either, from code that blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any

from semblance import AsyncClient, Client, Configuration


class Blocking:
    """`AsyncClient` with an event loop of its own, as if it blocked."""

    def __init__(self, address: str, configuration: Configuration | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._client = AsyncClient(address, configuration)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*arguments: Any, **options: Any) -> Any:
            return self._loop.run_until_complete(method(*arguments, **options))

        return call

    def together(self, name: str, *arguments: tuple[Any, ...]) -> list[Any]:
        """Several calls at once; what they raise is in the list."""
        method = getattr(self._client, name)

        async def run() -> list[Any]:
            return await asyncio.gather(*(method(*each) for each in arguments), return_exceptions=True)

        return self._loop.run_until_complete(run())

    def __enter__(self) -> Blocking:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._loop.run_until_complete(self._client.close())
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


Either = Callable[..., Any]
BOTH: dict[str, Either] = {"blocking": Client, "asyncio": Blocking}
