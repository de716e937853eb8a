"""The official packages' asynchronous clients at every endpoint: whole and streamed, at once and given up."""
import asyncio
import base64
import struct

import anthropic
import openai
import pydantic
import pytest

from conftest import TRANSPORT_ERRORS, WAIT
from tiny_encoder import DIMENSION, MAXIMUM_TOKENS

TOOLS = [{"type": "function", "function": {
    "name": "look_up", "strict": True,
    "parameters": {"type": "object", "properties": {}, "required": [], "additionalProperties": False}}}]
RESPONSES_TOOLS = [{"type": "function", "name": "look_up", "parameters": {"type": "object", "properties": {}},
                    "strict": False}]
MESSAGES_TOOLS = [{"name": "look_up", "input_schema": {"type": "object", "properties": {}}}]


class Answer(pydantic.BaseModel):
    answer: str


@pytest.fixture
def run(gateway):
    """Runs a coroutine function with both clients, whose connections belong to its event loop."""
    def run(test):
        async def whole():
            async with openai.AsyncOpenAI(base_url=gateway + "/v1", api_key="sk-test", max_retries=0, default_headers=WAIT) as client, \
                    anthropic.AsyncAnthropic(base_url=gateway, api_key="sk-test", max_retries=0, default_headers=WAIT) as other:
                await test(client, other)
        asyncio.run(whole())
    return run


def chat(question, model="echo", **more):
    return {"model": model, "messages": [{"role": "user", "content": question}], **more}


def message(question, model="claude-echo", **more):
    return chat(question, model, max_tokens=100, **more)


async def chat_text(stream):
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


async def response_text(stream):
    events = [event async for event in stream]
    # The package hands such an event on, like any other.
    if events[-1].type == "error":
        assert events[-1].code == "upstream_unavailable"
        raise openai.APIError(events[-1].message, request=None, body=None)
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


async def message_text(stream):
    return "".join([event.delta.text async for event in stream
                    if event.type == "content_block_delta" and event.delta.type == "text_delta"])


async def asked(client, other, api, question, *, stream, suffix=""):
    """The answer's text by one of the APIs, and what the response said about the cache."""
    if api == "chat":
        answer = await client.chat.completions.with_raw_response.create(
            **chat(question, "echo" + suffix, stream=stream))
        read = chat_text
    elif api == "responses":
        answer = await client.responses.with_raw_response.create(model="echo" + suffix, input=question, stream=stream)
        read = response_text
    else:
        answer = await other.messages.with_raw_response.create(
            **message(question, "claude-echo" + suffix, stream=stream))
        read = message_text
    parsed, cache = answer.parse(), answer.headers["x-semblance-cache"]
    if asyncio.iscoroutine(parsed):
        parsed = await parsed
    if stream:
        text = await read(parsed)
        if cache == "miss":
            await stored(client, other, api, question, suffix)
    elif api == "chat":
        text = parsed.choices[0].message.content
    else:
        text = parsed.output_text if api == "responses" else parsed.content[0].text
    return text, cache


async def stored(client, other, api, question, suffix):
    """The packages stop reading at the mark of the end, a moment before the answer is stored."""
    for _ in range(500):
        try:
            headers = {"cache-control": "only-if-cached"}
            if api == "chat":
                return await client.chat.completions.create(**chat(question, "echo" + suffix), extra_headers=headers)
            if api == "responses":
                return await client.responses.create(model="echo" + suffix, input=question, extra_headers=headers)
            return await other.messages.create(**message(question, "claude-echo" + suffix), extra_headers=headers)
        except (openai.InternalServerError, anthropic.InternalServerError):
            await asyncio.sleep(0.01)
    raise AssertionError("the answer was never stored")


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@pytest.mark.parametrize("first", [False, True])
def test_a_hit_is_replayed_in_either_form(run, upstream, question, api, first):
    async def test(client, other):
        expected = "You asked: " + question
        assert await asked(client, other, api, question, stream=first) == (expected, "miss")
        for stream in (first, not first, first):
            assert await asked(client, other, api, question, stream=stream) == (expected, "hit")
        assert len(upstream.take()) == 1

    run(test)


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
def test_odd_chunks_say_the_same_and_are_stored(run, upstream, question, api):
    async def test(client, other):
        for cache in ("miss", "hit"):
            assert await asked(client, other, api, question, stream=True, suffix="-odd") == (
                "You asked: " + question, cache)
        assert len(upstream.take()) == 1

    run(test)


