"""What child and parent say to each other: length-prefixed JSON heads with raw bytes after them. No pickle.

    4 bytes, big endian: length of the head    the head, JSON    the blobs whose lengths head["blobs"] lists

Message kinds: progress {frames, shots} · shot {…, keyframes} + JPEGs · done {…} · failed {reason, retry}
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict
from typing import Any

from r2r_shared.records import Box, FoundKeyframe, FoundShot

MAX_HEAD_BYTES = 16 << 20
MAX_BLOB_BYTES = 16 << 20

Message = tuple[dict[str, Any], list[bytes]]


def pack(head: dict[str, Any], blobs: list[bytes] | None = None) -> bytes:
    """One message as bytes."""
    blobs = blobs or []
    text = json.dumps({**head, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join([struct.pack(">I", len(text)), text, *blobs])


def pack_shot(shot: FoundShot) -> bytes:
    """A shot and its keyframes' JPEGs."""
    head = asdict(shot)
    blobs = [keyframe.pop("jpeg") for keyframe in head["keyframes"]]
    return pack({"kind": "shot", "shot": head}, blobs)


def unpack_shot(head: dict[str, Any], blobs: list[bytes]) -> FoundShot:
    """What `pack_shot` packed."""
    shot: dict[str, Any] = head["shot"]
    keyframes: list[FoundKeyframe] = []
    for fields, jpeg in zip(shot["keyframes"], blobs, strict=True):
        values: dict[str, Any] = {**fields, "crop": Box(**fields["crop"]), "jpeg": jpeg}
        keyframes.append(FoundKeyframe(**values))
    whole: dict[str, Any] = {**shot, "keyframes": tuple(keyframes)}
    return FoundShot(**whole)


class Unpacker:
    """Turns bytes as they arrive into messages.

    Raises (from `feed`):
        ValueError: the bytes are no messages of ours.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Messages that are complete now."""
        self._buffer += data
        messages: list[Message] = []
        while (message := self._next()) is not None:
            messages.append(message)
        return messages

    def _next(self) -> Message | None:
        buffer = self._buffer
        if len(buffer) < 4:
            return None
        (size,) = struct.unpack_from(">I", buffer)
        if size > MAX_HEAD_BYTES:
            raise ValueError("a message head too long")
        if len(buffer) < 4 + size:
            return None
        head: dict[str, Any] = json.loads(bytes(buffer[4 : 4 + size]))
        lengths: list[int] = head["blobs"]
        if any(not 0 <= length <= MAX_BLOB_BYTES for length in lengths):
            raise ValueError("a blob too long")
        end = 4 + size + sum(lengths)
        if len(buffer) < end:
            return None
        blobs: list[bytes] = []
        at = 4 + size
        for length in lengths:
            blobs.append(bytes(buffer[at : at + length]))
            at += length
        del buffer[:end]
        return head, blobs
