"""As much of a client, written from docs/PROTOCOL.md, as the comparison needs beside `semblance bench`."""
import itertools
import socket
import struct

HELLO, PING, LOOKUP, INSERT, DELETE = 0x01, 0x02, 0x10, 0x11, 0x13
HEADER = struct.Struct("<4sBBHIQ")  # magic, version, opcode, flags, body length, identifier
IN_FLIGHT = 4


class Refused(Exception):
    """The service answered with an error, or with what cannot be read."""


def string(value):
    return struct.pack("<H", len(value.encode())) + value.encode()


def vector(row):
    return struct.pack("<BH", 1, len(row)) + row.astype("<f4").tobytes()


class Reader:
    def __init__(self, body):
        self.body, self.offset = body, 0

    def fields(self, layout):
        values = struct.unpack_from("<" + layout, self.body, self.offset)
        self.offset += struct.calcsize("<" + layout)
        return values

    def take(self, count):
        self.offset += count
        return self.body[self.offset - count : self.offset]

    def refusal(self):
        code, length = self.fields("HH")
        return Refused(f"error {code}: {self.take(length).decode()}")


class Connection:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.replies = self.socket.makefile("rb")
        self.identifier = 0
        self.request(HELLO, b"\x01\x01" + string("peers") + string(""))

    def close(self):
        self.replies.close()
        self.socket.close()

    def send(self, opcode, body):
        self.identifier += 1
        self.socket.sendall(HEADER.pack(b"SMBL", 1, opcode, 0, len(body), self.identifier) + body)
        return self.identifier

    def receive(self):
        header = self.replies.read(HEADER.size)
        if len(header) < HEADER.size:
            raise Refused("the service closed the connection")
        _, _, _, flags, length, identifier = HEADER.unpack(header)
        reader = Reader(self.replies.read(length))
        if flags & 2:
            raise reader.refusal()
        return identifier, reader

    def request(self, opcode, body):
        self.send(opcode, body)
        return self.receive()[1]

    def pipeline(self, opcode, bodies):
        """Sends an iterable of (item, body), a few at a time. Yields items and replies."""
        bodies, waiting = iter(bodies), {}
        while True:
            for item, body in itertools.islice(bodies, IN_FLIGHT - len(waiting)):
                waiting[self.send(opcode, body)] = item
            if not waiting:
                return
            identifier, reader = self.receive()
            yield waiting.pop(identifier), reader

    def insert(self, namespace, rows, batch_rows):
        """Inserts all rows, the row number as payload. Returns the entry number of each row."""
        # No flags, scope 0, no cost; no content type, no tags, no dependencies.
        nothing = bytes(1 + 16 + 8 + 2 + 2 + 2)

        def bodies():
            for first in range(0, len(rows), batch_rows):
                batch = rows[first : first + batch_rows]
                items = (
                    nothing + vector(row) + struct.pack("<II", 4, first + number) for number, row in enumerate(batch))
                head = string(namespace) + string("") + struct.pack("<H", len(batch))
                yield range(first, first + len(batch)), head + b"".join(items)

        entries = [0] * len(rows)
        for batch, reader in self.pipeline(INSERT, bodies()):
            reader.fields("H")
            for row in batch:
                if reader.fields("B")[0] == 0:
                    raise reader.refusal()
                entries[row] = reader.fields("Q")[0]
        return entries

    def look_up(self, namespace, queries, threshold, batch_queries=64):
        """Returns the row of the best hit of each query, -1 for a miss."""
        head = struct.pack("<BH16xfH", 2, 1, threshold, 0)

        def bodies():
            for first in range(0, len(queries), batch_queries):
                batch = queries[first : first + batch_queries]
                items = b"".join(head + vector(query) for query in batch)
                yield range(first, first + len(batch)), string(namespace) + struct.pack("<H", len(batch)) + items

        found = [-1] * len(queries)
        for batch, reader in self.pipeline(LOOKUP, bodies()):
            reader.fields("H")
            for query in batch:
                kind, _ = reader.fields("B32xH")
                if kind == 0:
                    raise reader.refusal()
                if kind == 2:
                    if reader.fields("BB")[1]:
                        reader.fields("f")
                    continue
                reader.fields("H")
                # Match, similarity, flags, number; scope, times, norm and cost; nothing of variable length.
                reader.fields("BfBQ44xHHH")
                found[query] = struct.unpack("<I", reader.take(reader.fields("I")[0]))[0]
        return found

    def delete(self, namespace, entries):
        body = string(namespace) + struct.pack(f"<BH{len(entries)}Q", 0, len(entries), *entries)
        reader = self.request(DELETE, body)
        return sum(reader.fields(f"H{len(entries)}B")[1:])
