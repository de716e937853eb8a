"""What pipelines send, whole and as they send it, ends the answers that rest on what has changed, and no others."""
import base64
import hashlib
import hmac
import json
import pathlib
import time
import uuid

import httpx
import pytest

from conftest import WAIT

FOLDER = pathlib.Path(__file__).parent / "webhooks"
# By the secrets in gateway.yaml.
STANDARD, GITHUB, GITLAB = b"0123456789abcdef0123456789abcdef", b"a secret of github's", "a token for gitlab's"

# By mapping: sources that have changed, in which version they are then, and sources that have not.
BUILT = int(1_772_366_400_123_456)
CHANGES = {
    "dbt": ({f"dbt/{name}": f"@{BUILT}" for name in ("model.shop.orders", "model.shop.sessions", "seed.shop.countries")},
            ["dbt/model.shop.refunds", "dbt/model.shop.refund_totals", "dbt/test.shop.not_null_orders_id.cf6c17daed"]),
    "airflow": ({"s3://lake/orders": "@1701", "postgres://warehouse/analytics/refunds": "@1702"}, ["s3://lake/other"]),
    "airflow-assets": ({"s3://lake/customers": "@2301"}, ["customers"]),
    "debezium": ({"shop.public.orders": ""}, ["shop.public.refunds", "shop.orders"]),
    "debezium-mysql": ({"inventory.prices": ""}, ["inventory.products"]),
    "github": ({"git/octo/docs": "#0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c"}, ["git/octo/code"]),
    "gitlab": ({"git/mike/handbook": "#da1560886d4f094c3e6c9ef40349f7d38b5d27d7"}, ["git/octo/docs2"]),
}
# The version from before, where the news names one.
BEFORE = {"dbt": f"@{BUILT - 1}", "airflow": "@1700", "airflow-assets": "@2300", "debezium": "", "debezium-mysql": "",
          "github": "#6113728f27ae82c7b1a177c8d03f9e96e0adf246", "gitlab": "#95790bf891e76fee5e1747ab589903a6a1f80f22"}


def deliver(gateway, mapping, body, identifier=None):
    """As the sender does it: the body to the byte, its own signature, its own name of the delivery."""
    identifier = identifier or uuid.uuid4().hex
    headers = {"content-type": "application/json"}
    if mapping == "github":
        headers |= {"x-github-event": "push", "x-github-delivery": identifier, "user-agent": "GitHub-Hookshot/1",
                    "x-hub-signature-256": "sha256=" + hmac.new(GITHUB, body, hashlib.sha256).hexdigest()}
    elif mapping == "gitlab":
        headers |= {"x-gitlab-event": "Push Hook", "x-gitlab-event-uuid": identifier, "x-gitlab-token": GITLAB}
    else:
        now = str(int(time.time()))
        signature = hmac.new(STANDARD, f"{identifier}.{now}.".encode() + body, hashlib.sha256).digest()
        headers |= {"webhook-id": identifier, "webhook-timestamp": now,
                    "webhook-signature": "v1," + base64.b64encode(signature).decode()}
    return httpx.post(f"{gateway}/v1/invalidations/{mapping}", content=body, headers=headers)


def ask(gateway, question, dependency, lease=None):
    """Whether a question that rests on a source is a hit, and whether its answer is stored now."""
    headers = WAIT | {"x-semblance-depends-on": dependency} | ({"x-semblance-lease": lease} if lease else {})
    answer = httpx.post(gateway + "/v1/chat/completions", headers=headers, json={
        "model": "echo", "messages": [{"role": "user", "content": f"{question} {dependency}"}]})
    assert answer.status_code == 200, answer.text
    return answer.headers["x-semblance-cache"], answer.headers.get("x-semblance-stored")


