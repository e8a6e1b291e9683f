"""`python -m r2r_workers`: a worker process. `r2r worker` and a waiting `r2r ingest` start it."""

from __future__ import annotations

import argparse
import os
import signal
import threading

from r2r_shared import names


def main() -> None:
    """Serve queues until told to stop."""
    _take_interrupts()
    parser = argparse.ArgumentParser(prog="python -m r2r_workers", description=__doc__)
    parser.add_argument("--queues", default=",".join((names.CONTROL, names.VIDEO, names.PAINTINGS)))
    parser.add_argument(
        "--processes", type=int, default=None, help="pool children; by default R2R_WORKERS, or the GPUs"
    )
    parser.add_argument("--local", action="store_true", help="be the one worker of this home; end when stdin closes")
    args = parser.parse_args()
    if args.local:
        from r2r_shared.local import worker as local_worker
        from r2r_shared.settings import Settings

        # Held for as long as this process lives.
        lock = local_worker.hold_lock(Settings.from_env().home, training=args.queues == names.TRAIN)
        if lock is None:
            raise SystemExit(local_worker.EXIT_ANOTHER_HOLDS_THE_LOCK)
        threading.Thread(target=_end_with_owner, name="owner", daemon=True).start()

    from r2r_shared.operating import logs
    from r2r_workers import gpus, sweeper
    from r2r_workers.runtime import settings

    logs.configure(settings())

    training = names.TRAIN in args.queues.split(",")
    if training:
        from r2r_workers.train_app import app
    else:
        from r2r_workers.app import app
    one = args.local or training  # a training has all GPUs of its machine
    processes = args.processes or (1 if one else gpus.pool_size(settings(), os.environ))
    try:
        app.worker_main(
            [
                *(["--quiet"] if settings().log == "json" else []),  # no banner among the objects
                "worker",
                f"--queues={args.queues}",
                f"--concurrency={processes}",
                "--loglevel=INFO",
                "--without-gossip",
                "--without-mingle",
                f"--hostname=r2r-{os.getpid()}@%h",
            ]
        )
    finally:
        sweeper.hand_back(os.getpid())


def _take_interrupts() -> None:
    """Let Ctrl-C reach this process alone, as SIGTERM.

    A terminal sends it to the whole process group, and a child that still imports would answer with a traceback.
    What is blocked here stays so in the threads and processes that are started from here, however early they are.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_pass_interrupts_on, name="interrupts", daemon=True).start()


def _pass_interrupts_on() -> None:
    while signal.sigwait({signal.SIGINT}):
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # nothing has begun
            os._exit(0)
        os.kill(os.getpid(), signal.SIGTERM)


def _end_with_owner() -> None:
    while os.read(0, 4096):  # the bare descriptor: a buffered reader's lock would outlive the interpreter
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
