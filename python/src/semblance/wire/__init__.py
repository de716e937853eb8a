"""The protocol, version 1, without a socket: frames, requests and replies. See docs/PROTOCOL.md."""
