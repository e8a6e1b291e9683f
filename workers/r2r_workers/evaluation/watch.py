"""How far an evaluation is, and whether it is to end."""

from __future__ import annotations

from collections.abc import Callable

from r2r_shared.errors import Cancelled


class Watch:
    """Counts pictures, of all that are to be rendered, measured or embedded.

    Attributes:
        total: how many they are; set as soon as it is known.

    Args:
        on_progress: (share done, stage).
        should_stop: asked by `check`.
    """

    def __init__(
        self,
        *,
        on_progress: Callable[[float, str], None] = lambda share, stage: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.total = 1
        self.should_stop = should_stop
        self._on_progress = on_progress
        self._done = 0
        self._stage = ""

    def enter(self, stage: str) -> None:
        """What is done from here on."""
        self._stage = stage
        self.step(0)

    def step(self, pictures: int) -> None:
        """So many more are done."""
        self._done += pictures
        self._on_progress(min(1.0, self._done / self.total), self._stage)

    def check(self) -> None:
        """Before each batch.

        Raises:
            Cancelled: it is to end.
        """
        if self.should_stop():
            raise Cancelled("the job is over")
