"""What a data set consists of: fourteen tables, each column with its type, unit and meaning.

Every number is as the database has it, to the last bit. Ids join the tables of one data set and mean nothing beyond
it: an import gives everything ids of its own. Rows are in ascending order of their keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FORMAT = "r2r-data-set"
VERSION = 1
"""Of the format: a reader refuses newer ones."""

METRICS_VERSIONS = frozenset({1})
"""Definitions of the eight metrics that this release knows (r2r_workers.metrics.METRICS_VERSION)."""

Kind = Literal["int16", "int32", "int64", "float64", "text", "json", "hex", "bytes", "vector", "ints", "floats"]

EMBEDDING = 0
"""Length of the vector that is as long as the profile's dimension."""

MOST_TEXT = 65_536
MOST_YEARS = 20_000

MOST_DEPTH = 1e6
"""No depth model's unit is so small: MiDaS's raw values are thousands, metres are fewer. A stranger's number beyond it
would stretch a metric's range until no difference counts."""

MOST_MATCHES = 10_000
"""Of a keyframe: whoever keeps more shares the best of them."""

MOST_SHOWN = 131_072
"""Pixels a side of a film as shown: 16,384 as coded are read, each of them up to eight times as wide as high."""

_ROUNDED = 1e-3  # what was computed in float32 may lie so far outside its bounds
_ONE = 1 + 1e-6  # a sum of weights may round up


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        kind: "hex" is a SHA-256 in hexadecimal, "json" a JSON object as text, "vector" as many float32 as `length`
            (EMBEDDING: as the profile's dimension), "ints" as many int32, "floats" a list of any length of float64.
        unit: of a number; empty where it has none.
        least, most: bounds of a number, both included.
        words: the only values of a text; any, if empty.
        longest: of a text or a list: characters, bytes or values.
        filled: a text that says something.
    """

    name: str
    kind: Kind
    about: str
    unit: str = ""
    nullable: bool = False
    least: float | None = None
    most: float | None = None
    words: tuple[str, ...] = ()
    length: int = EMBEDDING
    longest: int = MOST_TEXT
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, and how many of its first columns are its key."""

    name: str
    about: str
    columns: tuple[Column, ...]
    keys: int = 1
    most_rows: int = 50_000_000

    @property
    def file(self) -> str:
        """Its file's name."""
        return f"{self.name}.parquet"

    @property
    def names(self) -> tuple[str, ...]:
        """Its columns' names."""
        return tuple(column.name for column in self.columns)


def _id(name: str, about: str) -> Column:
    return Column(name, "int64", about, least=0)


def _frame(name: str, about: str) -> Column:
    return Column(name, "int32", about, unit="frame", least=0)


def _seconds(name: str, about: str) -> Column:
    return Column(name, "float64", about, unit="s", least=0, most=1e7)


def _pixels(name: str, about: str, *, most: int = 1_000_000) -> Column:
    return Column(name, "int32", about, unit="px", least=1, most=most)


def _text(name: str, about: str, *, words: tuple[str, ...] = (), nullable: bool = False) -> Column:
    return Column(name, "text", about, words=words, nullable=nullable)


def _year(name: str, about: str) -> Column:
    return Column(name, "int32", about, unit="year", nullable=True, least=-MOST_YEARS, most=MOST_YEARS)


def _byte(name: str, about: str) -> Column:
    return Column(name, "float64", about, unit="0..255", least=-_ROUNDED, most=255 + _ROUNDED)


def _nine_bytes(name: str, about: str) -> Column:
    return Column(name, "vector", about, unit="0..255", length=9, least=-_ROUNDED, most=255 + _ROUNDED)


def _depth(name: str, about: str) -> Column:
    return Column(name, "float64", about, unit="of the depth model", least=-MOST_DEPTH, most=MOST_DEPTH)


def _of_metric(name: str, about: str, *, least: float = -MOST_DEPTH) -> Column:
    return Column(name, "float64", about, unit="of the metric", least=least, most=2 * MOST_DEPTH)


def _share(name: str, about: str) -> Column:
    return Column(name, "float64", about, unit="0..1", least=0, most=_ONE)


def _score(name: str, about: str) -> Column:
    return Column(name, "float64", about, unit="score", least=0, most=_ONE)


_MEASURED = (
    _nine_bytes("dc", "three dominant colours, by share: RGB, RGB, RGB"),
    _depth("avg_dof", "mean of the depth map"),
    _depth("max_dof", "greatest value of the depth map"),
    _depth("min_dof", "least value of the depth map"),
    _byte("saturation", "mean HSV saturation"),
    _byte("balance", "mean luminance: left half minus right half, absolute"),
    _nine_bytes("shadow", "share of dark pixels in each cell of a 3×3 grid, × 255"),
    _byte("contrast", "luminance: 95th minus 5th percentile"),
    Column("embedding", "vector", "the encoder's embedding, of unit length", length=EMBEDDING),
)

PROFILES = Table(
    "profiles",
    "How the numbers were made: one row. Numbers of different profiles are never compared.",
    (
        _text("name", "what it is called"),
        _text("encoder", "the model that embeds"),
        _text("encoder_digest", "of its weights"),
        _text("depth", "the model that estimates depth"),
        _text("depth_digest", "of its weights"),
        Column("metrics_version", "int32", "of the definitions of the eight metrics", least=1),
        Column("dim", "int32", "length of an embedding", least=1, most=2_000),
        Column("revision", "int64", "changes to its paintings' features and dates, counted", least=0),
    ),
    most_rows=1,
)
METRIC_RANGES = Table(
    "metric_ranges",
    "What a metric's difference is divided by in a score: of all paintings of the profile at that revision.",
    (
        _text("metric", "the metric"),
        _of_metric("low", "smallest value among the paintings"),
        _of_metric("high", "largest value, or largest distance of two paintings"),
        _of_metric("range", "what is divided by", least=1e-12),
        Column("centre", "floats", "the paintings' mean", unit="of the metric", longest=9,
               least=-MOST_DEPTH, most=MOST_DEPTH),
        _of_metric("radius", "the farthest painting's distance from it", least=0),
    ),
    most_rows=8,
)  # fmt: skip
UNRELATED = Table(
    "unrelated",
    "What unrelated pictures reach, by which a match is called convincing: at most one row.",
    (
        Column("of_pictures", "int32", "paintings that could have been asked", least=1),
        _score("nearness", "mean nearness of all paintings"),
        Column("scores", "floats", "best score of each that was asked against other artists' works, ascending",
               unit="score", longest=100_000, least=0, most=_ONE),
    ),
    most_rows=1,
)  # fmt: skip
COLLECTIONS = Table(
    "collections",
    "Collections of paintings.",
    (_id("id", "key"), Column("name", "text", "its name", longest=500, filled=True)),
    most_rows=100_000,
)
PAINTINGS = Table(
    "paintings",
    "Works, as their museums describe them.",
    (
        _id("id", "key"),
        _id("collection_id", "collections.id"),
        _text("file", "the name it goes by in its source"),
        Column("sha256", "hex", "of its picture as it came"),
        _text("title", "title"),
        _text("artist", "artist; empty: not known"),
        _text("movement", "movement or school; empty: not known"),
        _text("year", "date as the museum writes it"),
        _year("year_from", "first year that means; negative: BCE"),
        _year("year_to", "last year that means"),
        _text("medium", "medium"),
        _text("museum", "museum"),
        _text("genre", "genre"),
        Column("extra", "json", "whatever else its source says", longest=1 << 20),
        _text("licence", "of its picture; empty: nobody says"),
        _text("page", "the museum's page of the work"),
        _pixels("width", "of its picture as it came"),
        _pixels("height", "of its picture as it came"),
    ),
)
PAINTING_FEATURES = Table(
    "painting_features", "What was measured of each painting.", (_id("painting_id", "paintings.id"), *_MEASURED)
)
PAINTING_NEARNESS = Table(
    "painting_nearness",
    "How near a painting is to those by other artists: what hub correction takes from its scores (CSLS).",
    (_id("painting_id", "paintings.id"), _score("nearness", "mean score of its neighbours")),
)
FILMS = Table(
    "films",
    "Films: what they are, not the films themselves.",
    (
        _id("id", "key"),
        Column("sha256", "hex", "of the film's file"),
        _text("title", "title"),
        _text("director", "director"),
        _year("year", "year"),
        _text("country", "country"),
        _text("file", "its file's name, without the place"),
        Column("size_bytes", "int64", "of the file", unit="byte", least=0),
        _text("container", "container format"),
        _text("codec", "video codec"),
        _pixels("width", "as shown", most=MOST_SHOWN),
        _pixels("height", "as shown", most=MOST_SHOWN),
        Column("rotation", "int32", "as the file says", unit="°", least=-360, most=360),
        Column("fps_num", "int64", "average frame rate, numerator", unit="frame", least=1, most=1e10),
        Column("fps_den", "int64", "average frame rate, denominator", unit="s", least=1, most=1e10),
        Column("frames", "int32", "frames shown", unit="frame", least=1, most=20_000_000),
        _seconds("duration_s", "length"),
        Column("start_s", "float64", "presentation time of the first frame; other times are relative to it",
               unit="s", least=-1e9, most=1e9),
        Column("probe", "json", "what the look at the file told", longest=65_536),
        Column("frame_index", "bytes", "times of all frames (r2r_shared.film.index)", longest=64 << 20),
        Column("detector", "json", "what found the shots, with its settings", longest=65_536),
        _text("reader", "what decoded it"),
        Column("frames_missing", "int32", "frames that could not be decoded", unit="frame", least=0),
    ),
    most_rows=1_000_000,
)  # fmt: skip
SHOTS = Table(
    "shots",
    "Shots, in order.",
    (
        _id("id", "key"),
        _id("film_id", "films.id"),
        _frame("start_frame", "first frame"),
        _frame("end_frame", "frame after the last"),
        _seconds("start_s", "when it begins, after the first frame"),
        _seconds("end_s", "when it ends"),
        _text("transition", "how it begins", words=("cut", "dissolve", "fade")),
        _text("blank", "what it shows instead of a picture", words=("black", "white", "title"), nullable=True),
    ),
)
KEYFRAMES = Table(
    "keyframes",
    "The frames of each shot that were measured.",
    (
        _id("id", "key"),
        _id("shot_id", "shots.id"),
        _frame("frame", "its number in the film"),
        _seconds("time_s", "when it is shown, after the first frame"),
        _pixels("width", "of what was kept of it"),
        _pixels("height", "of what was kept of it"),
        Column("crop", "ints", "x, y, width, height of that in the shown frame", unit="px", length=4,
               least=0, most=1_000_000),
    ),
)  # fmt: skip
KEYFRAME_FEATURES = Table(
    "keyframe_features", "What was measured of each keyframe.", (_id("keyframe_id", "keyframes.id"), *_MEASURED)
)
FILM_MATCHES = Table(
    "film_matches",
    "Films whose matches are here: those of the profile as it is.",
    (
        _id("film_id", "films.id"),
        _year("film_year", "the film's year: paintings known to be later are left out"),
        Column("top_k", "int32", "paintings kept for each keyframe", least=1, most=MOST_MATCHES),
        _text("how", "every painting was scored, or candidate lists", words=("exact", "lists")),
        Column("unproven", "int32", "keyframes that the lists may have missed a painting for", least=0),
    ),
    most_rows=1_000_000,
)
MATCHES = Table(
    "matches",
    "The best paintings of each keyframe under the default weights.",
    (
        _id("keyframe_id", "keyframes.id"),
        Column("rank", "int16", "1 is the best", least=1, most=MOST_MATCHES),
        _id("painting_id", "paintings.id"),
        _share("score", "0.5 · semantic + 0.5 · visual"),
        _share("visual", "V_r: resemblance of the embeddings"),
        _share("semantic", "S_a: weighted affinity of the eight metrics"),
        Column("metrics", "vector", "each metric's 1 − |difference| / range: dc, avg_dof, max_dof, min_dof, "
               "saturation, balance, shadow, contrast", unit="0..1", length=8, least=0, most=_ONE),
    ),
    keys=2,
    most_rows=2_000_000_000,
)  # fmt: skip
PICTURES = Table(
    "pictures",
    "The small pictures that went along, each a file pictures/KIND/ID.jpg.",
    (
        _text("kind", "of which table `id` is a key", words=("keyframes", "paintings")),
        _id("id", "keyframes.id or paintings.id"),
        Column("bytes", "int64", "size of the file", unit="byte", least=1, most=4 << 20),
        Column("sha256", "hex", "of the file"),
    ),
    keys=2,
)

TABLES = (
    *(PROFILES, METRIC_RANGES, UNRELATED, COLLECTIONS, PAINTINGS, PAINTING_FEATURES, PAINTING_NEARNESS),
    *(FILMS, SHOTS, KEYFRAMES, KEYFRAME_FEATURES, FILM_MATCHES, MATCHES, PICTURES),
)
"""All of them, each after those that it points to."""
