"""Re-embedding stored keyframes against the bare model: the same pictures, in one run, one beside the other.

    python -m tests.benchmarks.reembed [--keyframes 512] [--rounds 5] [--network starter|resnet18|resnet50]

What an activation does to a segment (lease, media store, decode, embed, metrics from the other profile, rows, commit)
against the encoder alone on the same pictures, decoded and in memory, in batches of the same size. Turn about, so that
whatever else the machine does hits both; medians of the rounds. Beside the wall clock stands the processor time of this
process: on a busy machine only that means much, and with `--threads 1`, for threads that wait for each other spin.
Starts a Postgres and a Redis of its own. The aim is 0.9 of the bare model's pictures a second.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from r2r_shared import db, migrate, recipes
from r2r_shared.local.postgres import LocalPostgres
from r2r_shared.local.redis import LocalRedis
from r2r_shared.queries import activation, profiles
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import measure, runtime
from r2r_workers.models.checkpoint import TcnConfig
from r2r_workers.tasks.work import work
from tests import catalogue, synthetic, tiny_models

AIM = 0.9
BATCH = 64
NETWORKS = {
    "starter": recipes.STARTER.config,
    "resnet18": TcnConfig("resnet18", (256,), 224),
    "resnet50": recipes.PAPER.config,
}
"""With random weights: it is their speed that counts."""


def main() -> int:
    """Print the table; 1 where the aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--network", choices=sorted(NETWORKS), default="starter")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the model, and of what decodes")
    asked = parser.parse_args()
    config = NETWORKS[asked.network]
    with (
        servers(asked.device, asked.threads) as settings,
        pytest.MonkeyPatch.context() as patch,
        catalogue.here(settings, patch),
    ):
        bare, whole = measure_both(settings, config, keyframes=asked.keyframes, rounds=asked.rounds)
    wall = [one.wall_s / other.wall_s for one, other in zip(bare, whole, strict=True)]
    processor = [one.processor_s / other.processor_s for one, other in zip(bare, whole, strict=True)]
    print(f"{asked.network}: {config}\n{asked.keyframes} keyframes of 512 × 288")
    for name, took in (("bare model, pictures in memory", bare), ("from the media store to the rows", whole)):
        each_ms = 1000 * statistics.median(one.processor_s for one in took) / asked.keyframes
        a_second = asked.keyframes / statistics.median(one.wall_s for one in took)
        print(f"  {name:<34} {a_second:7.1f} a second, {each_ms:6.2f} ms of processor each")
    for name, shares in (("by the clock", wall), ("by processor time", processor)):
        spread = f"rounds: {min(shares):.2f} to {max(shares):.2f}"
        print(f"  share of the bare model's, {name:<17} {statistics.median(shares):.2f}  ({spread})")
    return int(statistics.median(wall) < AIM)


class Took(NamedTuple):
    """Seconds by the wall clock, and of the processor in this process."""

    wall_s: float
    processor_s: float


@contextmanager
def timed(into: list[Took]) -> Iterator[None]:
    began = time.perf_counter(), time.process_time()
    yield
    into.append(Took(time.perf_counter() - began[0], time.process_time() - began[1]))


def measure_both(
    settings: Settings, config: TcnConfig, *, keyframes: int, rounds: int
) -> tuple[list[Took], list[Took]]:
    """What each round took the bare model, and the whole path."""
    assert settings.database_url is not None
    store = MediaStore(settings.media_root)
    jpegs = [picture(seed) for seed in range(keyframes)]
    pictures = [measure._decode((at, jpeg)) for at, jpeg in enumerate(jpegs)]
    bare: list[Took] = []
    whole: list[Took] = []
    with db.connect(settings.database_url, autocommit=True) as conn:
        old = synthetic.add_profile(conn, name="old")
        new = fill(conn, store, settings.home, config, old, jpegs)
        encoder = runtime.models(new).encoder
        for start in (0, *range(0, keyframes, BATCH)):
            encoder.embed(pictures[start : start + BATCH])  # warm
        for _ in range(rounds):
            with timed(bare):
                for start in range(0, keyframes, BATCH):
                    encoder.embed(pictures[start : start + BATCH])
            again(conn, new, whole)
    return bare, whole


def fill(  # noqa: PLR0917
    conn: db.Connection, store: MediaStore, home: Path, config: TcnConfig, old: int, jpegs: list[bytes]
) -> int:
    """A film with these keyframes, measured under `old`; and the model that they are to be embedded with."""
    world = synthetic.World()
    shots = [synthetic.Shot(1.0, [one]) for one in world.draw(len(jpegs))]
    synthetic.add_film(conn, old, shots)
    images = [row[0] for row in conn.execute("SELECT image FROM keyframes ORDER BY id").fetchall()]
    for image, jpeg in zip(images, jpegs, strict=True):
        store.put(image, jpeg)
    made = tiny_models.registered(conn, store, home, "new", config=config).profile_id
    new = profiles.get(conn, made)
    conn.execute(
        "UPDATE profiles SET depth_digest = %s, metrics_version = %s WHERE id = %s",
        (new.depth_digest, new.metrics_version, old),
    )
    return made


def again(conn: db.Connection, profile_id: int, into: list[Took]) -> None:
    """Have a worker measure all keyframes under the profile; timed from the first lease to the last commit."""
    conn.execute("DELETE FROM keyframe_features WHERE profile_id = %s", (profile_id,))
    conn.execute("DELETE FROM jobs WHERE kind = 'activate'")
    assert activation.ask(conn, profile_id).job_id is not None
    waiting = [
        row[0] for row in conn.execute("SELECT id FROM segments WHERE kind = 'keyframes' ORDER BY id").fetchall()
    ]
    with timed(into):
        for segment_id in waiting:
            work(segment_id)
    row = conn.execute("SELECT count(*) FROM segments WHERE kind = 'keyframes' AND state <> 'done'").fetchone()
    assert row == (0,), "a segment did not end well"


def picture(seed: int) -> bytes:
    """A keyframe as ingests keep them: 512 × 288, with soft shapes and grain; some 50 kB."""
    draw = np.random.default_rng(seed)
    soft = Image.fromarray(draw.integers(0, 256, (9, 16, 3), np.uint8)).resize((512, 288), Image.Resampling.BICUBIC)
    grainy = np.asarray(soft, np.float32) + draw.normal(0, 5, (288, 512, 1)).astype(np.float32)
    out = io.BytesIO()
    Image.fromarray(grainy.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=90)
    return out.getvalue()


@contextmanager
def servers(device: str, threads: int) -> Iterator[Settings]:
    """Servers of the benchmark's own, and settings that lead to them."""
    home = Path(tempfile.mkdtemp(prefix="r2r-bench-"))
    (home / "redis").mkdir()
    postgres = LocalPostgres(home / "pg", home, home / "pg.log")
    redis = LocalRedis(home / "redis", home, home / "redis.log")
    try:
        postgres.start("bench")
        redis.start()
        try:
            migrate.apply(postgres.url("bench"))
            urls = {"database_url": postgres.url("bench"), "broker_url": redis.url()}
            yield Settings(home=home, **urls, device=device, decode_threads=threads)
        finally:
            redis.stop()
            postgres.stop()
    finally:
        shutil.rmtree(home)


if __name__ == "__main__":
    sys.exit(main())
