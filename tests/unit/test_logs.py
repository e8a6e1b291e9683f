"""What the log of a worker looks like, and what is never in it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from r2r_shared.operating import logs
from r2r_shared.operating.redaction import HIDDEN, SHORTEST, Redaction, known_secrets
from r2r_shared.settings import Settings

HOME = Path("/home/of/nobody")
passwords = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), st.sampled_from("%'\"\\/@:#? é")),
    min_size=SHORTEST,
    max_size=16,
).filter(lambda password: HIDDEN not in password and password.strip())


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was: `configure` is for a whole process."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, sys.excepthook, threading.excepthook
    yield
    root.handlers[:], level, sys.excepthook, threading.excepthook = before
    root.setLevel(level)
    logging.captureWarnings(False)
    logs.tail.clear()


@pytest.fixture
def written(restored: None) -> io.StringIO:
    """A log in JSON."""
    stream = io.StringIO()
    logs.configure(Settings(home=HOME, log="json"), stream=stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_says_when_where_and_what_it_is_about(written):
    with logs.about(job_id=3, film_id=None, segment_id=17, kind="film", attempt=2):
        logging.getLogger("r2r_workers.tasks").info("segment %s: leased", 17)
    logging.getLogger("r2r_workers.tasks").warning("nothing to do")

    during, after = lines(written)
    assert during["message"] == "segment 17: leased"
    assert (during["level"], during["logger"]) == ("INFO", "r2r_workers.tasks")
    assert str(during["time"]).endswith("Z")
    assert len(str(during["time"])) == len("2026-01-01T00:00:00.000Z")
    assert {"host", "pid"} <= set(during)
    assert {name: during.get(name) for name in logs.FIELDS} == {
        "job_id": 3,
        "film_id": None,
        "segment_id": 17,
        "kind": "film",
        "attempt": 2,
    }
    assert "film_id" not in during
    assert not set(logs.FIELDS) & set(after)


def test_a_heartbeats_thread_is_about_the_same_segment(written):
    with logs.about(segment_id=17), logs.about(job_id=3):
        thread = threading.Thread(target=lambda: logging.getLogger("beat").warning("no heartbeat"))
        thread.start()
        thread.join()

    assert [(line.get("segment_id"), line.get("job_id")) for line in lines(written)] == [(17, 3)]


def test_a_traceback_is_one_field_of_one_line(written):
    try:
        raise ValueError("first\nsecond")
    except ValueError:
        logging.getLogger("r2r").exception("a title\nwith a break \u2028 \udcff")

    (line,) = lines(written)
    assert line["message"] == "a title\nwith a break \u2028 \udcff"
    assert str(line["exception"]).endswith("ValueError: first\nsecond")


def test_arguments_that_do_not_fit_are_said_all_the_same(written, capsys):
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one).__module__ == logs.__name__]  # pytest's would raise
    logging.getLogger("r2r").info("%d frames", "many")

    assert lines(written)[0]["message"] == "%d frames ('many',)"
    assert capsys.readouterr().err == ""


def test_lines_for_people_are_as_celery_writes_them(restored):
    stream = io.StringIO()
    logs.configure(Settings(home=HOME), stream=stream)

    logging.getLogger("r2r").warning("segment 17: no heartbeat")

    assert stream.getvalue().endswith(": WARNING/MainProcess] segment 17: no heartbeat\n")


def test_the_tail_keeps_the_last_twenty_lines_since_it_was_cleared(written):
    log = logging.getLogger("r2r")
    log.info("of another segment")
    logs.tail.clear()
    for number in range(30):
        log.info("line %s", number)
    log.info("x\0y" + "z" * 1000)

    kept = logs.tail.lines()
    assert len(kept) == 20
    assert kept[0].endswith("] line 11")
    assert "x\N{REPLACEMENT CHARACTER}y" in kept[-1]
    assert max(map(len, kept)) == 500
    assert not any("another segment" in line for line in kept)


def test_configuring_twice_writes_each_line_once(written):
    logs.configure(Settings(home=HOME, log="json"), stream=written)
    logging.getLogger("celery.worker").info("ready")

    assert len(lines(written)) == 1


# Secrets.


@with_settings(max_examples=150, deadline=None)
@given(password=passwords)
@example("p@ss/w'ord\"\\%41")
@example("ünïcode pass+word")
@example("12345678")
def test_a_password_is_hidden_in_every_dress(password):
    """As it is, percent-encoded by whichever library, quoted by Python, JSON and libpq, and in tracebacks."""
    url = f"postgresql://r2r:{quote(password, safe='')}@db.example:5432/r2r"
    redact = Redaction.from_env({"R2R_DATABASE_URL": url})

    dresses = (
        password,
        quote(password, safe=""),
        quote(password),
        quote(password, safe="@:'+ "),
        quote_plus(password),
        quote(password, safe="").lower() if password.isascii() and password.islower() else password,
        repr(password)[1:-1],
        repr(repr(password)[1:-1])[1:-1],
        repr(password.encode())[2:-1],
        json.dumps(password)[1:-1],
        json.dumps(password, ensure_ascii=False)[1:-1],
        password.replace("\\", "\\\\").replace("'", "\\'"),
    )
    for dress in dresses:
        assert redact(f"<{dress}>") == f"<{HIDDEN}>"
    assert redact(f"cannot reach {url} now") == f"cannot reach postgresql://r2r:{HIDDEN}@db.example:5432/r2r now"


@with_settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(password=passwords, kind=st.sampled_from(["text", "json"]))
def test_no_line_and_no_tail_holds_a_password_of_the_settings(restored, password, kind):
    broker = f"redis://:{quote(password, safe='')}@redis.example:6379/0"
    stream = io.StringIO()
    logs.configure(Settings(home=HOME, broker_url=broker, log=kind), stream=stream)
    logs.tail.clear()
    try:
        raise ConnectionError(f"<{password}>")
    except ConnectionError:
        logging.getLogger("r2r").exception("to <%s> by <%s>", password, broker)

    clean = f"to <{HIDDEN}> by <redis://:{HIDDEN}@redis.example:6379/0>"
    if kind == "json":
        (line,) = lines(stream)
        assert line["message"] == clean
        assert str(line["exception"]).endswith(f"ConnectionError: <{HIDDEN}>")
    else:
        assert clean in stream.getvalue()
        assert stream.getvalue().endswith(f"ConnectionError: <{HIDDEN}>\n")
    assert logs.tail.lines()[0].endswith(clean)
    assert logs.tail.lines()[-1] == f"ConnectionError: <{HIDDEN}>"
    assert logs.clean(f"<{password}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("redis://:hunter2@h:6379/0", "redis://:***@h:6379/0"),
        ("at postgresql://u:a@b@h/d, again", "at postgresql://u:***@h/d, again"),
        ("host=h password='a b' dbname=d", "host=h password=*** dbname=d"),
        ('{"password": "a\\"b", "user": "u"}', '{"password": ***, "user": "u"}'),
        ("AWS_SECRET_ACCESS_KEY=abc/def+g;", "AWS_SECRET_ACCESS_KEY=***;"),
        ("key AKIAIOSFODNN7EXAMPLE is wrong", "key *** is wrong"),
        ("https://b/k?X-Amz-Signature=0a1b&x=1", "https://b/k?***&x=1"),
        ("r2r", "r2r"),
        ("redis://redis.example:6379/0", "redis://redis.example:6379/0"),
        ("password authentication failed for user r2r", "password authentication failed for user r2r"),
        ("segment 17: 3 of 9 shots @ 24 fps", "segment 17: 3 of 9 shots @ 24 fps"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_though_nobody_told_of_it_and_the_rest_stays(text, clean):
    assert Redaction()(text) == clean


def test_the_secrets_of_an_environment_are_its_passwords_tokens_and_keys():
    assert known_secrets(
        {
            "R2R_DATABASE_URL": "host=h user=u password='it''s' dbname=d".replace("''", "\\'"),
            "R2R_TRAIN_BROKER_URL": "redis://:tra%2Fin@h/1",
            "PGPASSWORD": "libpq1",
            "AWS_SECRET_ACCESS_KEY": "/aws+key",
            "AWS_ACCESS_KEY_ID": "AKIA1",
            "HF_TOKEN": "hf_1",
            "HTTPS_PROXY": "http://me:pro.xy@proxy:3128",
            "AWS_REGION": "eu-west-1",
            "TOKENIZERS_PARALLELISM": "false",
            "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token",
        }
    ) == {"it's", "tra/in", "tra%2Fin", "libpq1", "/aws+key", "AKIA1", "hf_1", "pro.xy"}


def test_an_exception_that_nobody_caught_is_a_clean_line(tmp_path):
    code = (
        "import threading\n"
        "from pathlib import Path\n"
        "from r2r_shared.operating import logs\n"
        "from r2r_shared.settings import Settings\n"
        "logs.configure(Settings(home=Path('/'), database_url='postgresql://u:hunter2@h/d', log='json'))\n"
        "def fall(): raise RuntimeError('in a thread: hunter2')\n"
        "thread = threading.Thread(target=fall); thread.start(); thread.join()\n"
        "raise RuntimeError('at the end: hunter2')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    said = [json.loads(line)["exception"].splitlines()[-1] for line in done.stderr.splitlines()]
    assert said == ["RuntimeError: in a thread: ***", "RuntimeError: at the end: ***"]
    assert done.returncode == 1
