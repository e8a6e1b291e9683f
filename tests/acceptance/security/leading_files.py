"""Files that call themselves films and lead elsewhere: to a web server, or to another file of this machine."""

from __future__ import annotations

import struct
from pathlib import Path

import av


def texts(url: str, local: Path) -> dict[str, str]:
    """Playlists and other texts by the name they go under; `url` and `local` lead to what must not be opened."""
    segment = "#EXTINF:10,\n"
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-MEDIA-SEQUENCE:0\n"
    return {
        "hls.m3u8": f"{head}{segment}{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls.mp4": f"{head}{segment}{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls-local.mkv": f"{head}{segment}{local}\n#EXT-X-ENDLIST\n",
        "hls-file.avi": f"{head}{segment}file://{local}\n#EXT-X-ENDLIST\n",
        "hls-nested.ts": f"{head}{segment}file:file:{local}\n#EXT-X-ENDLIST\n",
        "hls-bom.mp4": f"\ufeff{head}{segment}{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls-key.mp4": f'{head}#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n{segment}{local}\n#EXT-X-ENDLIST\n',
        "hls-map.mp4": f'{head}#EXT-X-MAP:URI="{url}/init.mp4"\n{segment}{local}\n#EXT-X-ENDLIST\n',
        "hls-master.mp4": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{url}/low.m3u8\n",
        "hls-concat.mp4": f"{head}{segment}concat:{url}/a.ts|{local}\n#EXT-X-ENDLIST\n",
        "hls-subfile.mp4": f"{head}{segment}subfile,,start,0,end,0,,:{local}\n#EXT-X-ENDLIST\n",
        "hls-crypto.mp4": f"{head}{segment}crypto+{url}/a.ts\n#EXT-X-ENDLIST\n",
        "hls-data.mp4": f"{head}{segment}data:video/mp2t;base64,AAAA\n{segment}cache:{url}/a.ts\n",
        "ffconcat.mp4": f"ffconcat version 1.0\nfile '{local}'\n",
        "ffconcat-web.mkv": f"ffconcat version 1.0\nfile '{url}/a.mp4'\nduration 5\n",
        "ffconcat-subfile.avi": f"ffconcat version 1.0\nfile 'subfile,,start,0,end,0,,:{local}'\n",
        "ffconcat.ffconcat": f"ffconcat version 1.0\nfile '{local}'\n",
        "dash.mp4": f"""<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"
            mediaPresentationDuration="PT10S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1"
            bandwidth="1"><BaseURL>{url}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>""",
        "dash.mpd": f'<MPD><!DOCTYPE x [<!ENTITY e SYSTEM "file://{local}">]><BaseURL>{url}/</BaseURL>&e;</MPD>',
        "session.mp4": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\na=control:{url}\n"
        "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "rtsp.mov": f"RTSPtext\nrtsp://{url.removeprefix('http://')}/a\n",
        "asx.wmv": f'<asx version="3.0"><entry><ref href="{url}/a.wmv"/></entry></asx>',
        "reference.asf": f"[Reference]\nRef1={url}/a.wmv\nRef2={local}\n",
        "pls.mp4": f"[playlist]\nFile1={url}/a.mp4\nNumberOfEntries=1\n",
        "smil.mp4": f'<smil><body><video src="{url}/a.mp4"/></body></smil>',
        "ram.flv": f"{url}/a.rm\n",
    }


def quicktime_reference(url: str) -> bytes:
    """A QuickTime movie that holds nothing but the address of another (rmra, rmda, rdrf)."""
    address = url.encode() + b"/a.mov\0"
    reference = _box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(address)) + address)
    return _box(b"ftyp", b"qt  \0\0\0\0qt  ") + _box(b"moov", _box(b"rmra", _box(b"rmda", reference)))


def with_data_reference(film: bytes, entry: bytes) -> bytes:
    """An mp4 whose frames are said to lie elsewhere: `entry` takes the place of “in this file”.

    Its index must stand at the end, as PyAV writes it: then no offset changes.
    """
    return b"".join(_box(kind, _referring(body, entry) if kind == b"moov" else body) for kind, body in _boxes(film))


def url_entry(url: str) -> bytes:
    return _box(b"url ", bytes(4) + url.encode() + b"/a.mp4\0")


def alias_entry(local: Path) -> bytes:
    """A Macintosh alias, which libavformat reads for the path of the file."""
    name, where = local.name.encode()[:63], str(local).encode()
    record = bytes(10) + bytes([4]) + b"disk".ljust(27, b"\0") + bytes(12)
    record += bytes([len(name)]) + name.ljust(63, b"\0") + bytes(16) + struct.pack(">hh", 1, 1) + bytes(16)
    record += struct.pack(">HH", 2, len(where)) + where + bytes(len(where) % 2) + struct.pack(">H", 0xFFFF)
    return _box(b"alis", bytes(4) + record.ljust(160, b"\0"))


def avi_with_subtitles(film: Path, subtitles: str) -> bytes:
    """An AVI of `film`'s packets and a text stream in XSUB's old way: a whole file of any format inside (GAB2).

    libavformat opens what is inside with a demuxer of its own choice: in 2017 that was a way to read any file.
    """
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        frames = [bytes(packet) for packet in container.demux(stream) if packet.size]
        extra = stream.codec_context.extradata or b""
    bitmap = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"FMP4", 0, 0, 0, 0, 0)
    streams = b""
    for kind, form in ((b"vids", bitmap + extra), (b"txts", bitmap)):
        head = struct.pack(
            "<4s4sIHHIIIIIIIIhhhh",
            kind,
            b"\0" * 4,
            0,
            0,
            0,
            0,
            1,
            25,
            0,
            len(frames),
            1 << 16,
            0,
            0,
            0,
            0,
            width,
            height,
        )
        streams += _list(b"strl", _chunk(b"strh", head) + _chunk(b"strf", form))
    main = struct.pack("<14I", 40_000, 0, 0, 0x10, len(frames), 0, 2, 1 << 16, width, height, 0, 0, 0, 0)
    text = subtitles.encode()
    inside = b"GAB2\0" + struct.pack("<HIH", 2, 0, 4) + struct.pack("<I", len(text)) + text
    film_data = _chunk(b"01tx", inside) + b"".join(_chunk(b"00dc", frame) for frame in frames)
    whole = b"AVI " + _list(b"hdrl", _chunk(b"avih", main) + streams) + _list(b"movi", film_data)
    return b"RIFF" + struct.pack("<I", len(whole)) + whole


def _referring(body: bytes, entry: bytes) -> bytes:
    if body[:4] == bytes(4) and body[8:12] != b"url ":  # not a container of boxes
        return body
    out = b""
    for kind, inside in _boxes(body):
        if kind == b"dref":
            out += _box(kind, bytes(4) + struct.pack(">I", 1) + entry)
        elif kind in {b"trak", b"mdia", b"minf", b"dinf"}:
            out += _box(kind, _referring(inside, entry))
        else:
            out += _box(kind, inside)
    return out


def _boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _list(kind: bytes, body: bytes) -> bytes:
    return b"LIST" + struct.pack("<I", len(body) + 4) + kind + body
