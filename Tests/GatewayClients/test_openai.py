"""The official `openai` package, unmodified, against every endpoint."""
import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid

import httpx
import openai
import pydantic
import pytest

from conftest import TRANSPORT_ERRORS, WAIT, until_stored


@pytest.fixture(scope="module")
def client(gateway):
    return openai.OpenAI(base_url=gateway + "/v1", api_key="sk-test", max_retries=0, default_headers=WAIT)


@pytest.fixture(scope="module")
def asynchronous(gateway):
    return openai.AsyncOpenAI(base_url=gateway + "/v1", api_key="sk-test", max_retries=0, default_headers=WAIT)


def messages(question):
    return [{"role": "system", "content": "Be brief."}, {"role": "user", "content": question}]


def cache_header(response):
    return response.headers["x-semblance-cache"]


def announce(gateway, news):
    """A webhook, signed as Standard Webhooks has it, by the secret in gateway.yaml."""
    body, identifier, now = json.dumps(news).encode(), f"msg_{uuid.uuid4().hex}", str(int(time.time()))
    signature = hmac.new(
        b"0123456789abcdef0123456789abcdef", f"{identifier}.{now}.".encode() + body, hashlib.sha256).digest()
    return httpx.post(gateway + "/v1/invalidations", content=body, headers={
        "content-type": "application/json", "webhook-id": identifier, "webhook-timestamp": now,
        "webhook-signature": "v1," + base64.b64encode(signature).decode()})


