"""Many probes by one server: the same answers as by a process for each, and one file costs no other its look."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from r2r_shared.errors import FilmRefused
from r2r_shared.film import probe_server
from r2r_shared.film.probe import probe
from tests.unit.media_films import coded_film


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return coded_film(tmp_path_factory.mktemp("probed") / "film.mp4", 30)


def test_the_answers_are_those_of_a_process_of_its_own(film, tmp_path):
    text = tmp_path / "caf\udce9.mp4"  # a name that is no text
    text.write_text("this is no film")
    alone = probe(film)
    with pytest.raises(FilmRefused) as refused_alone:
        probe(text)

    with probe_server.serving():
        first = probe(film)
        with pytest.raises(FilmRefused) as refused:
            probe(text)
        again = probe(film)
        server = probe_server.of_this_thread()._process.pid

    assert alone == first == again
    assert (refused.value.message, refused.value.hint) == (refused_alone.value.message, refused_alone.value.hint)
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
    assert probe_server.of_this_thread() is None


def test_a_look_past_its_limit_ends_and_the_server_goes_on(film):
    with probe_server.serving():
        probe(film)
        server = probe_server.of_this_thread()._process

        with pytest.raises(FilmRefused, match="could not be looked through within 0 s"):
            probe(film, limit_s=0.001)

        assert probe(film).frames == 30
        assert probe_server.of_this_thread()._process is server


def test_a_server_that_died_is_replaced(film):
    with probe_server.serving():
        probe(film)
        process = probe_server.of_this_thread()._process
        process.send_signal(signal.SIGKILL)
        process.wait()

        assert probe(film).frames == 30


def test_a_server_that_dies_while_it_is_asked_costs_that_look_alone(film):
    with probe_server.serving():
        probe(film)
        process = probe_server.of_this_thread()._process
        process.send_signal(signal.SIGSTOP)
        killer = threading.Timer(0.3, process.kill)
        killer.start()

        with pytest.raises(FilmRefused, match="made the decoder fail"):
            probe(film)

        assert probe(film).frames == 30
        killer.join()
