"""What one worker process holds: its settings, its models, its name. Built after spawn, never at import."""

from __future__ import annotations

import io
import logging
import os
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from r2r_shared import broker, db
from r2r_shared.broker import Post
from r2r_shared.errors import PermanentError, Unavailable, UserError
from r2r_shared.queries import models as model_rows
from r2r_shared.queries import profiles
from r2r_shared.settings import Settings
from r2r_shared.storage import model_files
from r2r_shared.storage.media_store import MediaStore
from r2r_workers import pipeline
from r2r_workers.models import registry
from r2r_workers.models.protocols import Models

if TYPE_CHECKING:
    import numpy as np
    from celery import Celery
    from numpy.typing import NDArray
    from psycopg import Connection

    from r2r_shared.queries.segments import Message
    from r2r_shared.records import Features, Profile


T = TypeVar("T")

log = logging.getLogger(__name__)

_loading = threading.Lock()


@cache
def settings() -> Settings:
    """This process's settings. A worker is told both addresses: it never starts servers of its own."""
    found = Settings.from_env()
    if found.database_url is None or found.broker_url is None:
        raise UserError(
            "a worker needs R2R_DATABASE_URL and R2R_BROKER_URL",
            "`r2r worker` sets them for this machine's own stack",
        )
    return found


@cache
def name() -> str:
    """host:worker/child by their process ids, as segments record who held them."""
    return f"{worker_name(os.getppid())}{os.getpid()}"


def worker_name(pid: int) -> str:
    """What the names of all children of a worker's main process begin with."""
    return f"{socket.gethostname()}:{pid}/"


@contextmanager
def connection(*, autocommit: bool = False) -> Generator[Connection[Any]]:
    """A connection for one short piece of work: nothing is held while models or decoders run."""
    url = settings().database_url
    assert url is not None
    with db.translated(), db.connect(url, autocommit=autocommit) as conn:
        yield conn


@cache
def store() -> MediaStore:
    """The media store, which the worker's main process has made."""
    return MediaStore(settings().media_root, there=True)


def models(profile_id: int) -> Models:
    """The profile's models, loaded once per process: a child that warms up and its first segment ask at once.

    Raises:
        PermanentError: the weights here are not those that the profile's numbers were made with.
    """
    with _loading:
        return _load(profile_id)


@cache
def _load(profile_id: int) -> Models:
    with connection() as conn:
        profile = profiles.get(conn, profile_id)
        model = model_rows.of_profile(conn, profile_id)
    name = profile.name
    if model is not None:  # of someone's own: its weights are everybody's, by way of the media store
        name = str(model_files.cached(store(), model.digest, settings().home))
    try:
        loaded = registry.load(name, settings().device, threads=settings().decode_threads)
    except UserError as error:
        raise PermanentError(f"{error.message}; {error.hint}") from error
    _check(profile, loaded)
    return loaded


def measure(
    jpegs: list[bytes], profile_id: int, *, should_stop: Callable[[], bool], images: Sequence[str] = ()
) -> tuple[list[Features], float]:
    """Features of pictures under a profile, and the wall seconds that took.

    Args:
        images: the pictures' keys in the media store, where their depth maps are to be kept beside them.

    Raises:
        Cancelled: should_stop said so.
    """
    return pipeline.measure_pictures(
        jpegs,
        lambda: models(profile_id),
        threads=settings().decode_threads,
        should_stop=should_stop,
        store=store() if images else None,
        images=images,
    )


def embed(
    pictures: Sequence[T],
    read: Callable[[T], bytes],
    profile_id: int,
    *,
    should_stop: Callable[[], bool],
    on_progress: Callable[[int], None] = lambda done: None,
) -> tuple[NDArray[np.float32], float]:
    """Embeddings alone, (n, dim), for pictures whose metrics are known; and wall seconds. See `measure.embed`.

    Raises:
        Cancelled: should_stop said so.
    """
    return pipeline.embed_pictures(
        pictures,
        read,
        lambda: models(profile_id),
        threads=settings().decode_threads,
        should_stop=should_stop,
        on_progress=on_progress,
    )


def warm() -> None:
    """Load the models that most segments will ask for, and run them once, while the first film is being decoded.

    What goes wrong here is the first segment's to meet and to say.
    """
    try:
        with connection() as conn:
            name = settings().profile
            profile = profiles.active(conn) if name is None else profiles.named(conn, name)
        if profile is not None:
            measure([_blank_jpeg()], profile.id, should_stop=lambda: False)
            log.info("models of profile %s are loaded and warm", profile.name)
    except Exception as error:  # noqa: BLE001  (a child that cannot warm up can still serve other profiles)
        log.warning("models are not warm: %s", error)


def _blank_jpeg() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (pipeline.measure.MAX_SIDE_PX, 288), (128, 128, 128)).save(out, "JPEG")
    return out.getvalue()


def _check(profile: Profile, loaded: Models) -> None:
    wanted = (profile.encoder_digest, profile.depth_digest)
    found = (loaded.encoder.digest, loaded.depth.digest)
    if wanted != found:
        raise PermanentError(
            f"profile “{profile.name}” was made with other weights than this worker has "
            f"({wanted} there, {found} here): r2r models activate {profile.name} makes it anew with those; "
            "or give all workers the same release"
        )


def make_app(*, training: bool) -> Celery:
    """The Celery app that a worker of films, or of trainings, serves."""
    url = settings().broker_url
    assert url is not None
    made = broker.make_app(settings(), url, training=training)
    made.conf.worker_consumer = "r2r_workers.receiving:HintsOnly"
    return made


@cache
def post() -> Post:
    """Sends this process's hints."""
    url = settings().broker_url
    assert url is not None
    return Post(settings(), url)


def send(messages: list[Message]) -> None:
    """Send hints of work that is committed. Losing one is no harm: the sweep sends it again from the rows."""
    try:
        post().send(messages)
    except Unavailable as error:
        log.warning("%s", error)