def text_of(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_a_repeated_chat_costs_one_call(client, upstream, question):
    answers = [
        client.chat.completions.with_raw_response.create(model="echo", messages=messages(question)) for _ in range(2)]
    assert [cache_header(a) for a in answers] == ["miss", "hit"]
    first, second = (a.parse() for a in answers)
    assert first.choices[0].message.content == "You asked: " + question == second.choices[0].message.content
    assert second.choices[0].finish_reason == "stop" and second.usage.total_tokens == first.usage.total_tokens
    assert len(upstream.take()) == 1


def test_a_stream_is_stored_and_replayed_as_a_stream_and_as_a_body(client, gateway, upstream, question):
    streams = []
    for _ in range(2):
        streams.append(text_of(client.chat.completions.create(
            model="echo", messages=messages(question), stream=True)))
        until_stored(gateway + "/v1/chat/completions", {"model": "echo", "messages": messages(question)})
    whole = client.chat.completions.create(model="echo", messages=messages(question))
    assert set(streams) == {"You asked: " + question} and whole.choices[0].message.content == streams[0]
    assert len(upstream.take()) == 1


def test_a_body_is_replayed_as_a_stream_with_usage_when_asked(client, upstream, question):
    client.chat.completions.create(model="echo", messages=messages(question))
    chunks = list(client.chat.completions.create(
        model="echo", messages=messages(question), stream=True, stream_options={"include_usage": True}))
    assert text_of(chunks) == "You asked: " + question
    assert chunks[-1].usage.total_tokens > 7 and chunks[-1].choices == []
    assert len(upstream.take()) == 1


def test_a_client_that_did_not_ask_for_usage_gets_none_in_its_stream(client, question):
    for _ in range(2):
        chunks = list(client.chat.completions.create(model="echo", messages=messages(question), stream=True))
        assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_unknown_fields_reach_the_upstream(client, upstream, question):
    client.chat.completions.create(
        model="echo", messages=messages(question), extra_body={"some_new_field": {"b": [1, 2.50, "ü"], "a": None}})
    (_, headers, body), = upstream.take()
    assert json.loads(body)["some_new_field"] == {"b": [1, 2.5, "ü"], "a": None} and '"ü"'.encode() in body
    assert not any(name.startswith("x-semblance") for name in headers)


def test_tool_calls_pass_through_and_are_not_stored(client, upstream, question):
    tools = [{"type": "function", "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}}}]
    for _ in range(2):
        answer = client.chat.completions.create(model="echo-tools", messages=messages(question), tools=tools)
        assert answer.choices[0].message.tool_calls[0].function.name == "look_up"
    for _ in range(2):
        chunks = list(client.chat.completions.create(
            model="echo-tools", messages=messages(question), tools=tools, stream=True))
        assert chunks[-1].choices[0].finish_reason == "tool_calls"
    assert len(upstream.take()) == 4


def test_structured_output_is_parsed_from_a_hit_too(client, upstream, question):
    class Answer(pydantic.BaseModel):
        answer: str

    for _ in range(2):
        parsed = client.chat.completions.parse(
            model="echo-json", messages=messages(question), response_format=Answer)
        assert parsed.choices[0].message.parsed.answer == question
    assert len(upstream.take()) == 1


def test_an_answer_that_was_cut_by_its_length_is_not_stored(client, upstream, question):
    for _ in range(2):
        client.chat.completions.create(model="echo-length", messages=messages(question))
    assert len(upstream.take()) == 2


@pytest.mark.parametrize("kind", ["cut", "reset"])
@pytest.mark.parametrize("bytes_", [0, 1, 150, 300, 700])
def test_a_stream_that_breaks_off_is_never_stored(client, upstream, question, kind, bytes_):
    model = f"echo-{kind}-{bytes_}"
    for _ in range(2):
        with pytest.raises((openai.APIError, *TRANSPORT_ERRORS)):
            text_of(client.chat.completions.create(model=model, messages=messages(question), stream=True))
    assert len(upstream.take()) == 2


def test_odd_chunking_changes_nothing(client, question):
    for _ in range(2):
        assert text_of(client.chat.completions.create(
            model="echo-odd", messages=messages(question), stream=True)) == "You asked: " + question


def test_another_system_prompt_model_or_temperature_is_another_question(client, upstream, question):
    base = {"model": "echo", "messages": messages(question), "temperature": 0}
    variants = [base, base | {"temperature": 1}, base | {"model": "echo-odd"},
                base | {"messages": [{"role": "system", "content": "Be long."}, base["messages"][1]]}]
    for variant in variants:
        client.chat.completions.create(**variant)
    assert len(upstream.take()) == len(variants)


def test_users_do_not_share(client, upstream, question):
    for user in ("alice", "bob", "alice"):
        client.chat.completions.create(model="echo", messages=messages(question), user=user)
    assert len(upstream.take()) == 2


def test_no_store_and_no_cache_are_obeyed(client, upstream, question):
    ask = lambda **headers: client.chat.completions.with_raw_response.create(
        model="echo", messages=messages(question), extra_headers=headers)
    ask(**{"cache-control": "no-store"})
    assert cache_header(ask()) == "miss"
    assert cache_header(ask()) == "hit"
    assert cache_header(ask(**{"cache-control": "no-cache"})) != "hit"
    assert len(upstream.take()) == 3


def test_only_if_cached_asks_nobody(client, upstream, question):
    with pytest.raises(openai.APIStatusError) as failure:
        client.chat.completions.create(
            model="echo", messages=messages(question), extra_headers={"cache-control": "only-if-cached"})
    assert failure.value.status_code == 504 and failure.value.code == "not_cached"
    assert upstream.take() == []


def test_an_invalidation_ends_the_answers_built_on_it(client, gateway, upstream, question):
    source = f"kb/{uuid.uuid4().hex}"
    ask = lambda version: client.chat.completions.with_raw_response.create(
        model="echo", messages=messages(question), extra_headers={"x-semblance-depends-on": f"{source}@{version}"})
    assert [cache_header(ask(1)), cache_header(ask(1))] == ["miss", "hit"]
    assert httpx.post(gateway + "/v1/invalidations", json={"source": source, "version": 2}).status_code == 401
    told = announce(gateway, {"source": source, "version": 2})
    assert told.status_code == 200, told.text
    assert cache_header(ask(1)) == "miss", "computed from version 1"
    assert cache_header(ask(1)) == "miss", "was not stored"
    assert cache_header(ask(2)) == "miss"
    assert cache_header(ask(2)) == "hit"


def test_an_unversioned_dependency_needs_a_lease(client, gateway, question):
    source = f"kb/{uuid.uuid4().hex}"
    ask = lambda **headers: client.chat.completions.with_raw_response.create(
        model="echo", messages=messages(question), extra_headers={"x-semblance-depends-on": source} | headers)
    assert [cache_header(ask()), cache_header(ask())] == ["miss", "miss"]
    lease = httpx.get(gateway + "/v1/lease").json()["lease"]
    ask(**{"x-semblance-lease": lease})
    assert cache_header(ask()) == "hit"


def test_errors_of_the_upstream_pass_through(client, question):
    for status in (400, 401, 429, 500, 503):
        with pytest.raises(openai.APIStatusError) as failure:
            client.chat.completions.create(model=f"status-{status}", messages=messages(question))
        assert failure.value.status_code == status and "as asked" in failure.value.message


def test_bad_requests_get_openais_error_object(client, gateway):
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model="echo", messages="not a list")
    assert failure.value.code == "invalid_request" and failure.value.param == "messages"
    answer = httpx.post(gateway + "/v1/chat/completions", content=b'{"model": "echo", ', headers={
        "content-type": "application/json"})
    assert answer.status_code == 400 and answer.json()["error"]["code"] == "invalid_json"
    assert httpx.get(gateway + "/v1/nowhere").json()["error"]["code"] == "unknown_endpoint"


def test_responses_are_cached_whole_and_streamed(client, upstream, question):
    answers = [client.responses.create(model="echo", input=question) for _ in range(2)]
    assert {a.output_text for a in answers} == {"You asked: " + question}
    with client.responses.stream(model="echo", input=question) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output_text == "You asked: " + question and final.status == "completed"
    assert len(upstream.take()) == 1


def test_a_streamed_response_is_replayed(client, upstream, question):
    kinds = []
    for _ in range(2):
        kinds.append([event.type for event in client.responses.create(model="echo", input=question, stream=True)])
    assert kinds[0][0] == kinds[1][0] == "response.created" and kinds[0][-1] == kinds[1][-1] == "response.completed"
    assert len(upstream.take()) == 1


def test_embeddings_and_models_are_served(client, question):
    one = client.embeddings.create(model="echo", input=question).data[0].embedding
    both = client.embeddings.create(model="echo", input=[question, "else"], encoding_format="float").data
    assert len(one) == len(both[0].embedding) and [d.index for d in both] == [0, 1]
    assert "echo" in [model.id for model in client.models.list()]


def test_many_at_once_make_one_call(asynchronous, upstream, question):
    async def all_at_once():
        return await asyncio.gather(*(
            asynchronous.chat.completions.create(model="echo-slow", messages=messages(question)) for _ in range(50)))

    answers = asyncio.run(all_at_once())
    assert {a.choices[0].message.content for a in answers} == {"You asked: " + question}
    assert len(upstream.take()) == 1
