"""Rows of an answer: tuples of frozen records, and data frames that say the same."""

from __future__ import annotations

import builtins
from dataclasses import FrozenInstanceError, dataclass, is_dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_type_hints

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.errors import UserError
from r2r_shared.queries.catalogue_echoes import Echo
from r2r_shared.queries.catalogue_hubs import Hub
from r2r_shared.queries.catalogue_similar import SimilarFilm
from r2r_shared.queries.films import Film
from r2r_shared.queries.paintings import Collection, Painting
from r2r_shared.reading.records import GroupRow, InfluenceRow, MatchRow, ShotRow, WindowRow
from r2r_shared.reading.rows import Rows, column_types


class Painter(NamedTuple):
    name: str
    born: int | None


@dataclass(frozen=True, slots=True)
class Work:
    title: str
    painter: Painter
    digest: bytes
    tags: tuple[str, ...]
    score: float | None


WORKS = Rows.of(
    Work,
    [
        Work("The Wave", Painter("Hokusai", 1760), b"\x00\xff", ("sea", "boat"), 0.5),
        Work("<i>Untitled</i>, “so”", Painter("", None), b"", (), None),
    ],
)


def test_rows_are_a_tuple_of_frozen_records():
    assert len(WORKS) == 2
    assert WORKS[0].title == "The Wave"
    with pytest.raises(FrozenInstanceError):
        WORKS[0].title = "another"  # type: ignore[misc]


def test_a_record_inside_a_record_becomes_columns_and_what_is_no_scalar_becomes_text():
    assert WORKS.columns() == {
        "title": ["The Wave", "<i>Untitled</i>, “so”"],
        "painter_name": ["Hokusai", ""],
        "painter_born": [1760, None],
        "digest": ["00ff", ""],
        "tags": ['["sea", "boat"]', "[]"],
        "score": [0.5, None],
    }


def test_pandas_and_polars_get_the_same_rows():
    in_pandas, in_polars = WORKS.to_pandas(), WORKS.to_polars()

    assert list(in_pandas.columns) == in_polars.columns == list(WORKS.columns())
    assert in_polars.to_dict(as_series=False) == WORKS.columns()
    assert in_pandas["painter_name"].tolist() == ["Hokusai", ""]
    assert in_pandas["score"].isna().tolist() == [False, True]


def test_an_answer_without_rows_has_the_columns_and_types_of_one_with_many():
    none = WORKS[:0]

    assert none.to_polars().schema == WORKS.to_polars().schema == WORKS[1:].to_polars().schema
    assert dict(none.to_pandas().dtypes)["painter_born"] == dict(WORKS.to_pandas().dtypes)["painter_born"] == "Int64"
    assert none.to_pandas()["title"].tolist() == []


def test_a_slice_is_as_good_as_the_whole():
    assert WORKS[:1].to_pandas()["title"].tolist() == ["The Wave"]
    assert WORKS[0].title == "The Wave"


IN_PANDAS = {int: "Int64", float: "float64", bool: "boolean", str: "string", datetime: "datetime64[us, UTC]"}
IN_POLARS = {
    int: pl.Int64(), float: pl.Float64(), bool: pl.Boolean(), str: pl.String(), datetime: pl.Datetime("us", "UTC"),
}  # fmt: skip


def a_record(kind: type, *, known: bool) -> Any:
    """A record whose every field has a value, or none has."""
    values = {int: 2**62 + 1, float: 0.5, bool: True, str: "Bosch", datetime: datetime(1503, 1, 2, tzinfo=UTC)}
    fields: dict[str, Any] = {}
    for name, annotated in get_type_hints(kind).items():
        if is_dataclass(annotated) or hasattr(annotated, "_asdict"):
            fields[name] = a_record(annotated, known=known)
        else:
            fields[name] = values[column_types(kind)[name]] if known else None
    return kind(**fields)


@pytest.mark.parametrize("known", [(), (False,), (False, True)], ids=["no rows", "nothing known", "half known"])
@pytest.mark.parametrize(
    "kind", [Film, Collection, Painting, Echo, Hub, SimilarFilm, ShotRow, MatchRow, InfluenceRow, WindowRow, GroupRow]
)
def test_every_kind_of_answer_has_its_columns_and_types_whatever_is_in_it(kind: type, known: tuple[bool, ...]):
    rows: Rows[Any] = Rows.of(kind, [a_record(kind, known=one) for one in known])

    in_pandas, in_polars = rows.to_pandas(), rows.to_polars()

    types = column_types(kind)
    assert dict(in_pandas.dtypes) == {name: IN_PANDAS[held] for name, held in types.items()}
    assert dict(in_polars.schema) == {name: IN_POLARS[held] for name, held in types.items()}
    for name, values in rows.columns().items():
        assert [None if pd.isna(value) else value for value in in_pandas[name]] == in_polars[name].to_list() == values


def test_text_of_an_answer_without_rows_can_be_searched_like_any():
    shots: Rows[Any] = Rows.of(ShotRow, [a_record(ShotRow, known=False)])

    for frame in (shots[:0].to_pandas(), shots.to_pandas()):
        assert frame[frame["blank"].str.contains("black")].empty


def test_a_notebook_shows_a_table_in_which_a_title_is_no_markup():
    shown = WORKS._repr_html_()

    assert "<th>painter_name</th>" in shown
    assert "&lt;i&gt;Untitled&lt;/i&gt;" in shown
    assert "<i>" not in shown


def test_many_rows_are_shown_in_part_and_that_is_said():
    assert "1,000 rows, the first 20 shown" in Rows.of(Work, WORKS[:1] * 1000)._repr_html_()


def test_a_library_that_is_not_there_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch):
    # Given an installation without pandas
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)

    with pytest.raises(UserError) as told:
        WORKS.to_pandas()

    assert (told.value.message, told.value.hint) == ("pandas is not installed", "pip install pandas")
    assert told.value.__notes__ == ["hint: pip install pandas"]  # a notebook shows it below the message


@given(st.lists(st.tuples(st.text(), st.none() | st.integers(-(2**62), 2**62), st.none() | st.floats(allow_nan=False))))
def test_every_value_arrives_as_it_is(values: list[tuple[str, Any, Any]]):
    rows = Rows.of(Work, (Work(title, Painter(title, born), b"", (), score) for title, born, score in values))

    frame = rows.to_polars()

    assert builtins.list(frame.iter_rows()) == [(title, title, born, "", "[]", score) for title, born, score in values]
