"""An upstream that speaks OpenAI's and Anthropic's protocols and can misbehave, byte by byte.

What it does follows from the model that is asked for: `echo` answers with the last user message; `echo-tools` calls a
tool; `echo-json` answers with JSON; `echo-slow` waits half a second before each piece; `echo-odd` sends one byte at a
time; `echo-cut-N` closes the connection after N bytes of the body; `echo-reset-N` resets it; `status-N` answers with
that status and an error object; `echo-length` ends with finish reason `length`; `echo-hang` says the first piece of a
stream, or nothing, and then waits until it is hung up on, which `lost` counts.
"""
import asyncio
import base64
import hashlib
import json
import re
import socket
import struct
import threading
import time


def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def last_user_text(body):
    if isinstance(body.get("input"), str):
        return body["input"]
    messages = body.get("messages") or body.get("input") or []
    return next((text_of(m.get("content")) for m in reversed(messages) if m.get("role") == "user"), "")


def words(text):
    return re.findall(r"\S+\s*", text) or [""]


class FakeUpstream:
    def __init__(self):
        self.requests = []
        self.lost = 0
        self.lock = threading.Lock()
        self.number = 0
        started = threading.Event()
        self.loop = asyncio.new_event_loop()

        async def serve():
            self.server = await asyncio.start_server(self.connected, "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]
            started.set()

        def run():
            asyncio.set_event_loop(self.loop)
            self.loop.create_task(serve())
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        started.wait(10)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def take(self):
        """What was asked since the last call: (path, headers, body as bytes)."""
        with self.lock:
            taken, self.requests = self.requests, []
        return taken

    def lost_soon(self, count, seconds=10):
        """Whether so many callers have hung up on it, or do within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.lost < count:
            time.sleep(0.01)
        return self.lost == count

    # MARK: HTTP

    async def connected(self, reader, writer):
        try:
            while await self.answer(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = await reader.readline()
            if not line:
                return False
            head += line
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (l.partition(":") for l in lines if l)}
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await reader.readline()).split(b";")[0], 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        path = first.split(" ")[1]
        with self.lock:
            self.requests.append((path, headers, body))
            self.number += 1
            number = self.number
        request = json.loads(body or b"{}")
        model = request.get("model", "echo")
        if found := re.fullmatch(r"status-(\d+)", model):
            await self.plain(writer, int(found[1]), json.dumps(
                {"error": {"message": "as asked", "type": "server_error", "param": None, "code": None}}).encode())
            return True
        endpoint = path.split("?")[0].rsplit("/v1", 1)[-1]
        maker = {"/chat/completions": chat, "/responses": responses, "/messages": messages, "/embeddings": embeddings}
        if endpoint == "/models":
            await self.plain(writer, 200, json.dumps({"object": "list", "data": [
                {"id": "echo", "object": "model", "created": 1, "owned_by": "fake"}]}).encode())
            return True
        if endpoint not in maker:
            await self.plain(writer, 404, b'{"error":{"message":"no such path","type":"invalid_request_error"}}')
            return True
        pieces = maker[endpoint](request, number)
        if model.endswith("-hang"):
            return await self.hang(reader, writer, pieces if request.get("stream") else [])
        return await (self.stream if request.get("stream") else self.whole)(writer, model, pieces)

    async def hang(self, reader, writer, pieces):
        if pieces:
            writer.write(STREAM_HEAD + chunk(pieces[0]))
            await writer.drain()
        if await asyncio.wait_for(reader.read(1), 60) == b"":
            with self.lock:
                self.lost += 1
        return False

    async def plain(self, writer, status, body):
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
            "x-request-id: fake\r\n\r\n".encode() + body)
        await writer.drain()

    async def whole(self, writer, model, pieces):
        body = b"".join(pieces)
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode()
        return await self.send(writer, model, head, [body], lambda piece: piece, b"")

    async def stream(self, writer, model, pieces):
        return await self.send(writer, model, STREAM_HEAD, pieces, chunk, b"0\r\n\r\n")

    async def send(self, writer, model, head, pieces, frame, tail):
        writer.write(head)
        cut = re.search(r"-(cut|reset)-(\d+)$", model)
        left = int(cut[2]) if cut else None
        for piece in pieces:
            if model.endswith("-slow"):
                await asyncio.sleep(0.5)
            if left is not None and len(piece) > left:
                writer.write(frame(piece[:left]) if left else b"")
                await writer.drain()
                if cut[1] == "reset":
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.close()
                return False
            if left is not None:
                left -= len(piece)
            for part in [piece[i:i + 1] for i in range(len(piece))] if model.endswith("-odd") else [piece]:
                writer.write(frame(part))
            await writer.drain()
        writer.write(tail)
        await writer.drain()
        return True


STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(piece):
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def event(data, name=None):
    text = (f"event: {name}\n" if name else "") + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
    return text.encode()


def usage_chat(text):
    return {"prompt_tokens": 7, "completion_tokens": len(words(text)), "total_tokens": 7 + len(words(text)),
            "prompt_tokens_details": {"cached_tokens": 0}}


def answer_text(request):
    model = request.get("model", "echo")
    if model.startswith("echo-json"):
        return json.dumps({"answer": last_user_text(request)})
    return "You asked: " + last_user_text(request)


def chat(request, number):
    text, model = answer_text(request), request.get("model", "echo")
    reason = "length" if model == "echo-length" else "tool_calls" if model == "echo-tools" else "stop"
    call = {"id": "call_1", "type": "function", "function": {"name": "look_up", "arguments": '{"q":"x"}'}}
    base = {"id": f"chatcmpl-{number}", "created": 1_700_000_000 + number, "model": model, "system_fingerprint": "fp"}
    if not request.get("stream"):
        message = {"role": "assistant", "content": text, "refusal": None}
        if reason == "tool_calls":
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        return [json.dumps(base | {"object": "chat.completion", "usage": usage_chat(text), "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}]}).encode()]
    base["object"] = "chat.completion.chunk"

    def piece(delta, finish=None):
        return event(base | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})

    pieces = [piece({"role": "assistant", "content": ""})]
    if reason == "tool_calls":
        pieces.append(piece({"tool_calls": [{"index": 0} | call]}))
    else:
        pieces += [piece({"content": word}) for word in words(text)]
    pieces.append(piece({}, reason))
    if (request.get("stream_options") or {}).get("include_usage"):
        pieces.append(event(base | {"choices": [], "usage": usage_chat(text)}))
    return pieces + [event("[DONE]")]


def responses(request, number):
    text = answer_text(request)
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": f"msg_{number}", "status": "completed", "role": "assistant", "content": [part]}
    calls_tool = request.get("model") == "echo-tools"
    if calls_tool:
        item = {"type": "function_call", "id": f"fc_{number}", "call_id": "call_1", "name": "look_up",
                "arguments": '{"q":"x"}', "status": "completed"}
    usage = {"input_tokens": 7, "output_tokens": len(words(text)), "total_tokens": 7 + len(words(text)),
             "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    whole = {"id": f"resp_{number}", "object": "response", "created_at": 1_700_000_000 + number, "status": "completed",
             "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
             "model": request.get("model", "echo"), "output": [item], "parallel_tool_calls": True, "temperature": 1.0,
             "tool_choice": "auto", "tools": [], "top_p": 1.0, "usage": usage}
    if not request.get("stream"):
        return [json.dumps(whole).encode()]
    begun = whole | {"status": "in_progress", "output": [], "usage": None}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    if calls_tool:
        place = {"item_id": item["id"], "output_index": 0}
        events = [("response.created", {"response": begun}), ("response.in_progress", {"response": begun}),
                  ("response.output_item.added", {"output_index": 0, "item": item | {
                      "status": "in_progress", "arguments": ""}}),
                  ("response.function_call_arguments.delta", place | {"delta": item["arguments"]}),
                  ("response.function_call_arguments.done", place | {"arguments": item["arguments"], "name": "look_up"}),
                  ("response.output_item.done", {"output_index": 0, "item": item}),
                  ("response.completed", {"response": whole})]
        return [event({"type": name, "sequence_number": order} | data, name)
                for order, (name, data) in enumerate(events)]
    events = [("response.created", {"response": begun}), ("response.in_progress", {"response": begun}),
              ("response.output_item.added", {"output_index": 0, "item": item | {"status": "in_progress", "content": []}}),
              ("response.content_part.added", place | {"part": part | {"text": ""}})]
    events += [("response.output_text.delta", place | {"delta": word, "logprobs": []}) for word in words(text)]
    events += [("response.output_text.done", place | {"text": text, "logprobs": []}),
               ("response.content_part.done", place | {"part": part}),
               ("response.output_item.done", {"output_index": 0, "item": item}),
               ("response.completed", {"response": whole})]
    return [event({"type": name, "sequence_number": order} | data, name) for order, (name, data) in enumerate(events)]


def messages(request, number):
    text = answer_text(request)
    model = request.get("model", "echo")
    reason = "max_tokens" if model == "echo-length" else "tool_use" if model == "echo-tools" else "end_turn"
    block = {"type": "text", "text": text}
    if reason == "tool_use":
        block = {"type": "tool_use", "id": "toolu_1", "name": "look_up", "input": {"q": "x"}}
    base = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": request.get("model", "echo")}
    usage = {"input_tokens": 7, "output_tokens": len(words(text))}
    if not request.get("stream"):
        return [json.dumps(base | {"content": [block], "stop_reason": reason,
                                   "stop_sequence": None, "usage": usage}).encode()]
    events = [("message_start", {"message": base | {"content": [], "stop_reason": None, "stop_sequence": None,
                                                    "usage": usage | {"output_tokens": 1}}}),
              ("content_block_start", {"index": 0, "content_block": block | (
                  {"input": {}} if reason == "tool_use" else {"text": ""})}), ("ping", {})]
    deltas = [{"type": "text_delta", "text": word} for word in words(text)]
    if reason == "tool_use":
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in ('{"q"', ':"x"}')]
    events += [("content_block_delta", {"index": 0, "delta": delta}) for delta in deltas]
    events += [("content_block_stop", {"index": 0}),
               ("message_delta", {"delta": {"stop_reason": reason, "stop_sequence": None},
                                  "usage": {"output_tokens": len(words(text))}}), ("message_stop", {})]
    return [event({"type": name} | data, name) for name, data in events]


def embeddings(request, number):
    """Vectors that follow from the words: texts of the same words in any order are the same."""
    def vector(text):
        sums = [0.0] * 64
        for word in sorted(re.findall(r"\w+", text.lower())):
            for index, byte in enumerate(hashlib.sha512(word.encode()).digest()):
                sums[index] += (byte - 127.5) / 128
        length = sum(value * value for value in sums) ** 0.5 or 1
        values = [value / length for value in sums]
        if request.get("encoding_format") == "base64":
            return base64.b64encode(struct.pack("<64f", *values)).decode()
        return values

    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    return [json.dumps({"object": "list", "model": request.get("model", "echo"),
                        "data": [{"object": "embedding", "index": i, "embedding": vector(t)} for i, t in enumerate(texts)],
                        "usage": {"prompt_tokens": 3, "total_tokens": 3}}).encode()]
