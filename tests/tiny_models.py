"""Models of no use, quickly made: networks of some ten thousand random weights in files like anyone's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg import Connection

from r2r_shared import registering
from r2r_shared.queries.models import Model
from r2r_shared.storage.media_store import MediaStore
from r2r_workers.models import registry
from r2r_workers.models.checkpoint import TcnConfig

CONFIG = TcnConfig(backbone="resnet10", width=4, head=(8,), side_px=32)


def checkpoint(path: Path, *, seed: int = 0, config: TcnConfig = CONFIG, lineage: dict[str, Any] | None = None) -> Path:
    """Write one; another seed is another model."""
    import torch

    from r2r_workers.models import tcn

    torch.manual_seed(seed)
    tcn.save(tcn.build(config), config, path, lineage=lineage)
    return path


def registered(
    conn: Connection[Any], store: MediaStore, folder: Path, name: str, *, seed: int = 0, config: TcnConfig = CONFIG
) -> Model:
    """A model of that name, as a training or an import leaves it."""
    path = checkpoint(folder / f"{name}.safetensors", seed=seed, config=config)
    return registering.register(
        conn,
        store,
        path=path,
        description=registry.describe(str(path)),
        name=name,
        lineage={"name": name, "seed": seed},
        run_id=None,
    )
