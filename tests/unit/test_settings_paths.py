"""What variables name as places: whole paths, addresses as they are, one line where nothing can be there."""

from __future__ import annotations

import stat

import pytest

from r2r_shared.errors import UserError
from r2r_shared.settings import Settings


def test_a_relative_media_directory_is_the_same_one_wherever_a_process_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    settings = Settings.from_env({"R2R_MEDIA": "store"})

    assert settings.media_root == str(tmp_path / "store")


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/prefix", "file:///films/store", ""])
def test_an_address_is_left_as_it_is(url):
    assert Settings.from_env({"R2R_MEDIA": url}).media_url == url


@pytest.mark.parametrize("url", ["s3://", "file://", "s3:///", "gs://"])
def test_an_address_that_leads_nowhere_is_refused(url):
    with pytest.raises(UserError, match="names no place") as refused:
        Settings.from_env({"R2R_MEDIA": url})
    assert "s3://bucket/prefix" in refused.value.hint


@pytest.mark.parametrize(
    ("variable", "value"),
    [("R2R_HOME", "~nouser/x"), ("R2R_MEDIA", "~nouser/x"), ("R2R_PROFILE", "~nouser/x.safetensors")],
)
def test_a_home_of_nobody_is_refused_and_the_variable_named(variable, value):
    with pytest.raises(UserError, match=f"{variable}=~nouser/x.* leads nowhere"):
        Settings.from_env({variable: value})


def test_a_home_is_made_for_its_owner_alone(tmp_path):
    Settings(home=tmp_path / "deep" / "home").make_home()

    assert stat.S_IMODE((tmp_path / "deep" / "home").stat().st_mode) == 0o700


def test_a_home_that_was_there_keeps_its_rights(tmp_path):
    tmp_path.chmod(0o755)

    Settings(home=tmp_path).make_home()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_file_cannot_be_a_home(tmp_path):
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="cannot hold this machine's own stack") as refused:
            Settings(home=home).make_home()
        assert "R2R_HOME" in refused.value.hint
