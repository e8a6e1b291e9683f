"""Pictures from the media store: those of shots and paintings, and nothing else that lies there."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from r2r_cli.web.routes import asked
from r2r_shared.errors import NotFound

KEY = re.compile(r"(?:depth/[0-9a-f]{16}/)?(?:films|paintings)(?:/[0-9A-Za-z_-]{1,80}){1,5}\.(jpg|jpg\.png)")
"""What keys of keyframes, of paintings and of their depth maps look like. Films and models lie in the same store."""

TYPES = {"jpg": "image/jpeg", "jpg.png": "image/png"}
# A key names its content: it holds the digest of the film or of the picture.
CACHED = {"cache-control": "private, max-age=31536000, immutable"}


def media(request: Request) -> Response:
    """GET /media/{key}."""
    site = asked.site_of(request)
    key: str = request.path_params["key"]
    found = KEY.fullmatch(key)
    if found is None:
        raise NotFound("there is no such picture", "its page links to the ones that there are")
    kind = TYPES[found[1]]
    if (path := site.store.path_or_none(key)) is not None:
        return FileResponse(path, media_type=kind, headers=CACHED)
    try:
        return Response(site.store.get(key), media_type=kind, headers=CACHED)
    except FileNotFoundError:
        if key.startswith("depth/"):  # not every picture has one: the film page asks, and shows it where there is
            return Response(status_code=204)
        raise NotFound("this picture is not in the media store", "`r2r doctor` checks it") from None


def url(key: str) -> str:
    """Where a picture is served."""
    return f"/media/{key}"
