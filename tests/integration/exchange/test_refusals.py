"""What no data set of r2r can be is refused in one line that names the file, and leaves nothing behind.

The checksums hold in all of these: someone changed the data set and signed it anew.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from r2r_shared.errors import UserError
from tests import data_sets
from tests.data_sets import Installation

NAN = math.nan
NOTHING = dict.fromkeys(data_sets.ROWS, 0)


def index_of(frames: int, body: bytes) -> bytes:
    """A frame index whose head says one thing and whose body may be another."""
    head = json.dumps(
        {
            **{"frames": frames, "iframes": 1, "time_base": [1, 25], "end_pts": frames},
            **{"open_gop": False, "by_place": False, "clocks": []},
        }
    ).encode()
    return b"R2RI\x02" + struct.pack("<I", len(head)) + head + zlib.compress(body)


VALUES: list[tuple[str, str, Any, str]] = [
    ("paintings", "collection_id", 99, r"paintings.parquet points to a row that is not in collections.parquet"),
    ("paintings", "id", 2, "cannot be: duplicate key"),
    ("paintings", "file", "../../.ssh/id_rsa", "column file: “../../.ssh/id_rsa” is no name of a file"),
    ("paintings", "file", "/etc/passwd", "is no name of a file in its folder"),
    ("paintings", "file", "", "is no name of a file in its folder"),
    ("paintings", "file", "2.jpg", "cannot be: duplicate key"),
    ("paintings", "sha256", "../../x", "column sha256: a digest is none"),
    ("paintings", "title", "x" * 70_000, "a text is longer than 65,536 characters"),
    ("paintings", "extra", "[1]", "column extra: a text is no JSON object"),
    ("paintings", "extra", "{", "column extra: a text is no JSON"),
    ("paintings", "extra", '{"a": "\\u0000"}', "cannot be: unsupported Unicode escape sequence"),
    ("paintings", "width", 0, "column width: 0 is less than 1"),
    ("paintings", "year_from", 1_000_000, "column year_from: 1000000 is more than 20000"),
    ("painting_features", "painting_id", 99, "points to a row that is not in paintings.parquet"),
    ("painting_features", "avg_dof", NAN, "column avg_dof: a number is not finite"),
    ("painting_features", "avg_dof", 1.0, "does not have the fingerprint"),
    ("painting_features", "avg_dof", 1e300, "column avg_dof: 1e+300 is more than 1e+06"),
    ("painting_features", "saturation", 256.0, "column saturation: 256.0 is more than 255"),
    ("painting_features", "balance", -1.0, "column balance: -1.0 is less than -0.001"),
    ("painting_features", "dc", [1e15] * 9, "column dc: 999999986991104.0 is more than 255"),
    ("painting_features", "dc", [-1e30] * 9, "is less than -0.001"),
    ("painting_features", "embedding", [0.0] * 16, "column embedding: an embedding is not of unit length"),
    ("painting_features", "embedding", [1e20] * 16, "column embedding: an embedding is not of unit length"),
    ("keyframe_features", "embedding", [0.25] * 15 + [0.3], "an embedding is not of unit length"),
    ("painting_features", "dc", [0.0] * 8 + [math.inf], "column dc: a number is not finite"),
    ("painting_features", "embedding", [NAN] * 16, "column embedding: a number is not finite"),
    ("painting_nearness", "painting_id", 99, "points to a row that is not in paintings.parquet"),
    ("painting_nearness", "nearness", 1e308, "column nearness: 1e+308 is more than 1"),
    ("unrelated", "nearness", -0.5, "column nearness: -0.5 is less than 0"),
    ("unrelated", "scores", [2.0], "column scores: 2.0 is more than 1"),
    ("metric_ranges", "high", 1e300, "column high: 1e+300 is more than 2e+06"),
    ("collections", "name", "", "column name: a text is empty"),
    ("collections", "name", "\x00\x1b", "column name: a text is empty"),
    ("collections", "name", "x" * 60_000, "column name: a text is longer than 500 characters"),
    ("paintings", "file", "a\0b.jpg", "is no name of a file in its folder"),
    ("paintings", "file", "".join(chr(300 + n * 7919 % 20_000) for n in range(20_000)), "cannot be: index row"),
    ("metric_ranges", "metric", "beauty", "metric_ranges.parquet does not name the eight metrics"),
    ("metric_ranges", "range", 0.0, "column range: 0.0 is less than 1e-12"),
    ("metric_ranges", "centre", [1.0] * 10, "a list is longer than 9"),
    ("unrelated", "scores", [0.5, 0.4], "scores that do not ascend"),
    ("unrelated", "scores", [NAN], "column scores: a number is not finite"),
    ("profiles", "dim", 17, "profiles.parquet is not of the profile that manifest.json names"),
    ("films", "sha256", "0" * 63, "a digest is none"),
    ("films", "file", "../film.mp4", "is no name of a file in its folder"),
    ("films", "file", "a\0b.mp4", "is no name of a file in its folder"),
    ("films", "width", 200_000, "column width: 200000 is more than 131072"),
    ("films", "width", 641, "cannot be: its width is 641, and 640 in its probe"),
    ("films", "fps_num", 2**62, "column fps_num: 4611686018427387904 is more than 1e+10"),
    ("films", "fps_num", 50, "cannot be: 50/1 frames a second, and 25 by its index"),
    ("films", "duration_s", 0.0, "cannot be: it lasts 0 s, and 5 s by its index"),
    ("films", "start_s", 7.5, "cannot be: its first frame is shown at another time by its index"),
    ("films", "codec", "hevc", "cannot be: its codec is hevc, and h264 in its probe"),
    ("films", "frames", 0, "column frames: 0 is less than 1"),
    ("films", "probe", "{}", "films.parquet: what is said of the file of “Film 0.0” cannot be"),
    ("films", "frame_index", b"", "what is said of the file of “Film 0.0” cannot be: not a frame index"),
    ("films", "frame_index", index_of(2**40, b""), "cannot be: a frame index of 1099511627776 frames"),
    ("films", "frame_index", index_of(125, bytes(1 << 24)), "cannot be: a frame index of the wrong length"),
    ("films", "frames", 2_000_000_000, "column frames: 2000000000 is more than 2e+07"),
    ("films", "fps_den", 0, "column fps_den: 0 is less than 1"),
    ("films", "duration_s", NAN, "column duration_s: a number is not finite"),
    ("shots", "film_id", 99, "shots.parquet points to a row that is not in films.parquet"),
    ("shots", "transition", "wipe", "column transition: a word is none of cut, dissolve, fade"),
    ("shots", "blank", "grey", "column blank: a word is none of black, white, title"),
    ("shots", "end_frame", 60, "shots that overlap"),
    ("shots", "end_frame", 0, "shots that overlap, end before they begin"),
    ("shots", "start_frame", -1, "column start_frame: -1 is less than 0"),
    ("shots", "start_s", 0.5, "shots.parquet holds times in “Film 0.0” at which the film's index has other frames"),
    ("shots", "end_s", 9e6, "shots.parquet holds times in “Film 0.0” at which the film's index has other frames"),
    ("keyframes", "time_s", 1.0, "keyframes.parquet holds times in “Film 0.0”"),
    ("keyframes", "crop", [0, 0, 0, 0], "a keyframe that shows more than its film's picture"),
    ("keyframes", "crop", [1, 0, 640, 360], "a keyframe that shows more than its film's picture"),
    ("keyframes", "shot_id", 99, "keyframes.parquet points to a row that is not in shots.parquet"),
    ("keyframes", "frame", 50, "a keyframe outside its shot"),
    ("keyframes", "crop", [0, 0, -1, 1], "column crop: -1 is less than 0"),
    ("keyframe_features", "keyframe_id", 99, "points to a row that is not in keyframes.parquet"),
    ("keyframe_features", "contrast", -math.inf, "column contrast: a number is not finite"),
    ("film_matches", "how", "guess", "a word is none of exact, lists"),
    ("film_matches", "film_id", 99, "points to a row that is not in films.parquet"),
    ("matches", "painting_id", 99, "matches.parquet names a keyframe, film or painting that is not in the data set"),
    ("matches", "keyframe_id", 99, "matches.parquet names a keyframe, film or painting that is not in the data set"),
    ("matches", "rank", 2, "has a rank twice"),
    ("matches", "score", 7.0, "column score: 7.0 is more than 1"),
    ("matches", "score", 0.99, "column score: a score is not the mean of V_r and S_a"),
    ("matches", "semantic", 0.0, "column score: a score is not the mean of V_r and S_a"),
    ("matches", "metrics", [1e9] * 8, "column metrics: 1000000000.0 is more than 1"),
    ("matches", "metrics", [0.5] * 8, "column semantic: S_a is not the weighted sum of the metrics"),
    ("matches", "metrics", [NAN] * 8, "column metrics: a number is not finite"),
    ("pictures", "id", 9999, "pictures.parquet names a picture of a row that is not in the data set"),
    ("pictures", "kind", "../..", "a word is none of keyframes, paintings"),
    ("pictures", "bytes", 1 << 30, "column bytes: 1073741824 is more than"),
]


@pytest.mark.parametrize("case", VALUES, ids=[f"{one[0]}-{one[1]}-{n}" for n, one in enumerate(VALUES)])
def test_a_value_that_cannot_be(empty: Installation, data_set: Path, case: tuple[str, str, Any, str]):
    table, column, value, said = case
    data_sets.put(data_set, table, column, value)

    refuse(empty, data_set, said)


PROBES: list[tuple[dict[str, Any], str]] = [
    ({"fps_num": 10**30}, "its fps_num is 25, and 1000000000000000000000000000000 in its probe"),
    ({"duration_s": 9_000_000.0}, "its duration_s is 5.0, and 9000000.0 in its probe"),
    ({"coded_width": 10**9}, "a picture of 1000000000 pixels"),
    ({"active": {"x": 0, "y": 0, "width": 0, "height": 0}}, "its picture without bars is not inside its picture"),
    ({"active": {"x": 1, "y": 0, "width": 640, "height": 360}}, "its picture without bars is not inside its picture"),
]


@pytest.mark.parametrize(("changes", "said"), PROBES)
def test_a_probe_that_contradicts_what_is_said_of_the_film(
    empty: Installation, data_set: Path, changes: dict[str, Any], said: str
):
    probe = json.loads(pq.read_table(data_set / "films.parquet").column("probe")[0].as_py())
    data_sets.put(data_set, "films", "probe", json.dumps(probe | changes))

    refuse(empty, data_set, said)


def refuse(empty: Installation, path: Path, said: str, **options: Any) -> UserError:
    """The import is refused with one line and a hint, and nothing is there afterwards."""
    with pytest.raises(UserError) as refused:
        empty.import_(path, **options)
    assert said in refused.value.message
    assert "\n" not in refused.value.message
    assert refused.value.hint
    assert empty.counts() == NOTHING
    assert empty.files() == set()
    return refused.value


def test_a_missing_value_where_there_must_be_one(empty: Installation, data_set: Path):
    def change(found: pa.Table) -> pa.Table:
        field = found.schema.field("title").with_nullable(True)
        values = pa.array([None, *found.column("title").to_pylist()[1:]])
        return found.set_column(found.schema.get_field_index("title"), field, values)

    data_sets.edit(data_set, "paintings", change)

    refuse(empty, data_set, "paintings.parquet has other columns")


@pytest.mark.parametrize(
    ("said", "change"),
    [
        ("has other columns", lambda found: found.drop_columns(["museum"])),
        ("has other columns", lambda found: found.append_column("more", pa.array([1] * len(found)))),
        ("has other columns", lambda found: found.rename_columns(["x", *found.column_names[1:]])),
        ("are not of the same paintings", lambda found: found.slice(0, 0)),
        ("points to a row that is not in paintings.parquet", lambda found: found.slice(1)),
    ],
)
def test_a_table_of_another_form(
    empty: Installation, data_set: Path, said: str, change: Callable[[pa.Table], pa.Table]
):
    data_sets.edit(data_set, "paintings" if "not of the same" not in said else "painting_features", change)

    refuse(empty, data_set, said)


def test_text_that_is_no_text(empty: Installation, data_set: Path):
    def change(found: pa.Table) -> pa.Table:
        place = found.schema.get_field_index("title")
        broken = pa.array([b"\xff\xfe"] * len(found), pa.binary()).cast(pa.string(), safe=False)
        return found.set_column(place, found.schema.field("title"), broken)

    data_sets.edit(data_set, "paintings", change)

    refuse(empty, data_set, "paintings.parquet cannot be read: ")


def test_a_row_group_that_unpacks_to_very_much(empty: Installation, data_set: Path):
    """Millions of equal numbers are a few kilobytes of Parquet."""

    def change(found: pa.Table) -> pa.Table:
        rows = 3_000_000
        ids = pa.array([7] * rows, pa.int64())
        return pa.table([ids, pa.nulls(rows, pa.float64()).fill_null(0.5)], schema=found.schema)

    data_sets.edit(data_set, "painting_nearness", change)

    refuse(empty, data_set, "painting_nearness.parquet unpacks to more than a data set may")


MANIFESTS: list[tuple[dict[str, Any], str]] = [
    ({"version": 2}, "the data set is of format version 2, this release reads up to 1"),
    ({"version": True}, "names no version of its format"),
    ({"format": "other"}, "this is no data set of r2r"),
    ({"fingerprint": "00"}, "a digest is none"),
    ({"whole": "yes"}, "a value of the wrong kind"),
    ({"citation": 1}, "the citation has no text"),
    ({"citation": {}}, "the citation has no text"),
    ({"citation": {"text": 5}}, "the citation has no text"),
    ({"citation": {"text": " \x1b "}}, "the citation has no text"),
    ({"citation": {"text": "x", "more": math.inf}}, "a number is not finite"),
    ({"name": None}, "a text is none"),
]


@pytest.mark.parametrize(("changes", "said"), MANIFESTS)
def test_a_manifest_of_another_kind(empty: Installation, data_set: Path, changes: dict[str, Any], said: str):
    data_sets.sign(data_set, **changes)

    refuse(empty, data_set, said)


PROFILES: list[tuple[dict[str, Any], str]] = [
    ({"metrics_version": 9}, "its numbers are of metrics version 9, which this release does not know"),
    ({"dim": 15}, "painting_features.parquet has other columns"),
    ({"dim": 0}, "the profile is none"),
    ({"dim": 10**9}, "not within 0 to 2000"),
    ({"name": ""}, "the profile is none"),
    ({"name": "-rf ~"}, "which is no name that can be typed here"),
    ({"encoder_digest": "other"}, "profiles.parquet is not of the profile"),
]


@pytest.mark.parametrize(("changes", "said"), PROFILES)
def test_a_profile_of_another_kind(empty: Installation, data_set: Path, changes: dict[str, Any], said: str):
    about = json.loads((data_set / "manifest.json").read_bytes())["profile"]
    data_sets.sign(data_set, profile=about | changes)

    refuse(empty, data_set, said)


def test_a_manifest_that_names_other_tables(empty: Installation, data_set: Path):
    path = data_set / "manifest.json"
    said = json.loads(path.read_bytes())
    said["tables"]["extra"] = dict(said["tables"]["shots"])
    path.write_text(json.dumps(said))

    refuse(empty, data_set, "it names other tables")


def test_a_manifest_that_names_a_file_elsewhere(empty: Installation, data_set: Path):
    path = data_set / "manifest.json"
    said = json.loads(path.read_bytes())
    said["tables"]["shots"]["file"] = "../../shots.parquet"
    path.write_text(json.dumps(said))

    refuse(empty, data_set, "the table shots is in another file")


def test_a_manifest_that_counts_other_rows(empty: Installation, data_set: Path):
    path = data_set / "manifest.json"
    said = json.loads(path.read_bytes())
    said["tables"]["shots"]["rows"] += 1
    data = json.dumps(said).encode()
    path.write_bytes(data)
    from r2r_shared.exchange.manifest import TableFile, sums

    files = {name: TableFile(one["rows"], one["bytes"], one["sha256"]) for name, one in said["tables"].items()}
    (data_set / "SHA256SUMS").write_bytes(sums(data, files))

    refuse(empty, data_set, "shots.parquet has 6 rows, the manifest says 7")


def test_a_picture_that_is_none(empty: Installation, data_set: Path):
    """Its digest holds; it is a page."""
    page = b"<html>" + bytes(600)
    (data_set / "pictures" / "paintings" / "1.jpg").write_bytes(page)
    import hashlib

    def change(found: pa.Table) -> pa.Table:
        rows = found.to_pylist()
        for row in rows:
            if (row["kind"], row["id"]) == ("paintings", 1):
                row |= {"bytes": len(page), "sha256": hashlib.sha256(page).hexdigest()}
        return pa.Table.from_pylist(rows, schema=found.schema)

    data_sets.edit(data_set, "pictures", change)

    refuse(empty, data_set, "pictures/paintings/1.jpg: no JPEG that can be read")


def test_a_picture_that_is_large(empty: Installation, data_set: Path):
    import hashlib
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (4000, 8)).save(out, "JPEG")
    (data_set / "pictures" / "paintings" / "1.jpg").write_bytes(out.getvalue())

    def change(found: pa.Table) -> pa.Table:
        rows = found.to_pylist()
        for row in rows:
            if (row["kind"], row["id"]) == ("paintings", 1):
                row |= {"bytes": len(out.getvalue()), "sha256": hashlib.sha256(out.getvalue()).hexdigest()}
        return pa.Table.from_pylist(rows, schema=found.schema)

    data_sets.edit(data_set, "pictures", change)

    refuse(empty, data_set, "pictures/paintings/1.jpg: larger than 512 pixels")
