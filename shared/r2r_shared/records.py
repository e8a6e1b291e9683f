"""Frozen rows and values that cross a module's border. Plain data, no behaviour beyond a property."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Transition = Literal["cut", "dissolve", "fade"]
Blank = Literal["black", "white", "title"]

METRICS = ("dc", "avg_dof", "max_dof", "min_dof", "saturation", "balance", "shadow", "contrast")
"""The eight metrics of the paper's section 3.1, in the order every vector of them has."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels: x, y of its upper left corner, width and height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FilmProbe:
    """What a look at a film's container and first frames tells, before anything is stored.

    Attributes:
        width, height: as shown: after rotation, and with square pixels.
        coded_width, coded_height: as decoded: before both.
        fps_num, fps_den: average frame rate as a fraction.
        frames: frames shown, counted from packets, not from the header.
        start_s: presentation time of the first frame; times elsewhere are relative to it.
        variable_rate: the frames' spacing differs.
        active: the picture without letter- or pillarbox bars, in shown pixels.
        reader: "decord" or "pyav": which reader is right for this file, and why in `reader_reason`.
        warnings: what is odd about the file, one line each.
        index: frame times and I-frames, as FilmIndex.to_bytes().
        start_timecode: the label of the first frame as the container states it, `;` before the frames of drop-frame;
            None where it states none, and of films that were probed before it was looked for.
        base_rate: of which the frames' spacing is made, as a fraction, "24/1"; None as with start_timecode.
    """

    container: str
    codec: str
    width: int
    height: int
    coded_width: int
    coded_height: int
    rotation: int
    fps_num: int
    fps_den: int
    frames: int
    duration_s: float
    start_s: float
    variable_rate: bool
    active: Box
    reader: str
    reader_reason: str
    warnings: tuple[str, ...]
    index: bytes
    start_timecode: str | None = None
    base_rate: str | None = None

    @property
    def fps(self) -> float:
        return self.fps_num / self.fps_den


@dataclass(frozen=True, slots=True)
class FoundKeyframe:
    """One frame kept of a shot. `jpeg` is the active picture, long side at most 512 px."""

    frame: int
    time_s: float
    jpeg: bytes
    width: int
    height: int
    crop: Box  # what was kept, in pixels of the whole shown frame (bars cut away)


@dataclass(frozen=True, slots=True)
class FoundShot:
    """Frames start..end (end exclusive) between two transitions; `transition` is how it begins."""

    start_frame: int
    end_frame: int
    start_s: float
    end_s: float
    transition: Transition
    blank: Blank | None
    keyframes: tuple[FoundKeyframe, ...]


@dataclass(frozen=True, slots=True)
class SpanAnalysis:
    """What a decoder found in one span of film.

    Attributes:
        shots: those that begin in the span, in order.
        frames_missing: frames of the span that could not be decoded.
        reader: the reader that read them.
        decode_s: wall seconds the decoding child took.
    """

    shots: tuple[FoundShot, ...]
    frames_read: int
    frames_missing: int
    reader: str
    decode_s: float


@dataclass(frozen=True, slots=True)
class Features:
    """The numbers of one picture under one profile; the columns of both feature tables.

    Attributes:
        dc: 9 values, three RGB centres by share, 0..255.   shadow: 9 values, 0..255.
        avg_dof, max_dof, min_dof: raw units of the profile's depth estimator.
        saturation, balance, contrast: 0..255.
        embedding: unit length, the profile's dimension.
    """

    dc: tuple[float, ...]
    avg_dof: float
    max_dof: float
    min_dof: float
    saturation: float
    balance: float
    shadow: tuple[float, ...]
    contrast: float
    embedding: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PaintingRecord:
    """One work as its source describes it, before its picture has been looked at.

    Attributes:
        file: the name it goes by in its source; unique in a collection.
        path: where its picture lies.
            Empty where it lies at the museum: then picture_url is its address, or record_url that of the record that
            names it, or both are empty and there is none.
        year: the date as the museum writes it; year_from, year_to: what that means, years BCE negative.
        licence: of the picture, as collections.licences writes it; empty where nobody says.
        page: the address of the museum's own page of the work.
        remarks: what was odd about the entry and is worth counting, in words that are the same for all of a kind.
    """

    file: str
    path: str
    title: str
    artist: str = ""
    movement: str = ""
    year: str = ""
    year_from: int | None = None
    year_to: int | None = None
    medium: str = ""
    museum: str = ""
    genre: str = ""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    licence: str = ""
    page: str = ""
    picture_url: str = ""
    record_url: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An entry of a painting source that is no usable work.

    Attributes:
        file: what the source calls it.
        reason: why, in words that are the same for all of a kind: refusals are counted by it.
        detail: what is special to this one: the line number, what was found instead.
        left_out: nothing is wrong with it, it is not asked for (no painting, another licence): counted, not listed.
    """

    file: str
    reason: str
    detail: str = ""
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """How numbers were made; features of different profiles are never compared.

    Attributes:
        revision: counts the changes of its paintings in this installation.
        state: the same in every installation where its paintings are the same, see queries/profile_state.py; empty
            without paintings.
    """

    id: int
    name: str
    encoder: str
    encoder_digest: str
    depth: str
    depth_digest: str
    metrics_version: int
    dim: int
    active: bool
    revision: int
    state: str = ""


@dataclass(frozen=True, slots=True)
class Lease:
    """A segment that this worker, and no other, may finish: as long as its fence is the row's."""

    id: int
    job_id: int
    kind: str
    fence: int
    attempt: int
    film_id: int | None
    collection_id: int | None
    profile_id: int
    start_frame: int | None
    end_frame: int | None
    items: tuple[int, ...]
    options: dict[str, Any]