@pytest.mark.parametrize("api", ["chat", "responses", "messages"])
@pytest.mark.parametrize("kind", ["cut", "reset"])
def test_an_answer_that_breaks_off_at_any_byte_is_an_error_and_never_stored(run, upstream, question, api, kind):
    async def test(client, other):
        # All but the last bytes: the answers are longer than these, and shorter than the last.
        for stream, bytes_ in [(stream, bytes_) for stream in (True, False)
                               for bytes_ in (0, 1, 2, 7, 40, 41, 100, 150, 200)]:
            for _ in range(2):
                with pytest.raises((openai.APIError, anthropic.APIError, *TRANSPORT_ERRORS)):
                    text, _ = await asked(client, other, api, question, stream=stream, suffix=f"-{kind}-{bytes_}")
                    # A stream may end without a word of what is missing: then it has to be noticed by what is there.
                    assert text == "You asked: " + question, f"{bytes_} bytes were taken for the whole"
        assert len(upstream.take()) == 36

    run(test)


def test_usage_of_a_hit_is_that_of_the_answer_with_a_prompt_from_the_cache(run, question):
    async def test(client, other):
        miss, hit = [(await client.chat.completions.create(**chat(question))).usage for _ in range(2)]
        assert (hit.prompt_tokens, hit.completion_tokens, hit.total_tokens) == (
            miss.prompt_tokens, miss.completion_tokens, miss.total_tokens)
        assert (miss.prompt_tokens_details.cached_tokens, hit.prompt_tokens_details.cached_tokens) == (0, 7)
        miss, hit = [(await client.responses.create(model="echo", input=question)).usage for _ in range(2)]
        assert (hit.input_tokens, hit.output_tokens, hit.total_tokens) == (
            miss.input_tokens, miss.output_tokens, miss.total_tokens)
        assert (miss.input_tokens_details.cached_tokens, hit.input_tokens_details.cached_tokens) == (0, 7)
        miss, hit = [(await other.messages.create(**message(question))).usage for _ in range(2)]
        assert hit.output_tokens == miss.output_tokens > 1
        # Here the tokens of a prompt cache are not counted among the others.
        assert (miss.input_tokens, hit.input_tokens, hit.cache_read_input_tokens) == (7, 0, 7)

    run(test)


def test_tools_are_called_by_every_api_and_never_stored(run, upstream, question):
    async def test(client, other):
        for _ in range(2):
            choice = (await client.chat.completions.create(**chat(question, "echo-tools", tools=TOOLS))).choices[0]
            assert choice.message.tool_calls[0].function.arguments == '{"q":"x"}'
            async with client.chat.completions.stream(**chat(question, "echo-tools", tools=TOOLS)) as stream:
                final = (await stream.get_final_completion()).choices[0]
            assert final.finish_reason == "tool_calls"
            assert final.message.tool_calls[0].function.arguments == '{"q":"x"}'

            whole = await client.responses.create(model="echo-tools", input=question, tools=RESPONSES_TOOLS)
            async with client.responses.stream(model="echo-tools", input=question, tools=RESPONSES_TOOLS) as stream:
                final = await stream.get_final_response()
            for response in (whole, final):
                assert (response.output[0].type, response.output[0].arguments) == ("function_call", '{"q":"x"}')

            whole = await other.messages.create(**message(question, "claude-echo-tools", tools=MESSAGES_TOOLS))
            async with other.messages.stream(**message(question, "claude-echo-tools", tools=MESSAGES_TOOLS)) as stream:
                final = await stream.get_final_message()
            for answer in (whole, final):
                assert answer.stop_reason == "tool_use" and answer.content[0].input == {"q": "x"}
        assert len(upstream.take()) == 12

    run(test)


