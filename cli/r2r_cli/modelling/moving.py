"""Models brought in from a file, and written to one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from r2r_cli import context
from r2r_shared import registering
from r2r_shared.errors import UserError
from r2r_shared.queries import models
from r2r_shared.storage import model_files

if TYPE_CHECKING:
    from r2r_cli.context import Session
    from r2r_shared.queries.models import Model


def bring_in(opened: Session, path: Path, name: str) -> Model:
    """Make a model of a file, after its network was built and used once.

    Raises:
        UserError: the name or the file will not do.
    """
    registering.check_name(name)
    model_files.check_header(path)
    description = context.run_models("check", str(path.absolute()))[-1]
    return registering.register(
        opened.conn,
        opened.store,
        path=path,
        description=description,
        name=name,
        lineage=description["lineage"] or {},
        run_id=None,
    )


def write_out(opened: Session, name: str, target: Path, *, force: bool) -> Model:
    """Write a model's file, with what its header says of it, to a place that does not hold one yet.

    Raises:
        UserError: there is no such model, or the place does not take it.
        PermanentError: the media store has lost it.
    """
    model = models.get(opened.conn, name)
    hint = "name a file in a directory that exists"
    if target.is_dir():
        raise UserError(f"{target} is a directory", f"name a file: {target / name}.safetensors")
    if target.exists() and not force:
        raise UserError(f"{target} is there already", "--force replaces it")
    try:
        model_files.copy(opened.store, model.digest, target)
    except OSError as error:
        raise UserError(f"{target} cannot be written: {error.strerror}", hint) from error
    return model
