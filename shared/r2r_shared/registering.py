"""Taking a model in: its file into the media store, then its profile and its row in one transaction; and out again."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from psycopg import Connection
from psycopg.errors import UniqueViolation

from r2r_shared.errors import PermanentError, UserError
from r2r_shared.queries import model_removal, models, profiles
from r2r_shared.queries.models import Model
from r2r_shared.storage import depth_maps, model_files
from r2r_shared.storage.media_store import MediaStore

RESERVED = frozenset({"starter", "descriptor", "resnet18", "resnet34", "resnet50", "resnet50-large"})
"""Names of profiles that are built in (r2r_workers.models.registry), or may be."""

MOST_DIM = 2000
"""An index of pgvector takes no longer vectors."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def check_name(name: str) -> str:
    """A model's name, as it may be: it is typed, said in R2R_PROFILE, and stands in reports.

    Raises:
        UserError: it may not be that.
    """
    if name in RESERVED:
        raise UserError(f"{name} is a built-in profile's name", "choose another, such as my-model")
    if name.endswith(".safetensors") or not _NAME.fullmatch(name):
        raise UserError(
            f"“{name}” cannot be a model's name",
            "use letters, digits, dots, - and _, 64 at most, a letter or digit first; not the name of a file",
        )
    return name


def is_name(name: str) -> bool:
    """Whether a profile can have it: a built-in one's, or one that `check_name` lets a model have."""
    return _NAME.fullmatch(name) is not None


def register(
    conn: Connection[Any],
    store: MediaStore,
    *,
    path: Path,
    description: dict[str, Any],
    name: str,
    lineage: dict[str, Any],
    run_id: int | None,
) -> Model:
    """Make a model of a checkpoint: a row, and a profile of the same name. Again with the same file, nothing.

    The file is stored first: who sees the row finds it. What is killed in between leaves a file that nobody names.

    Args:
        conn: in no transaction.
        description: of `path`, from `r2r_workers.models.registry.describe`.
        lineage: how the model came about; see `Model`.
        run_id: the training that made it.

    Raises:
        UserError: the name is not allowed, or another model has it; or the file changed while it was read.
        Unavailable: the media store does not take it.
    """
    check_name(name)
    digest: str = description["encoder_digest"]
    if not 1 <= description["dim"] <= MOST_DIM:
        raise UserError(f"{path} embeds in {description['dim']} numbers", f"train one with {MOST_DIM} at most")
    there = _same(conn, name, digest)
    _store(store, path, digest)  # should the file of a known model have been lost, this brings it back
    if there is not None:
        return there
    try:
        with conn.transaction():
            profiles.hold_choice(conn)
            profile = profiles.ensure(conn, {**description, "name": name, "encoder": name}, first_is_active=False)
            made = models.add(
                conn,
                name=name,
                profile_id=profile.id,
                digest=digest,
                file=model_files.key_of(digest),
                size_bytes=path.stat().st_size,
                config=description["config"],
                lineage=lineage,
                run_id=run_id,
            )
    except UniqueViolation:  # someone else took the name a moment ago
        made = _same(conn, name, digest)
        if made is None:
            raise
    _store(store, path, digest)  # another model of the same bytes may have been removed meanwhile, with its file
    return made


def _same(conn: Connection[Any], name: str, digest: str) -> Model | None:
    """The model that has the name already.

    Raises:
        UserError: it is another one.
    """
    there = models.named(conn, name)
    if there is not None and there.digest != digest:
        raise UserError(
            f"there is a model {name} already, with other weights", f"choose another name, or r2r models remove {name}"
        )
    return there


def _store(store: MediaStore, path: Path, digest: str) -> None:
    key = model_files.key_of(digest)
    sha256 = bytes.fromhex(digest)
    if store.holds(key, size_bytes=path.stat().st_size, sha256=sha256):
        return
    try:
        store.put_file(key, path, sha256=sha256)
    except PermanentError as error:
        raise UserError(f"{path} cannot be read, or changed while it was", "try again when it is whole") from error


def remove(conn: Connection[Any], store: MediaStore, name: str) -> Model:
    """Forget a model, its profile and all that was measured with it; its file, unless another model has it, too.

    The depth maps of its depth model go with the last profile that measures with that.

    Args:
        conn: in no transaction.

    Raises:
        NotFound: there is no such model.
        UserError: it is in use.
        Unavailable: the media store does not answer; the model is gone by then, and its file is not.
    """
    with conn.transaction():
        depth_digest = profiles.get(conn, models.get(conn, name).profile_id).depth_digest
        gone = model_removal.remove(conn, name)
    with conn.transaction():
        profiles.hold_choice(conn)  # who registers the same bytes now sees that they are gone, and stores them again
        if not models.uses_file(conn, gone.file):
            store.delete_prefix(gone.file)
        if depth_digest not in profiles.depth_digests(conn):  # nobody measures with that depth model any more
            store.delete_prefix(depth_maps.folder_of_model(depth_digest))
    return gone
