"""A folder to train from: small pictures that differ, some held out, triplets among them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from r2r_shared.encoder_config import TcnConfig
from r2r_shared.train_spec import TrainSpec
from r2r_workers.training import feed

TINY = TcnConfig("resnet10", (16, 8), 32, width=4)


def picture(number: int, side: int = 64) -> bytes:
    """A JPEG of blocks in colours of its own."""
    rng = np.random.default_rng(number)
    blocks = rng.integers(0, 256, (4, 4 + number % 3, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(blocks).resize((side + 8 * (number % 5), side), Image.Resampling.BICUBIC).save(out, "JPEG")
    return out.getvalue()


def folder(path: Path, spec: TrainSpec, *, count: int = 24, held: int = 6, triplets: int = 0) -> Path:
    """What `python -m r2r_workers.training` reads: `count` pictures, the last `held` of them held out."""
    into = path / "feed"
    into.mkdir(parents=True)
    feed.write_pictures(into, map(picture, range(count)), count, spec.config.side_px, fine=spec.blend > 0)
    rng = np.random.default_rng(0)
    np.save(into / "metrics.npy", rng.uniform(0, 1, (count, feed.METRIC_COLUMNS)).astype(np.float32))
    np.save(into / "labels.npy", np.stack([np.arange(count) // 3, np.arange(count) // 3], 1).astype(np.int32))
    np.save(into / "sharing.npy", np.eye(count // 3 + 1, dtype=bool))
    outside = np.arange(count) >= count - held
    np.save(into / "held.npy", outside)
    for name, rows in (("triplets", np.flatnonzero(~outside)), ("held_triplets", np.flatnonzero(outside))):
        formed = [rng.permutation(rows)[:3] for _ in range(triplets if len(rows) > 2 else 0)]
        np.save(into / f"{name}.npy", np.array(formed, np.int64).reshape(-1, 3))
    (path / "spec.json").write_text(json.dumps(spec.to_json()))
    return path
