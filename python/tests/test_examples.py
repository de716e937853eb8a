"""The examples do what they say, and the README shows what is run here."""

from __future__ import annotations

import asyncio
import datetime
import importlib.util
import json
import pathlib
import subprocess
import sys
import types
import uuid

import pytest
from conftest import CERTIFICATES, ROOT, Service, trusting
from fake_server import FakeServer, Peer, error_frame

from semblance import AsyncClient, CacheError, Client, Configuration, Dependency, Insertion, Lookup

FOLDER = ROOT / "python" / "examples"


def example(name: str) -> types.ModuleType:
    specification = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_quickstart_computes_once(service: Service) -> None:
    command = [sys.executable, str(FOLDER / "quickstart.py"), service.network]
    environment = {"PYTHONPATH": str(ROOT / "python" / "src")}
    output = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert output.splitlines() == ["An answer to How do I get a refund?"] * 2


def test_answers_are_not_served_after_the_ingestion_job(service: Service) -> None:
    answering, ingestion = example("answering"), example("ingestion")
    published = {"kb/refunds": ("Within 30 days.", 41)}
    asked: list[str] = []

    async def read(source: str) -> tuple[str, int]:
        return published[source]

    async def ask_model(question: str, document: str) -> str:
        asked.append(question)
        return document

    async def ask() -> str | None:
        async with AsyncClient(service.network) as cache:
            tenant = "tenant " + str(run)
            answer = await answering.answer(cache, tenant, "A refund?", [1.0, 0.5, -0.25], read, ask_model)
            text: str | None = answer.text
            return text

    def publish(document: str) -> None:
        published[f"kb/{document}"] = ("Within 60 days.", 42)

    run = uuid.uuid4()
    assert [asyncio.run(ask()), asyncio.run(ask())] == ["Within 30 days."] * 2
    assert len(asked) == 1
    with Client(service.network) as cache:
        [receipt] = ingestion.ingest(cache, ["refunds"], 42, publish)
        assert receipt.state.version == 42
    assert [asyncio.run(ask()), asyncio.run(ask())] == ["Within 60 days."] * 2
    assert len(asked) == 2


def test_news_is_repeated_until_it_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    ingestion = example("ingestion")
    waits: list[float] = []

    def serve(peer: Peer) -> None:
        while True:
            opcode, identifier, _ = peer.request()
            peer.send(error_frame(opcode, identifier, 40, (("retry-after-ms", "3000"),)))

    with FakeServer(serve) as server, Client(server.address) as cache:
        news = [ingestion.Invalidation.bump("kb/refunds")]
        deadline = iter([0.0, 1.0, 2.0, 9.0])
        monkeypatch.setattr(
            ingestion, "time", types.SimpleNamespace(monotonic=lambda: next(deadline), sleep=waits.append)
        )
        with pytest.raises(CacheError) as caught:
            ingestion.announce(cache, "support", news, patience=10)
        assert caught.value.code == "overloaded"
        assert waits == [3.0, 6.0]


def test_the_airflow_task_announces_what_was_written_and_may_be_tried_again(service: Service) -> None:
    announce = example("airflow_task").announce_tables
    namespace = uuid.uuid4().hex
    began = datetime.datetime(2026, 5, 1, tzinfo=datetime.timezone.utc)
    context = {"ti": types.SimpleNamespace(start_date=began), "dag": None}
    with Client(service.network) as cache:
        cache.insert(namespace, Insertion("old", key=1, dependencies=[Dependency("kb/refunds", 7)]))
        positions = announce(service.network, namespace, ["kb/refunds", "kb/shipping"], **context)
        assert positions.keys() == {"kb/refunds", "kb/shipping"}
        assert cache.lookup(namespace, Lookup(key=1)).hit is None
        # What is said again changes nothing.
        _, before = cache.lease_and_states(namespace, ["kb/refunds"])
        announce(service.network, namespace, ["kb/refunds"], **context)
        assert cache.lease_and_states(namespace, ["kb/refunds"])[1] == before
        assert before[0].version == int(began.timestamp() * 1000)


def test_the_airflow_task_fails_when_nobody_acknowledges() -> None:
    with FakeServer(lambda peer: None) as server:
        address = server.address
    with pytest.raises(CacheError):
        example("airflow_task").announce_tables(address, "support", ["kb/refunds"])


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_the_dbt_hook_announces_what_was_built(
    service: Service, encrypted_service: Service, tmp_path: pathlib.Path, is_encrypted: bool
) -> None:
    namespace = uuid.uuid4().hex
    results = [
        {"unique_id": "model.shop.refunds", "status": "success"},
        {"unique_id": "model.shop.orders", "status": "error"},
        {"unique_id": "model.shop.returns", "status": "skipped"},
        {"unique_id": "test.shop.not_null", "status": "pass"},
        {"unique_id": "seed.shop.countries", "status": "success"},
    ]
    document = {"metadata": {"generated_at": "2026-05-01T10:00:00.123456Z"}, "results": results}
    path = tmp_path / "run_results.json"
    path.write_text(json.dumps(document))
    address = encrypted_service.network if is_encrypted else service.unix
    command = [sys.executable, str(FOLDER / "dbt_hook.py"), address, namespace, str(path)]
    environment = {"PYTHONPATH": str(ROOT / "python" / "src")}
    if is_encrypted:
        environment["SEMBLANCE_TLS_CA"] = str(CERTIFICATES / "authority.pem")
    output = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True).stdout
    assert output.splitlines() == ["dbt/model.shop.refunds", "dbt/seed.shop.countries"]
    tls = trusting() if is_encrypted else None
    with Client(address, Configuration(half_precision=True, tls=tls)) as cache:
        sources = ["dbt/model.shop.refunds", "dbt/model.shop.orders"]
        _, [refunds, orders] = cache.lease_and_states(namespace, sources)
        assert refunds.version == 1_777_629_600_123
        assert orders.last_sequence == 0


@pytest.mark.parametrize("name", ["quickstart", "answering", "ingestion"])
def test_the_readme_shows_what_is_run(name: str) -> None:
    source = (FOLDER / f"{name}.py").read_text()
    shown = source.split("# example\n")[1].split("# end of the example")[0].strip()
    assert shown in (ROOT / "python" / "README.md").read_text()
