"""What variables say in numbers and words: nothing is taken for something else, and a misspelt name is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import r2r_shared
from r2r_shared.errors import UserError
from r2r_shared.settings import VARIABLES, Settings, unknown


@pytest.mark.parametrize("name", sorted(VARIABLES - {"R2R_VERSION", "R2R_DEBUG"}))
def test_an_empty_variable_is_an_unset_one(name):
    """Compose hands on what nobody set as an empty text."""
    assert Settings.from_env({name: ""}) == Settings.from_env({})


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("R2R_WORKERS", "workers"),
        ("R2R_TOP_K", "top_k"),
        ("R2R_MAX_ATTEMPTS", "max_attempts"),
        ("R2R_DECODE_THREADS", "decode_threads"),
    ],
)
def test_what_is_counted_is_a_whole_number(name, attribute):
    with pytest.raises(UserError) as refused:
        Settings.from_env({name: " 1.7 "})
    assert refused.value.message == f"{name}=1.7 is no whole number"
    assert re.fullmatch(r"set it to 1\.\.\d+", refused.value.hint)

    assert getattr(Settings.from_env({name: " 3 "}), attribute) == 3


@pytest.mark.parametrize("text", ["nan", "inf", "many", "0", "-1", "1e9"])
def test_a_number_that_is_none_or_out_of_range_is_refused(text):
    with pytest.raises(UserError, match="R2R_WORKERS="):
        Settings.from_env({"R2R_WORKERS": text})


def test_every_variable_that_is_read_is_known():
    source = Path(r2r_shared.__file__).with_name("settings.py").read_text()
    read = set(re.findall(r"\"(R2R_[A-Z_]+)\"", source))

    assert read == VARIABLES - {"R2R_VERSION", "R2R_DEBUG"}


def test_a_variable_that_nobody_reads_is_named_with_the_nearest_that_is():
    told = {"R2R_LEASE_SECOND": "5", "R2R_TOPK": "9", "R2R_WHATEVER": "", "HOME": "/", "R2R_LOG": "json"}
    told |= {"R2R_METRICS_SERVICE_HOST": "10.0.0.1", "R2R_METRICS_PORT_9464_TCP_ADDR": "10.0.0.1"}
    told |= {"R2R_METRICS_SERVICE_PORT": "9464", "R2R_METRICS_SERVICE_PORT_HTTP": "9464", "R2R_METRICS_PORT": "tcp"}

    assert unknown(told) == {"R2R_LEASE_SECOND": "R2R_LEASE_SECONDS", "R2R_TOPK": "R2R_TOP_K", "R2R_WHATEVER": ""}
