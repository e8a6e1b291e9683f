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
        licence: of the picture; empty where the record says none: then what the list of works said holds.
        extra: what is to be kept with the work.
    """

    url: str
    licence: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @staticmethod
    def address(value: Any) -> str:
        """An address that may be asked for; empty where it is none."""
        return web_address(value)
