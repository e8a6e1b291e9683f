"""The picture that a museum's record of one work names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from r2r_shared.collections.addresses import web_address


@dataclass(frozen=True, slots=True)
class RecordPicture:
    """Where a work's picture is, as its museum's record of it says.

    Attributes:
        licence: of the picture; None where the record says nothing of it: then what the list of works said holds.
            Empty where it says that the picture is not free, or something that is not understood: then that holds.
        extra: what is to be kept with the work.
    """

    url: str
    licence: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @staticmethod
    def address(value: Any) -> str:
        """An address that may be asked for; empty where it is none."""
        return web_address(value)
