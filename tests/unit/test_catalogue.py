"""Catalogues of films: what is read is what was written; what is wrong with a line is said of that line."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_cli.ingesting import catalogue
from r2r_cli.ingesting.asked import Call
from r2r_cli.ingesting.bulk import Asked, Refusal
from r2r_cli.ingesting.catalogue import BadLine, Entry
from r2r_cli.ingesting.csv_records import MOST_LINES
from r2r_shared.collections.text import clean
from r2r_shared.errors import UserError

TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=20)
PATHS = TEXTS.map(str.strip).filter(lambda text: text and "://" not in text)
FILMS = st.fixed_dictionaries(
    {"path": PATHS, "title": TEXTS, "director": TEXTS, "year": st.none() | st.integers(1870, 2200), "country": TEXTS}
).filter(lambda film: sum(str(text).count("\n") + str(text).count("\r") for text in film.values()) < MOST_LINES)


def read(path: Path) -> list[Entry | BadLine]:
    return list(catalogue.read(path))


def as_written(film: dict, directory: Path) -> tuple[object, ...]:
    texts = [clean(film[name]) or None for name in ("title", "director", "country")]
    return directory / film["path"], texts[0], texts[1], film["year"], texts[2]


def as_read(entry: Entry | BadLine) -> tuple[object, ...]:
    assert isinstance(entry, Entry), entry
    return entry.place, entry.title, entry.director, entry.year, entry.country


@given(
    films=st.lists(FILMS, min_size=1, max_size=8),
    form=st.tuples(st.sampled_from(",;\t"), st.sampled_from(["\r\n", "\n"]), st.sampled_from(["", "\ufeff"])),
    columns=st.permutations(catalogue.COLUMNS),
)
def test_what_was_written_as_csv_is_read(films, form, columns, tmp_path_factory):
    delimiter, end, mark = form
    path = tmp_path_factory.getbasetemp() / "round.csv"
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    text.write(delimiter.join(columns) + end)
    writer.writerows(films)
    path.write_text(mark + text.getvalue(), encoding="utf-8", newline="")

    assert [as_read(entry) for entry in read(path)] == [as_written(film, path.parent) for film in films]


@given(films=st.lists(FILMS, min_size=1, max_size=8), ascii=st.booleans(), mark=st.sampled_from(["", "\ufeff"]))
def test_what_was_written_as_jsonl_is_read(films, ascii, mark, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "round.jsonl"
    lines = "".join(json.dumps(film, ensure_ascii=ascii) + "\n" for film in films)
    path.write_text(mark + lines, encoding="utf-8", newline="")

    assert [as_read(entry) for entry in read(path)] == [as_written(film, path.parent) for film in films]


@given(body=st.binary(max_size=200))
def test_no_bytes_break_it(body, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"path,year\n" + body)

    with contextlib.suppress(UserError):
        lines = [entry.line for entry in read(path)]
        assert lines == sorted(lines)


def test_a_bad_line_is_refused_and_the_others_go_on(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text(
        "Path;Title;Year\n"
        "a.mp4;A;1975\n"
        "b.mp4;B;nineteen\n"
        "\n"
        ";No path;1980\n"
        "c.mp4;C;1980;what is this\n"
        "d.mp4\n"
        "e.mp4;E;2999\n"
        "s3://bucket/f.mp4;F;\n"
    )

    found = read(path)

    good = [(entry.line, entry.place) for entry in found if isinstance(entry, Entry)]
    assert good == [(2, tmp_path / "a.mp4"), (7, tmp_path / "d.mp4"), (9, "s3://bucket/f.mp4")]
    assert [(bad.place, bad.error) for bad in found if isinstance(bad, BadLine)] == [
        ("b.mp4", "films.csv line 3 has no year: “nineteen”"),
        ("", "films.csv line 5 names no path"),
        ("", "films.csv line 6 has 4 fields, the header 3"),
        ("e.mp4", "films.csv line 8 has no year: “2999”"),
    ]
    assert all(bad.hint for bad in found if isinstance(bad, BadLine))


def test_a_bad_line_of_json_is_refused_and_the_others_go_on(tmp_path):
    path = tmp_path / "films.jsonl"
    lines = [
        '{"path": "a.mp4", "year": "1975"}',
        "{not json",
        "[1]",
        '{"path": 7}',
        '{"title": "no path"}',
        '{"path": "b.mp4", "year": true}',
        '{"path": "half \\ud800.mp4"}',
        "[" * 100_000,
        '{"path": "' + "x" * 200_000 + '"}',
        '{"path": "c.mp4"}',
    ]
    path.write_text("\n".join(lines))

    found = read(path)

    assert [(entry.line, entry.place) for entry in found if isinstance(entry, Entry)] == [
        (1, tmp_path / "a.mp4"),
        (10, tmp_path / "c.mp4"),
    ]
    assert [bad.error.removeprefix("films.jsonl line ") for bad in found if isinstance(bad, BadLine)] == [
        "2 is no JSON",
        "3 is no JSON object",
        "4 has a path that is no text",
        "5 names no path",
        "6 has no year: “True”",
        "7 has a path that is not text in UTF-8",
        "8 is no JSON",
        "9 is too long",
    ]


@pytest.mark.parametrize(
    ("after", "lines"),
    [
        ("b.mp4,B\n" * 300, "2–7"),  # never closed
        ("b.mp4,B\n" * 2, "2–4"),  # at the end of the file
        ('b.mp4,B\nb.mp4,"B"\nb.mp4,B\n', "2–4"),  # it meets that of a later film
        ("b.mp4," + "B" * 140_000 + '"\n', "2–3"),
    ],
)
def test_a_quotation_mark_that_is_not_closed_costs_its_own_line_and_says_so(tmp_path, after, lines):
    path = tmp_path / "films.csv"
    path.write_text('path,title\na.mp4,"open\n' + after)

    bad, *others = read(path)

    assert isinstance(bad, BadLine)
    assert bad.line == 2
    assert bad.error.startswith(f"films.csv lines {lines}: this is no CSV: ")
    assert [entry.line for entry in others] == list(range(3, 3 + after.count("\n")))
    if "B" * 200 not in after:
        assert {as_read(entry)[:2] for entry in others} == {(tmp_path / "b.mp4", "B")}
    else:
        assert [isinstance(entry, BadLine) for entry in others] == [True]


def test_a_record_of_a_few_lines_is_one_film_and_what_follows_is_counted_on(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text('path,title\na.mp4,"A\nor\nB"\nb.mp4,\n,C\n')

    assert [entry.line for entry in read(path)] == [2, 5, 6]
    assert as_read(read(path)[0])[1] == "A or B"


def test_what_excel_says_of_its_separator_is_no_header(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("sep=;\r\npath;title\r\na.mp4;A\r\n", encoding="utf-8-sig", newline="")

    (entry,) = read(path)

    assert (entry.line, as_read(entry)[:2]) == (3, (tmp_path / "a.mp4", "A"))


def test_a_catalogue_that_names_no_film_is_a_refusal(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("path,title\n")

    (why,) = Call([], False, path, {}).films()

    assert isinstance(why, Refusal)
    assert why.error == f"{path} names no film"


def test_a_catalogue_that_comes_through_a_pipe_can_be_read_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=("path\nfilms/a.mp4\n",)).start()

    with catalogue.spooled(pipe) as spool:
        call = Call([], False, pipe, {}, spool)
        assert call.count() == 1
        (asked,) = call.films()
    assert not spool.exists()

    assert isinstance(asked, Asked)
    assert asked.place == Path("films/a.mp4")


def test_a_pipe_without_end_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "MOST_PIPED", 1 << 20)

    with pytest.raises(UserError, match="/dev/zero gives more than 1 MiB"), catalogue.spooled(Path("/dev/zero")):
        pass


def test_unknown_columns_are_named_once(tmp_path):
    path = tmp_path / "films.csv"
    path.write_text("path,reel,title\na.mp4,1,A\nb.mp4,2,B\n")
    said: list[str] = []

    entries = list(catalogue.read(path, on_unknown=said.append))

    assert said == ["films.csv: nothing is made of the column “reel”"]
    assert [as_read(entry)[1] for entry in entries] == ["A", "B"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        ("path\na.mp4\n".encode("utf-16"), "is not text in UTF-8"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
        (b"title,year\nA,1975\n", "has no column path"),
        (b"path,title,path\na,A,b\n", "names a column twice"),
        (b'[{"path": "a.mp4"}]', "is one JSON array"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_as_a_whole(tmp_path, data, said):
    path = tmp_path / "films.csv"
    path.write_bytes(data)

    with pytest.raises(UserError, match=said) as refused:
        read(path)

    assert refused.value.hint


def test_a_catalogue_that_is_not_there_is_one_line(tmp_path):
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(UserError, match="cannot be read"):
            read(path)