def test_an_answer_to_the_results_of_tools_is_cached_letter_for_letter(run, upstream, question):
    async def test(client, other):
        call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"q":"x"}'}}
        for result in ("blue", "blue", "red"):
            answer = await client.chat.completions.create(model="echo", tools=TOOLS, messages=[
                {"role": "user", "content": question}, {"role": "assistant", "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": result}])
            assert answer.choices[0].message.content == "You asked: " + question
        assert len(upstream.take()) == 2
        for result in ("blue", "blue", "red"):
            await other.messages.create(model="claude-echo", max_tokens=100, tools=MESSAGES_TOOLS, messages=[
                {"role": "user", "content": question},
                {"role": "assistant", "content": [
                    {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"q": "x"}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": result}]}])
        assert len(upstream.take()) == 2

    run(test)


def test_structured_output_is_parsed_from_hits_of_every_api(run, upstream, question):
    async def test(client, other):
        for _ in range(2):
            parsed = await client.chat.completions.parse(**chat(question, "echo-json", response_format=Answer))
            assert parsed.choices[0].message.parsed.answer == question
            async with client.chat.completions.stream(
                    **chat(question, "echo-json", response_format=Answer)) as stream:
                assert (await stream.get_final_completion()).choices[0].message.parsed.answer == question
        assert len(upstream.take()) == 1
        for _ in range(2):
            response = await client.responses.parse(model="echo-json", input=question, text_format=Answer)
            assert response.output_parsed.answer == question
            async with client.responses.stream(model="echo-json", input=question, text_format=Answer) as stream:
                assert (await stream.get_final_response()).output_parsed.answer == question
        assert len(upstream.take()) == 1
        for _ in range(2):
            answer = await other.messages.parse(**message(question, "claude-echo-json", output_format=Answer))
            assert answer.parsed_output.answer == question
        assert len(upstream.take()) == 1
        # Another schema is another question.
        await client.chat.completions.create(**chat(question, "echo-json"))
        assert len(upstream.take()) == 1

    run(test)


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_embeddings_are_cached_in_each_encoding(run, upstream, question, encoding):
    async def test(client, _):
        # Without an encoding the package asks for base64, and reads it.
        arguments = {"model": "echo", "input": [question, "else"]} | (
            {"encoding_format": encoding} if encoding else {})
        first, second = [(await client.embeddings.create(**arguments)).data for _ in range(2)]
        assert [item.embedding for item in first] == [item.embedding for item in second]
        vector = first[0].embedding
        assert len(struct.unpack("<64f", base64.b64decode(vector)) if encoding == "base64" else vector) == 64
        assert len(upstream.take()) == 1

    run(test)


def test_the_gateways_own_encoder_speaks_to_the_package(run, upstream):
    async def test(client, _):
        one = await client.embeddings.create(model="tiny-encoder", input="reset my password")
        assert one.usage.prompt_tokens == one.usage.total_tokens == 5 and one.model == "tiny-encoder"
        vector = one.data[0].embedding
        assert len(vector) == DIMENSION and abs(sum(value * value for value in vector) - 1) < 1e-5
        texts = ["a b", "reset my password", "refund policy ?"]
        for model, arguments in [("tiny-encoder", {}), ("embedder", {"encoding_format": "float"}),
                                 ("embedder", {"encoding_format": "base64", "dimensions": DIMENSION})]:
            several = await client.embeddings.create(model=model, input=texts, **arguments)
            middle = several.data[1].embedding
            if arguments.get("encoding_format") == "base64":
                middle = list(struct.unpack(f"<{DIMENSION}f", base64.b64decode(middle)))
            assert [item.index for item in several.data] == [0, 1, 2] and middle == pytest.approx(vector, abs=1e-7)
            assert several.usage.prompt_tokens == 4 + 5 + 5
        together = await asyncio.gather(*(
            client.embeddings.create(model="tiny-encoder", input="a " * (1 + number % 20)) for number in range(100)))
        assert [answer.usage.prompt_tokens for answer in together] == [3 + number % 20 for number in range(100)]
        for number, answer in enumerate(together):
            assert answer.data[0].embedding == together[number % 20].data[0].embedding
        for wrong, param in [({"input": [1, 2]}, "input"), ({"input": ""}, "input"), ({"input": []}, "input"),
                             ({"input": "a", "dimensions": 8}, "dimensions"),
                             ({"input": ["a", "b " * MAXIMUM_TOKENS]}, "input[1]")]:
            with pytest.raises(openai.BadRequestError) as failure:
                await client.embeddings.create(model="tiny-encoder", **wrong)
            assert (failure.value.code, failure.value.param) == ("invalid_request", param)
        assert upstream.take() == []

    run(test)


def test_models_are_listed_and_found_by_both_packages(run):
    async def test(client, other):
        names = [model.id async for model in client.models.list()]
        assert names == ["echo", "embedder", "team/echo", "tiny-encoder"]
        assert [model.id async for model in other.models.list()] == names
        for name in names:
            # The packages percent-encode what is no plain name.
            assert (await client.models.retrieve(name)).id == name
            found = await other.models.retrieve(name)
            assert (found.id, found.type, found.display_name) == (name, "model", name)
        with pytest.raises(openai.NotFoundError) as failure:
            await client.models.retrieve("nobodys/model")
        assert failure.value.code == "model_not_found" and "'nobodys/model'" in failure.value.message
        with pytest.raises(anthropic.NotFoundError) as failure:
            await other.models.retrieve("nobodys")
        assert failure.value.body["error"]["type"] == "not_found_error"

    run(test)


def test_every_class_of_errors_has_its_code(run, question):
    async def test(client, other):
        for kind, status, code, headers, arguments in [
                (openai.BadRequestError, 400, "invalid_request", {}, {"messages": "none"}),
                (openai.BadRequestError, 400, "invalid_header", {"x-semblance-ttl": "soon"}, {}),
                (openai.BadRequestError, 400, "invalid_header", {"x-semblance-route": "small"}, {}),
                (openai.BadRequestError, 400, "invalid_header", {"x-semblance-trim": "on"}, {}),
                (openai.BadRequestError, 400, "unknown_use_case", {"x-semblance-use-case": "nobodys"}, {}),
                (openai.APIStatusError, 413, "request_too_large", {}, {"messages": [
                    {"role": "user", "content": "x" * (17 << 20)}]}),
                (openai.InternalServerError, 504, "not_cached", {"cache-control": "only-if-cached"}, {}),
                (openai.InternalServerError, 504, "deadline_exceeded", {"x-semblance-deadline": "100ms"},
                 {"model": "echo-hang"}),
        ]:
            with pytest.raises(kind) as failure:
                await client.chat.completions.create(**chat(question) | arguments, extra_headers=headers)
            assert (failure.value.status_code, failure.value.code) == (status, code)
            assert failure.value.response.headers["x-semblance-request-id"].startswith("req_")
        for kind, type_, code, headers, arguments in [
                (anthropic.BadRequestError, "invalid_request_error", "invalid_request", {}, {"messages": "none"}),
                (anthropic.BadRequestError, "invalid_request_error", "invalid_header", {"x-semblance-ttl": "x"}, {}),
                (anthropic.RequestTooLargeError, "request_too_large", "request_too_large", {}, {"messages": [
                    {"role": "user", "content": "x" * (17 << 20)}]}),
                (anthropic.APIStatusError, "timeout_error", "deadline_exceeded", {"x-semblance-deadline": "100ms"},
                 {"model": "claude-echo-hang"}),
        ]:
            with pytest.raises(kind) as failure:
                await other.messages.create(**message(question) | arguments, extra_headers=headers)
            error = failure.value.body["error"]
            assert (failure.value.body["type"], error["type"], error["code"]) == ("error", type_, code)
            assert failure.value.body["request_id"] == failure.value.response.headers["x-semblance-request-id"]
        for status, kind in [(400, openai.BadRequestError), (401, openai.AuthenticationError),
                             (403, openai.PermissionDeniedError), (404, openai.NotFoundError),
                             (409, openai.ConflictError), (422, openai.UnprocessableEntityError),
                             (429, openai.RateLimitError), (500, openai.InternalServerError)]:
            with pytest.raises(kind, match="as asked"):
                await client.responses.create(model=f"status-{status}", input=question)

    run(test)


@pytest.mark.parametrize("api", ["chat", "responses", "messages", "embeddings"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_ends_the_upstreams_call(run, upstream, question, api, stream):
    if api == "embeddings" and stream:
        pytest.skip("embeddings are not streamed")
    upstream.lost = 0

    async def test(client, other):
        if api == "embeddings":
            call = client.embeddings.create(model="echo-hang", input=question)
        else:
            call = asked(client, other, api, question, stream=stream, suffix="-hang")
        task = asyncio.ensure_future(call)
        while not upstream.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert upstream.lost == 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(upstream.lost_soon, 1)

    run(test)


def test_a_call_goes_on_while_one_of_its_listeners_is_there(run, upstream, question):
    upstream.lost = 0

    async def test(client, _):
        ask = lambda: asyncio.ensure_future(client.chat.completions.create(**chat(question, "echo-hang")))
        first, second = ask(), ask()
        while not upstream.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)
        assert len(upstream.take()) == 1
        first.cancel()
        assert not await asyncio.to_thread(upstream.lost_soon, 1, 0.5)
        second.cancel()
        assert await asyncio.to_thread(upstream.lost_soon, 1)

    run(test)
