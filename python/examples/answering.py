"""A support bot on asyncio: answers are built from documents, and stop being served when those change."""

# example
from collections.abc import Awaitable, Callable

from semblance import Answer, AsyncClient, ComputedAnswer, Dependency, Lookup, fingerprint

Read = Callable[[str], Awaitable[tuple[str, int]]]
AskModel = Callable[[str, str], Awaitable[str]]


async def answer(
    cache: AsyncClient, tenant: str, question: str, embedding: list[float], read: Read, ask_model: AskModel
) -> Answer:
    async def compute() -> ComputedAnswer:
        # Runs on a miss. Whatever is announced about kb/refunds from here on keeps the answer out of the cache.
        document, version = await read("kb/refunds")
        text = await ask_model(question, document)
        return ComputedAnswer(text, [Dependency("kb/refunds", version)], prompt=question)

    lookup = Lookup(vector=embedding, key=fingerprint(question), scope=fingerprint(tenant))
    return await cache.answer("support", lookup, compute)


# end of the example
