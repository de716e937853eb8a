"""What both clients do between looking up, computing and storing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from semblance.answers import Answer, ComputedAnswer, Insertion, Lookup, LookupReply, content_type_of
from semblance.errors import CacheError
from semblance.freshness import Lease

Value = TypeVar("Value")


def only(outcomes: Sequence[Value | CacheError]) -> Value:
    """The outcome of a batch of one. Raises what it was refused for."""
    outcome = outcomes[0]
    if isinstance(outcome, CacheError):
        raise outcome
    return outcome


def with_payload(lookup: Lookup) -> Lookup:
    """The same lookup, with a payload: without it, a hit is no answer."""
    return replace(lookup, omits_payload=False) if lookup.omits_payload else lookup


def computed_answer(computed: ComputedAnswer | str | bytes) -> ComputedAnswer:
    return computed if isinstance(computed, ComputedAnswer) else ComputedAnswer(computed)


def insertion_of(computed: ComputedAnswer, lookup: Lookup, lease: Lease) -> Insertion:
    """Under the scope, key and vector of the lookup."""
    return Insertion(
        payload=computed.payload,
        vector=lookup.vector,
        key=lookup.key,
        scope=lookup.scope,
        prompt=computed.prompt,
        content_type=computed.content_type,
        dependencies=computed.dependencies,
        tags=computed.tags,
        expires_at=computed.expires_at,
        cost_saved_nanodollars=computed.cost_saved_nanodollars,
        lease=lease,
    )


def found_answer(reply: LookupReply | CacheError) -> Answer | None:
    """None where the answer has yet to be computed."""
    if isinstance(reply, CacheError):
        return None
    hit = reply.hit
    if hit is None or hit.entry.payload is None:
        return None
    return Answer(hit.entry.payload, hit.entry.content_type, hit=hit)


def filled_answer(computed: ComputedAnswer, stored: int | CacheError) -> Answer:
    """An answer that was computed, and what became of storing it."""
    payload = computed.payload.encode() if isinstance(computed.payload, str) else computed.payload
    content_type = content_type_of(computed.payload, computed.content_type)
    if isinstance(stored, CacheError):
        return Answer(payload, content_type, failure=stored)
    return Answer(payload, content_type, stored=stored)
