"""Pictures from a server that misbehaves: whole, bounded, and gone on with where they were cut off."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from r2r_shared.errors import AskedToWait, NotFetched, Stopped
from r2r_shared.fetching import cache as cache_module
from r2r_shared.fetching import records
from r2r_shared.fetching.addresses import Addresses, server_of
from r2r_shared.fetching.cache import Cache
from r2r_shared.fetching.client import Client, Limits
from r2r_shared.fetching.download import download
from r2r_shared.fetching.pace import Pace
from r2r_shared.fetching.patience import Patience
from tests import museum_server
from tests.museum_server import Answer, document, page

PICTURE = museum_server.picture("a large one", width=1600, height=1200)
QUICK = Patience(attempts=4, first_s=0.02)


@pytest.fixture(scope="module")
def server():
    with museum_server.running() as museum:
        yield museum


@pytest.fixture
def museum(server):
    server.paths.clear()
    server.forget()
    return server


@pytest.fixture
def client(server):
    made = Client(Addresses([server.netloc]), Pace(1000), limits=Limits(silence_s=0.5, whole_s=2.0, wait_s=1.5))
    yield made
    made.close()


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / "cache")
    made.make()
    return made


def fetch(client, cache, url, **options):
    return download(client, QUICK, url, cache.entry(1, url), **options)


def left(cache):
    return sorted(path.suffix for path in cache.directory.iterdir())


def test_a_picture_comes_whole_and_is_asked_for_once(museum, client, cache):
    url = museum.on("/a.jpg", Answer(PICTURE))
    assert fetch(client, cache, url).read_bytes() == PICTURE
    assert fetch(client, cache, url).read_bytes() == PICTURE
    (asked,) = museum.asked()
    assert asked.headers["User-Agent"].startswith("reel-to-real/")
    assert left(cache) == [".whole"]


def test_whom_to_write_to_is_said(museum, cache):
    with Client(Addresses([museum.netloc]), Pace(1000), contact="curator@museum.example").get(
        museum.on("/a.jpg", Answer(PICTURE))
    ):
        pass
    assert museum.asked()[0].headers["User-Agent"].endswith(" (+curator@museum.example)")


@settings(max_examples=15)
@given(cut=st.integers(0, len(PICTURE) - 1), cuts=st.integers(1, 3), validator=st.sampled_from(['"v1"', 'W/"v1"', ""]))
def test_a_cut_picture_is_gone_on_with_or_begun_again_but_always_whole(server, tmp_path_factory, cut, cuts, validator):
    server.paths.clear()
    server.forget()
    cache = Cache(tmp_path_factory.mktemp("cache"))
    client = Client(Addresses([server.netloc]), Pace(1000), limits=Limits(silence_s=0.5))
    url = server.on(
        "/cut.jpg", lambda nth: Answer(PICTURE, cut_after=cut if nth <= cuts else None, validator=validator)
    )

    found = fetch(client, cache, url)
    client.close()

    assert found.read_bytes() == PICTURE
    resumed = [one.headers["Range"] for one in server.asked() if "Range" in one.headers]
    if validator.startswith('"') and cut:  # a weak tag may not stand in If-Range
        assert resumed[0] == f"bytes={cut}-"
    else:
        assert resumed == []


def test_a_part_of_another_run_is_gone_on_with(museum, client, cache):
    url = museum.on("/a.jpg", Answer(PICTURE, cut_after=50_000, validator='"v1"'))
    with pytest.raises(NotFetched, match=r"cut off .*asked 4 times"):
        fetch(client, cache, url)
    assert left(cache) == [".part", ".state"]
    museum.forget()

    museum.on("/a.jpg", Answer(PICTURE, validator='"v1"'))
    assert fetch(client, cache, url).read_bytes() == PICTURE
    (asked,) = museum.asked()
    assert asked.headers["Range"] == "bytes=200000-"  # four times 50,000
    assert left(cache) == [".whole"]


def test_a_picture_that_changed_meanwhile_is_begun_again(museum, client, cache):
    other = museum_server.picture("another", width=1600, height=1200)
    url = museum.on(
        "/a.jpg",
        lambda nth: Answer(PICTURE, cut_after=9000, validator='"v1"') if nth == 1 else Answer(other, validator='"v2"'),
    )
    assert fetch(client, cache, url).read_bytes() == other


def test_a_server_that_sends_another_part_than_was_asked_for_is_not_believed(museum, client, cache):
    wrong = Answer(PICTURE[5:], status=206, headers={"Content-Range": f"bytes 5-{len(PICTURE) - 1}/{len(PICTURE)}"})
    url = museum.on("/a.jpg", lambda nth: Answer(PICTURE, cut_after=9000, validator='"v1"') if nth == 1 else wrong)
    with pytest.raises(NotFetched, match="another part"):
        fetch(client, cache, url)


def test_a_picture_of_200_mb_is_refused_before_it_is_read(museum, client, cache):
    url = museum.on("/a.jpg", Answer(b"x" * 1000, declared=200 << 20))
    with pytest.raises(NotFetched, match=r"too large \(200 MB, at most 64 are fetched\)") as caught:
        fetch(client, cache, url)
    assert caught.value.final
    assert len(museum.asked()) == 1
    assert left(cache) == []


def test_one_that_never_ends_is_left_at_the_limit(museum, client, cache):
    url = museum.on("/a.jpg", Answer(endless=True))
    with pytest.raises(NotFetched, match="too large"):
        fetch(client, cache, url, max_bytes=1 << 20)
    assert left(cache) == []


def test_a_web_page_is_no_picture(museum, client, cache):
    with pytest.raises(NotFetched, match="a web page instead of a picture"):
        fetch(client, cache, museum.on("/a.jpg", page()))


def test_a_server_that_falls_silent_or_drips_is_not_waited_for(museum, client, cache):
    slow = museum.on("/slow.jpg", Answer(PICTURE, delay_s=1.0))
    with pytest.raises(NotFetched, match="does not answer"):
        download(client, Patience(attempts=1), slow, cache.entry(1, slow))
    drip = museum.on("/drip.jpg", Answer(PICTURE, drip_s=0.05))
    began = time.monotonic()
    with pytest.raises(NotFetched, match="not whole after 2 s"):
        download(client, Patience(attempts=1), drip, cache.entry(1, drip))
    assert time.monotonic() - began < 4


def test_a_retry_after_in_seconds_is_kept_for_every_thread(museum, client, cache):
    url = museum.on(
        "/a.jpg", lambda nth: Answer(status=429, headers={"Retry-After": "1"}) if nth == 1 else Answer(PICTURE)
    )
    other = museum.on("/b.jpg", Answer(PICTURE))
    first = threading.Thread(target=fetch, args=(client, cache, url))
    first.start()
    while not museum.asked("/a.jpg"):
        time.sleep(0.01)
    time.sleep(0.1)
    fetch(client, cache, other)
    first.join(5)

    times = {one.path: one.at for one in museum.asked()}
    begun = museum.asked("/a.jpg")[0].at
    assert times["/a.jpg"] - begun >= 1.0
    assert times["/b.jpg"] - begun >= 1.0


def test_a_retry_after_as_a_date_that_is_far_away_puts_the_host_off(museum, client, cache):
    when = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    text = when.strftime("%a, %d %b %Y %H:%M:%S GMT")
    url = museum.on("/a.jpg", Answer(status=503, headers={"Retry-After": text}))
    with pytest.raises(AskedToWait) as caught:
        fetch(client, cache, url)
    assert abs((caught.value.until - when).total_seconds()) < 2
    with pytest.raises(AskedToWait):
        fetch(client, cache, museum.on("/b.jpg", Answer(PICTURE)))
    assert len(museum.asked()) == 1


@pytest.mark.parametrize(("status", "times"), [(404, 1), (403, 1), (410, 1), (400, 1), (500, 4), (503, 4), (429, 4)])
def test_what_is_final_is_asked_for_once_and_the_rest_four_times(museum, client, cache, status, times):
    url = museum.on("/a.jpg", Answer(status=status))
    with pytest.raises(NotFetched) as caught:
        fetch(client, cache, url)
    assert caught.value.final == (times == 1)
    assert len(museum.asked()) == times


def test_a_server_that_is_away_is_asked_four_times(cache):
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    client = Client(Addresses([f"127.0.0.1:{port}"]), Pace(1000))
    with pytest.raises(NotFetched, match="does not answer") as caught:
        fetch(client, cache, f"http://127.0.0.1:{port}/a.jpg")
    assert not caught.value.final


@pytest.mark.parametrize(
    "to", ["http://10.1.2.3/a.jpg", "http://169.254.169.254/", "http://[::1]/a", "file:///etc/passwd"]
)
def test_a_redirect_leads_nowhere_that_was_not_allowed(museum, client, cache, to):
    url = museum.on("/a.jpg", Answer(status=302, headers={"Location": to}))
    with pytest.raises(NotFetched, match=r"not on the public internet|not a web address"):
        fetch(client, cache, url)


def test_redirects_are_followed_and_end(museum, client, cache):
    museum.on("/b.jpg", Answer(PICTURE))
    url = museum.on("/a.jpg", Answer(status=307, headers={"Location": "b.jpg"}))
    assert fetch(client, cache, url).read_bytes() == PICTURE
    round_ = museum.on("/round.jpg", Answer(status=302, headers={"Location": "/round.jpg"}))
    with pytest.raises(NotFetched, match="redirected too often"):
        fetch(client, cache, round_)
    assert len(museum.asked("/round.jpg")) == 6


def test_a_body_that_was_compressed_is_refused(museum, client, cache):
    url = museum.on("/a.jpg", Answer(PICTURE, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NotFetched, match="compressed"):
        fetch(client, cache, url)


def test_connections_are_kept(museum, client, cache):
    for n in range(5):
        fetch(client, cache, museum.on(f"/{n}.jpg", Answer(PICTURE)))
        with pytest.raises(NotFetched):
            fetch(client, cache, museum.on(f"/{n}-lost.jpg", Answer(b"{}", status=404)))
    assert museum.connections() == 1


def test_stopping_ends_a_download_that_waits(museum, client, cache):
    url = museum.on("/a.jpg", Answer(PICTURE, drip_s=0.2))
    ended = []

    def run():
        try:
            fetch(client, cache, url)
        except Stopped:
            ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    while not museum.asked():
        time.sleep(0.01)
    began = time.monotonic()
    client.pace.stop.set()
    client.close()
    thread.join(5)
    assert ended
    assert ended[0] - began < 0.5


@pytest.fixture
def raw():
    """A server that sends given bytes, whatever it is asked, one by one where that is wanted."""
    listening = socket.create_server(("127.0.0.1", 0))
    said = {"bytes": b"", "drip_s": 0.0}

    def serve():
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            if not said["drip_s"]:
                connection.sendall(said["bytes"])
                return
            for byte in said["bytes"]:
                connection.sendall(bytes([byte]))
                time.sleep(said["drip_s"])

    threading.Thread(target=serve, daemon=True).start()
    yield said, f"http://127.0.0.1:{listening.getsockname()[1]}/a.jpg"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()


_PIECES = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 206 Partial\r\n", b"HTTP/1.1 302 Found\r\n", b"HTTP/1.1 429 No\r\n"),
        *(
            b"HTTP/1.1 99999 x\r\n",
            b"HTTP/0.9\r\n",
            b"\r\n",
            b"\n",
            b"\0\xff",
            b"Location: http://[::1\r\n",
            b"Location:",
        ),
        *(b"Location: \xc3\xa9\r\n", b"Content-Length: -1\r\n", b"Content-Length: 5, 6\r\n", b"Content-Length: 9\r\n"),
        *(b"Transfer-Encoding: chunked\r\n", b"zz\r\n", b"5\r\nabcde\r\n", b"0\r\n\r\n", b"Content-Encoding: gzip\r\n"),
        *(b'ETag: "a\r\n b"\r\n', b"Retry-After: 9e9\r\n", b"Content-Range: bytes 5-4/3\r\n", b"x" * 70_000),
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_PIECES, max_size=7))
def test_whatever_a_server_sends_is_a_picture_or_a_reason(raw, tmp_path_factory, pieces):
    said, url = raw
    said["bytes"] = b"".join(pieces)
    cache = Cache(tmp_path_factory.mktemp("cache"))
    client = Client(Addresses([server_of(url)]), Pace(1000), limits=Limits(silence_s=0.5, wait_s=0))
    try:
        download(client, Patience(attempts=2, first_s=0.001), url, cache.entry(1, url))
    except (NotFetched, AskedToWait):
        pass
    finally:
        client.close()


def test_a_server_that_drips_its_headers_is_shut_off(raw, cache):
    said, url = raw
    said.update(bytes=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1000, drip_s=0.05)
    client = Client(Addresses([server_of(url)]), Pace(1000), limits=Limits(silence_s=0.3, whole_s=0.5))
    ended = []

    def run():
        with pytest.raises(NotFetched, match=r"cut off|does not answer"):
            download(client, Patience(attempts=1), url, cache.entry(1, url))
        ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    began = time.monotonic()
    while not ended and time.monotonic() - began < 5:
        client.reap()
        time.sleep(0.05)
    thread.join(5)
    assert ended
    assert 0.8 <= time.monotonic() - began < 5


def test_a_record_is_json_of_bounded_size(museum, client):
    def ask(answer):
        return records.get(client, QUICK, museum.on("/record", answer), max_bytes=1000)

    assert ask(document({"objectID": 1})) == {"objectID": 1}
    assert ask(Answer(b'\xef\xbb\xbf{"a": NaN}')) == {"a": None}
    for answer, reason in [
        (page(), "a web page instead of a record"),
        (Answer(b"{not json"), "not JSON"),
        (Answer(b"\xff\xfe\x00"), "not JSON"),
        (Answer(b"[" * 900), "not JSON"),
        (document({"a": "x" * 2000}), "too large"),
        (Answer(endless=True), "too large"),
    ]:
        with pytest.raises(NotFetched, match=reason):
            ask(answer)


def test_what_earlier_runs_left_is_cleared_when_it_is_old_or_too_much_and_nothing_else_is(tmp_path, monkeypatch):
    # Given a directory that is open to a group, with files of ours and of others in it
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o750)
    monkeypatch.setattr(cache_module, "MOST_LEFT_BYTES", 2500)
    new, newer, old, stale = Cache(directory).entry(1, "a"), *(Cache(directory).answer(n, "b") for n in (2, 3, 4))
    for path, age in ((new.part, 60), (newer.whole, 0), (old.part, 7200), (stale.state, 8 * 86400)):
        path.write_bytes(b"x" * 1000)
        _age(path, age)
    others = ("ubuntu.iso.part", "my.state", "mine.txt", "12-x.whole", f"{new.whole.stem}.jpg", "1-.part")
    for name in others:
        (directory / name).write_bytes(b"x" * 5000)
        _age(directory / name, 30 * 86400)

    Cache(directory).make()

    # Then of ours the old one and what is too much are gone, and the directory is as it was
    assert {path.name for path in directory.iterdir()} == {*others, new.part.name, newer.whole.name}
    assert directory.stat().st_mode & 0o777 == 0o750


def test_a_cache_that_is_missing_is_made_for_its_owner_alone(tmp_path):
    Cache(tmp_path / "new" / "cache").make()
    assert (tmp_path / "new" / "cache").stat().st_mode & 0o777 == 0o700


def test_a_body_that_ends_with_its_connection_is_kept_as_one_that_may_be_cut(museum, client, cache):
    for path, answer, cut in (
        ("/unsized.jpg", Answer(PICTURE, unsized=True), True),
        ("/sized.jpg", Answer(PICTURE), False),
    ):
        url = museum.on(path, answer)
        assert fetch(client, cache, url).read_bytes() == PICTURE
        assert cache.entry(1, url).may_be_cut() is cut


def test_a_redirect_to_another_port_of_a_named_server_is_not_followed(museum, client, cache):
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.2)
        url = museum.on(
            "/a.jpg", Answer(status=302, headers={"Location": f"http://127.0.0.1:{other.getsockname()[1]}/"})
        )
        with pytest.raises(NotFetched, match="not on the public internet"):
            fetch(client, cache, url)
        with pytest.raises(TimeoutError):
            other.accept()


def _age(path: Path, seconds: float) -> None:
    import os

    when = time.time() - seconds
    os.utime(path, (when, when))
