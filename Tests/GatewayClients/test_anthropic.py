"""The official `anthropic` package, unmodified."""
import anthropic
import pytest

from conftest import TRANSPORT_ERRORS, WAIT, until_stored


@pytest.fixture(scope="module")
def client(gateway):
    return anthropic.Anthropic(base_url=gateway, api_key="sk-test", max_retries=0, default_headers=WAIT)


def arguments(question, model="claude-echo"):
    return {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": question}]}


def test_a_repeated_message_costs_one_call(client, upstream, question):
    answers = [client.messages.with_raw_response.create(**arguments(question)) for _ in range(2)]
    assert [a.headers["x-semblance-cache"] for a in answers] == ["miss", "hit"]
    for answer in (a.parse() for a in answers):
        assert answer.content[0].text == "You asked: " + question and answer.stop_reason == "end_turn"
    assert len(upstream.take()) == 1


def test_a_stream_is_stored_and_replayed(client, gateway, upstream, question):
    for _ in range(2):
        with client.messages.stream(**arguments(question)) as stream:
            assert "".join(stream.text_stream) == "You asked: " + question
            assert stream.get_final_message().usage.output_tokens > 1
        until_stored(gateway + "/v1/messages", arguments(question), **{
            "anthropic-version": client.default_headers["anthropic-version"]})
    assert client.messages.create(**arguments(question)).content[0].text == "You asked: " + question
    assert len(upstream.take()) == 1


def test_an_answer_that_was_cut_is_not_stored(client, upstream, question):
    for _ in range(2):
        client.messages.create(**arguments(question, "claude-echo-length"))
    for _ in range(2):
        with pytest.raises((anthropic.APIError, *TRANSPORT_ERRORS)), client.messages.stream(
                **arguments(question, "claude-echo-cut-400")) as stream:
            stream.get_final_message()
    assert len(upstream.take()) == 4


def test_the_system_prompt_is_part_of_the_question(client, upstream, question):
    for system in ("a", "b", "a"):
        client.messages.create(**arguments(question), system=system)
    assert len(upstream.take()) == 2


def test_errors_have_anthropics_shape(client, gateway):
    with pytest.raises(anthropic.BadRequestError) as failure:
        client.messages.create(model="claude-echo", max_tokens=10, messages="not a list")
    assert failure.value.body["type"] == "error" and failure.value.body["error"]["type"] == "invalid_request_error"