@pytest.mark.parametrize("mapping", CHANGES)
def test_what_a_pipeline_sends_ends_the_answers_built_on_it(gateway, question, mapping):
    body = (FOLDER / f"{mapping}.json").read_bytes()
    changed, unchanged = CHANGES[mapping]
    before = [source + BEFORE[mapping] for source in [*changed, *unchanged]]
    for dependency in before:
        lease = httpx.get(gateway + "/v1/lease").json()["lease"]
        assert ask(gateway, question, dependency, lease) == ("miss", "yes"), dependency
        assert ask(gateway, question, dependency)[0] == "hit", dependency
    identifier = uuid.uuid4().hex
    told = deliver(gateway, mapping, body, identifier)
    assert told.status_code == 200 and told.json()["received"] == len(changed), told.text
    for dependency in before[:len(changed)]:
        assert ask(gateway, question, dependency)[0] == "miss", dependency
    for dependency in before[len(changed):]:
        assert ask(gateway, question, dependency)[0] == "hit", dependency
    for source, version in changed.items():
        dependency = source + version
        lease = httpx.get(gateway + "/v1/lease").json()["lease"]
        assert ask(gateway, question + "?", dependency, lease) == ("miss", "yes")
        assert ask(gateway, question + "?", dependency)[0] == "hit"
    assert deliver(gateway, mapping, body, identifier).json().get("repeated") is True
    for source, version in changed.items():
        assert ask(gateway, question + "?", source + version)[0] == "hit", "carried out twice"


@pytest.mark.parametrize("mapping", CHANGES)
def test_whoever_does_not_know_the_secret_changes_nothing(gateway, question, mapping):
    body = (FOLDER / f"{mapping}.json").read_bytes()
    forged = httpx.post(f"{gateway}/v1/invalidations/{mapping}", content=body, headers={
        "content-type": "application/json", "webhook-id": "1", "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1,AAAA", "x-hub-signature-256": "sha256=" + "0" * 64, "x-gitlab-token": "another token"})
    assert (forged.status_code, forged.json()["error"]["code"]) == (401, "invalid_signature")


def test_pushes_to_other_branches_and_other_events_tell_nothing(gateway):
    push, gitlab = (json.loads((FOLDER / name).read_text()) for name in ("github.json", "gitlab.json"))
    zeros = "0" * 40
    for mapping, body in [
            ("github", push | {"ref": "refs/heads/topic"}), ("github", push | {"ref": "refs/tags/v1"}),
            ("github", push | {"deleted": True, "after": zeros}),
            ("github", {"zen": "Design for failure.", "hook_id": 1, "hook": {"type": "Repository"},
                        "repository": push["repository"]}),
            ("gitlab", gitlab | {"object_kind": "tag_push", "ref": "refs/tags/v1"}),
            ("gitlab", gitlab | {"checkout_sha": None, "after": zeros}),
            ("debezium", {"schema": None, "payload": {"ts_ms": 1772366400461}}),
            ("airflow", {"dataset_events": [], "total_entries": 0})]:
        told = deliver(gateway, mapping, json.dumps(body).encode())
        assert told.status_code == 200 and told.json()["received"] == 0, (mapping, told.text)


def test_a_mappings_name_may_be_percent_encoded(gateway):
    body = json.dumps({"dataset_events": [], "total_entries": 0}).encode()
    assert deliver(gateway, "air%66low", body).status_code == 200


def test_a_push_that_does_not_follow_from_the_last_is_believed_all_the_same(gateway, question):
    """Somebody has forced a push, or one was not delivered."""
    push = json.loads((FOLDER / "github.json").read_text())
    push["repository"]["full_name"] = "octo/" + uuid.uuid4().hex
    source = "git/" + push["repository"]["full_name"]
    for before, after in [("1" * 40, "2" * 40), ("7" * 40, "8" * 40)]:
        lease = httpx.get(gateway + "/v1/lease").json()["lease"]
        assert ask(gateway, question + before, source, lease) == ("miss", "yes")
        told = deliver(gateway, "github", json.dumps(push | {"before": before, "after": after}).encode())
        assert told.status_code == 200 and told.json()["changed"] == 1, told.text
        assert ask(gateway, question + before, source)[0] == "miss"
