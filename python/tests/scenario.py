"""Carries out the scenario that all clients share: see Tests/Fixtures/scenario/README.md."""

from __future__ import annotations

import inspect
import json
from typing import Any

from conftest import ROOT

from semblance import (
    AsyncClient,
    CacheError,
    Client,
    Dependency,
    Entry,
    Inserted,
    Insertion,
    Invalidation,
    InvalidationReceipt,
    Lease,
    Lookup,
    LookupReply,
    NamespaceDescription,
    NamespaceSettings,
    Position,
    PurgeReceipt,
    SourceState,
)

FOLDER = ROOT / "Tests" / "Fixtures" / "scenario"
_FIRST = Position(0, 0)


def steps() -> list[dict[str, Any]]:
    document: dict[str, Any] = json.loads((FOLDER / "scenario.json").read_text())
    found: list[dict[str, Any]] = document["steps"]
    return found


class Scenario:
    """One run. `suffix` makes its namespaces its own."""

    def __init__(self, client: Client | AsyncClient, suffix: str) -> None:
        self._client: Any = client
        self._suffix = suffix
        self._saved: dict[str, Any] = {}

    async def run(self) -> int:
        for step in steps():
            try:
                result = await self._do(self._with_values(step))
            except CacheError as error:
                result = {"error": _error(error)}
            problem = self._difference(result, self._with_values(step["expect"]), "")
            assert problem is None, f"{step['say']} {problem}\n  got {result}"
            for name, path in step.get("save", {}).items():
                self._saved[name] = _at(result, path)
        return len(steps())

    async def _do(self, step: dict[str, Any]) -> Any:
        client = self._client
        namespace = step.get("namespace", "") + self._suffix
        match step["do"]:
            case "ping":
                await _awaited(client.ping())
                return {}
            case "create-namespace":
                settings = NamespaceSettings(**_underscored(step["settings"]))
                return self._described(await _awaited(client.create_namespace(namespace, settings)))
            case "list-namespaces":
                return [self._described(found) for found in await _awaited(client.namespaces())]
            case "drop-namespace":
                return _purged(await _awaited(client.drop_namespace(namespace)))
            case "lookup" if "lookup" in step:
                return _looked_up(await _awaited(client.lookup(namespace, _lookup(step["lookup"]))))
            case "lookup":
                lookups = [_lookup(item) for item in step["lookups"]]
                return [_looked_up(reply) for reply in await _awaited(client.lookup_many(namespace, lookups))]
            case "insert" if "insertion" in step:
                insertion = _insertion(step["insertion"])
                number = await _awaited(client.insert(namespace, insertion, model=step.get("model", "")))
                return {"outcome": "stored", "entry": number}
            case "insert":
                insertions = [_insertion(item) for item in step["insertions"]]
                return [_inserted(outcome) for outcome in await _awaited(client.insert_many(namespace, insertions))]
            case "get":
                return _entry(await _awaited(client.entry(namespace, step["entry"], scope=_fingerprint(step, "scope"))))
            case "delete" if "entry" in step:
                return await _awaited(client.delete(namespace, step["entry"]))
            case "delete":
                return await _awaited(client.delete_many(namespace, step["entries"]))
            case "invalidate" if "invalidation" in step:
                return _changed(await _awaited(client.invalidate(namespace, _invalidation(step["invalidation"]))))
            case "invalidate":
                items = [_invalidation(item) for item in step["invalidations"]]
                return [_changed(outcome) for outcome in await _awaited(client.invalidate_many(namespace, items))]
            case "lease":
                lease, states = await _awaited(client.lease_and_states(namespace, step["sources"]))
                return {"lease": str(lease), "states": [_state(state) for state in states]}
            case "purge" if "tag" in step:
                return _purged(await _awaited(client.purge_tag(namespace, step["tag"])))
            case "purge":
                return _purged(await _awaited(client.purge_scope(namespace, int(step["scope"], 16))))
            case "lift-fence":
                return {"position": str(await _awaited(client.lift_fence()))}
            case "statistics":
                return await _awaited(client.statistics())
            case unknown:
                raise AssertionError(f"unknown step: {unknown}")

    def _described(self, found: NamespaceDescription) -> dict[str, Any]:
        settings = found.settings
        return {
            "name": found.name.removesuffix(self._suffix),
            "settings": {
                "dimension": settings.dimension,
                "threshold": settings.threshold,
                "model": settings.model,
                "time-to-live": settings.time_to_live,
                "capacity": settings.capacity,
            },
            "entries": found.entries,
            "rows": found.rows,
            "scopes": found.scopes,
            "watermarks": found.watermarks,
        }

    def _with_values(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_values(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"$"}:
            return self._saved[value["$"]]
        return {name: item if name in ("expect", "save") else self._with_values(item) for name, item in value.items()}

    def _difference(self, got: Any, expected: Any, path: str) -> str | None:
        if isinstance(expected, dict):
            if "$any" in expected:
                return None if got is not None else f"{path} is not there"
            if "$holds" in expected:
                found = any(self._difference(item, expected["$holds"], path) is None for item in got)
                return None if found else f"{path} does not hold {expected['$holds']}"
            if not isinstance(got, dict):
                return f"{path} is {got!r}, not an object"
            differences = (self._difference(got.get(name), item, f"{path}/{name}") for name, item in expected.items())
            return next((difference for difference in differences if difference is not None), None)
        if isinstance(expected, list):
            if not isinstance(got, list) or len(got) != len(expected):
                return f"{path} is {got!r}, not {len(expected)} items"
            pairs = enumerate(zip(got, expected, strict=True))
            differences = (self._difference(one, other, f"{path}/{index}") for index, (one, other) in pairs)
            return next((difference for difference in differences if difference is not None), None)
        is_similarity = path.endswith("similarity") and expected is not None and got is not None
        is_same = abs(got - expected) <= 1e-4 if is_similarity else got == expected
        return None if is_same else f"{path} is {got!r}, not {expected!r}"


async def _awaited(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _at(result: Any, path: str) -> Any:
    for part in path.split("/")[1:]:
        result = result[int(part) if isinstance(result, list) else part]
    return result


def _underscored(fields: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("-", "_"): value for name, value in fields.items()}


# MARK: Arguments


def _fingerprint(fields: dict[str, Any], name: str) -> int | None:
    return int(fields[name], 16) if name in fields else None


def _lookup(fields: dict[str, Any]) -> Lookup:
    arguments = _underscored(fields) | {"key": _fingerprint(fields, "key"), "scope": _fingerprint(fields, "scope") or 0}
    if "minimum-position" in fields:
        arguments["minimum_position"] = Position.parse(fields["minimum-position"])
    return Lookup(**arguments)


def _insertion(fields: dict[str, Any]) -> Insertion:
    arguments = _underscored(fields) | {"key": _fingerprint(fields, "key"), "scope": _fingerprint(fields, "scope") or 0}
    arguments["cost_saved_nanodollars"] = arguments.pop("cost_saved", 0)
    arguments["dependencies"] = [_dependency(dependency) for dependency in fields.get("dependencies", [])]
    if "lease" in fields:
        arguments["lease"] = Lease.parse(fields["lease"])
    return Insertion(**arguments)


def _dependency(fields: dict[str, Any]) -> Dependency:
    version = fields.get("version", fields.get("label"))
    return Dependency(fields["source"], version, _generation(fields))


def _generation(fields: dict[str, Any]) -> Position:
    return Position.parse(fields["generation"]) if "generation" in fields else _FIRST


def _invalidation(fields: dict[str, Any]) -> Invalidation:
    source = fields["source"]
    if "version" in fields:
        return Invalidation.version(source, fields["version"], generation=_generation(fields))
    if "label" in fields:
        replacing = fields.get("replaces-label")
        if "replaces-position" in fields:
            replacing = Position.parse(fields["replaces-position"])
        return Invalidation.label(source, fields["label"], replacing=replacing)
    if "reset" in fields:
        return Invalidation.reset(source, fields["reset"])
    return Invalidation.bump(source)


# MARK: Results


def _error(error: CacheError) -> dict[str, Any]:
    return {"code": str(error.code), "detail": error.detail}


def _looked_up(reply: LookupReply) -> dict[str, Any]:
    result: dict[str, Any] = {"lease": str(reply.lease), "source-sequences": reply.source_sequences}
    if reply.explanation is not None:
        explanation = reply.explanation
        names = [name for name in explanation.__slots__ if name != "plan"]
        result["explanation"] = {name.replace("_", "-"): getattr(explanation, name) for name in names}
        result["explanation"]["plan"] = explanation.plan.name.lower().replace("_", "-")
    if reply.refusal is not None:
        return result | {"outcome": "refused", "error": _error(reply.refusal)}
    if reply.miss is not None:
        reason = reply.miss.reason.name.lower().replace("_", "-")
        return result | {"outcome": "miss", "reason": reason, "nearest-similarity": reply.miss.nearest_similarity}
    hits = [
        {"match": hit.match.name.lower(), "similarity": hit.similarity, "entry": _entry(hit.entry)}
        for hit in reply.hits
    ]
    return result | {"outcome": "hits", "hits": hits}


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "number": entry.number,
        "scope": f"{entry.scope:032x}",
        "key": None if entry.key is None else f"{entry.key:032x}",
        "content-type": entry.content_type,
        "prompt": entry.prompt,
        "tags": entry.tags,
        "dependencies": [{"source": one.source} | _version(one.version, one.generation) for one in entry.dependencies],
        "payload": entry.text,
        "payload-length": entry.payload_bytes,
        "cost-saved": entry.cost_saved_nanodollars,
        "norm": entry.norm,
        "expires-at": entry.expires_at,
    }


def _version(version: int | str | None, generation: Position) -> dict[str, Any]:
    if version is None:
        return {}
    if isinstance(version, str):
        return {"label": version}
    return {"version": version} | ({} if generation == _FIRST else {"generation": str(generation)})


def _state(state: SourceState) -> dict[str, Any]:
    return _version(state.version, state.generation) | {"last-sequence": state.last_sequence}


def _inserted(outcome: Inserted | CacheError) -> dict[str, Any]:
    if isinstance(outcome, CacheError):
        return {"outcome": "refused", "error": _error(outcome)}
    return {"outcome": "stored", "entry": outcome.entry, "replaced": outcome.replaced}


def _changed(outcome: InvalidationReceipt | CacheError) -> dict[str, Any]:
    if isinstance(outcome, CacheError):
        return {"outcome": "refused", "error": _error(outcome)}
    kind = "changed" if outcome.changed else "already"
    return {"outcome": kind, "position": str(outcome.position), "state": _state(outcome.state)}


def _purged(receipt: PurgeReceipt) -> dict[str, Any]:
    return {"entries": receipt.entries, "position": str(receipt.position)}
