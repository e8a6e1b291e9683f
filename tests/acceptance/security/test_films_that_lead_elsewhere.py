"""No file makes the probe or a decoder open an address or another file, whatever it calls itself."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import pytest

from r2r_shared.errors import AnalysisFailed, FilmRefused, UserError
from r2r_shared.film.index import FilmIndex
from r2r_shared.film.probe import scan
from r2r_shared.queries import films, jobs
from r2r_shared.records import FilmProbe
from r2r_workers.media import analyse
from r2r_workers.media.geometry import plan_geometry
from r2r_workers.media.reader import ReaderFailed, open_reader
from r2r_workers.media.settings import DetectorSettings
from tests.acceptance.security import leading_files
from tests.acceptance.security.canaries import Tripwire, WebServer, web_server
from tests.in_process import R2R
from tests.unit.media_films import coded_film, write_film

QUICK = {"preset": "ultrafast", "g": "10"}


@dataclass
class Bait:
    """Hostile files, and what notices when one of them is followed."""

    folder: Path
    files: list[Path]
    server: WebServer
    wire: Tripwire
    good: Path
    probe: FilmProbe

    def nothing_followed(self) -> bool:
        return self.wire.opened() == 0 and self.server.asked == []


@pytest.fixture(scope="module")
def bait(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bait]:
    folder = tmp_path_factory.mktemp("bait")
    good = coded_film(tmp_path_factory.mktemp("good") / "good.mp4", 30, options=QUICK)
    # What the files lead to is a film, so that whoever follows finds what he looks for.
    local = coded_film(tmp_path_factory.mktemp("private") / "private.ts", 30, options=QUICK)
    avi = coded_film(tmp_path_factory.mktemp("avi") / "a.avi", 30, codec="mpeg4")
    with web_server(local.read_bytes()) as server:
        for name, text in leading_files.texts(server.url, local).items():
            (folder / name).write_text(text, encoding="utf-8")
        data = good.read_bytes()
        (folder / "reference.mov").write_bytes(leading_files.quicktime_reference(server.url))
        (folder / "dref-url.mp4").write_bytes(
            leading_files.with_data_reference(data, leading_files.url_entry(server.url))
        )
        (folder / "dref-alias.mov").write_bytes(
            leading_files.with_data_reference(data, leading_files.alias_entry(local))
        )
        playlist = leading_files.texts(server.url, local)
        for name in ("hls.m3u8", "ffconcat.mp4"):
            (folder / f"subtitles-{name.split('.')[0]}.avi").write_bytes(
                leading_files.avi_with_subtitles(avi, playlist[name])
            )
        wire = Tripwire(local)
        yield Bait(folder, sorted(folder.iterdir()), server, wire, good, scan(good))
        wire.close()


def test_the_canaries_notice_who_follows(bait: Bait) -> None:
    """Without this, silence below would prove nothing: libavformat does follow where nobody forbids it."""
    urllib.request.urlopen(f"{bait.server.url}/a.ts").close()  # noqa: S310  (http, on loopback)
    assert bait.server.asked == ["a connection", "/a.ts"]
    bait.server.asked.clear()
    bait.wire.path.read_bytes()
    assert bait.wire.opened() == 1

    with av.open(str(bait.folder / "ffconcat.ffconcat"), options={"safe": "0"}) as container:
        assert container.streams.video
    assert bait.wire.opened() > 0
    with av.open(str(bait.folder / "hls.m3u8"), options={"protocol_whitelist": "file,http,tcp"}) as container:
        assert container.streams.video
    assert "/a.ts" in bait.server.asked
    bait.server.asked.clear()


def test_ingest_refuses_them_in_a_line_each_and_stores_nothing(r2r: R2R, bait: Bait, conn) -> None:
    ended = r2r("ingest", *bait.files, "--detach", "--json")

    said = json.loads(ended.out)
    taken = {Path(row["path"]).name for row in said["films"]}
    # These hold a film of their own beside what leads elsewhere, which nobody reads.
    assert taken <= {"subtitles-hls.avi", "subtitles-ffconcat.avi", "dref-url.mp4"}
    assert len(said["refused"]) == len(bait.files) - len(taken)
    assert all("\n" not in row["error"] and row["hint"] for row in said["refused"])
    assert ended.code == 1
    assert {film.title for film in films.listed(conn)} == {Path(name).stem.replace(".", " ") for name in taken}
    assert len(jobs.listed(conn)) == len(taken)
    assert bait.nothing_followed()


@pytest.mark.parametrize(
    "name", ["hls.mp4", "ffconcat.mp4", "dash.mpd", "dref-url.mp4", "dref-alias.mov", "subtitles-hls.avi"]
)
def test_the_doctor_lists_what_is_in_the_file_and_goes_nowhere(r2r: R2R, bait: Bait, name: str) -> None:
    ended = r2r("doctor", bait.folder / name)

    assert ended.code == 0 or ended.is_one_complaint(), ended
    assert "Traceback" not in ended.err
    assert bait.nothing_followed()


@pytest.mark.parametrize("reader", ["decord", "pyav"])
def test_a_reader_that_finds_one_in_a_films_place_goes_nowhere(bait: Bait, reader: str) -> None:
    """The probe saw a good film; what lies there when the decoder comes is another file."""
    index, geometry = FilmIndex.from_bytes(bait.probe.index), plan_geometry(bait.probe)
    there = open_reader(reader, bait.good, index, geometry, threads=1)
    assert len(list(there.read(0))) == 30

    for path in bait.files:
        with suppress(FilmRefused, ReaderFailed):
            list(open_reader(reader, path, index, geometry, threads=1).read(0))
        assert bait.nothing_followed(), path.name


@pytest.mark.parametrize("name", ["hls.mp4", "dref-alias.mov"])
def test_the_decoding_child_neither(bait: Bait, name: str) -> None:
    with suppress(AnalysisFailed, UserError):  # the alias is passed over, and the frames in the file itself are read
        analyse.analyse_span(
            bait.folder / name,
            probe=bait.probe,
            start_frame=0,
            end_frame=30,
            detector=DetectorSettings(),
            threads=1,
            stall_s=30,
            limit_s=60,
            on_progress=lambda _frames, _shots: None,
            should_stop=lambda: False,
        )

    assert bait.nothing_followed()


def test_a_film_whose_name_is_an_address_or_a_pattern_is_that_file_and_no_other(
    r2r: R2R, bait: Bait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [
        f"{bait.server.url}/film.mp4".replace("//", "/"),
        f"concat:{bait.wire.path.name}|other.mp4",
        "subfile,,start,0,end,9,,:film.mp4",
        "data:video,film.mp4",
        "pipe:0",
        "frame%03d.mp4",
        "crypto:film.mp4",
        "--version.mp4",
    ]
    for number, name in enumerate(names):
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        made = write_film(tmp_path / "made.mp4", [np.full((64, 64, 3), 10 * number, np.uint8)] * 8, options=QUICK)
        made.rename(place)
    for number in range(3):  # what the pattern would take in
        (tmp_path / f"frame{number:03d}.mp4").write_bytes(b"not this")
    monkeypatch.chdir(tmp_path)

    ended = r2r("ingest", "--detach", "--json", "--", *names)

    assert ended.code == 0, ended
    taken = [Path(row["path"]).resolve() for row in json.loads(ended.out)["films"]]
    assert taken == [tmp_path / name for name in names]
    assert bait.nothing_followed()
