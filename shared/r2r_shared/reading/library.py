"""A library of films and paintings, read from Python. One connection, one profile, answers as frozen records.

Lists are `Rows`: tuples of flat records that become data frames. A film, a timeline and a citation are one record each,
a picture is the bytes of a JPEG.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from psycopg import Connection

from r2r_shared import citation as citing
from r2r_shared import db
from r2r_shared.citation import Citation
from r2r_shared.collections.text import storable
from r2r_shared.errors import NotFound, UserError
from r2r_shared.film import stamps
from r2r_shared.local.stack import open_stack
from r2r_shared.queries import (
    catalogue_echoes,
    catalogue_hubs,
    catalogue_influence,
    catalogue_similar,
    film_numbers,
    profiles,
)
from r2r_shared.queries import films as film_rows
from r2r_shared.queries import paintings as painting_rows
from r2r_shared.queries import timeline as timelines
from r2r_shared.queries.catalogue_echoes import Echo
from r2r_shared.queries.catalogue_hubs import Hub
from r2r_shared.queries.catalogue_similar import SimilarFilm
from r2r_shared.queries.films import Film
from r2r_shared.queries.paintings import Collection, Painting
from r2r_shared.queries.timeline_document import Timeline
from r2r_shared.reading import asked, records
from r2r_shared.reading.records import GroupRow, InfluenceRow, MatchRow, ShotRow, WindowRow
from r2r_shared.reading.rows import Rows
from r2r_shared.records import Profile
from r2r_shared.score import Weights
from r2r_shared.settings import Settings
from r2r_shared.storage.media_store import MediaStore

Of: TypeAlias = Literal["movement", "artist", "painting"]
By: TypeAlias = Literal["director", "decade", "country", "film"]

NamedFilm: TypeAlias = "str | int | Path | Film"
"""A path, an id, an unambiguous piece of the title, or the film's own row."""

PAINTINGS = 5


@dataclass(frozen=True, slots=True)
class Library:
    """What an installation knows, under one profile.

    Nothing is ingested, imported or removed through it. What asks for a film's timeline brings its stored matches up to
    date where the collection has changed since, or where more paintings of each shot are asked for than are kept,
    exactly as `r2r timeline` does; all else only reads.
    """

    conn: Connection[Any]
    store: MediaStore
    settings: Settings
    profile: Profile

    def painting_collections(self) -> Rows[Collection]:
        """All collections by name, with how many of their paintings are measured."""
        return Rows.of(Collection, painting_rows.collections(self.conn, profile_id=self.profile.id))

    def paintings(
        self,
        words: str = "",
        *,
        collection: str | None = None,
        artist: str | None = None,
        movement: str | None = None,
        limit: int = asked.EVERY,
    ) -> Rows[Painting]:
        """Paintings by artist, date and title.

        Args:
            words: each must occur in the artist's name, the title or the file's name.
            artist, movement: a piece of it. Case does not matter.

        Raises:
            NotFound: there is no such collection.
        """
        words, limit = asked.text("words", words), asked.rows("limit", limit)
        artist, movement = asked.text_or_none("artist", artist), asked.text_or_none("movement", movement)
        if (collection := asked.text_or_none("collection", collection)) is not None:
            painting_rows.collection_named(self.conn, collection)
        return Rows.of(
            Painting,
            painting_rows.search(
                self.conn, words=words, collection=collection, artist=artist, movement=movement, limit=limit
            ),
        )

    def films(self) -> Rows[Film]:
        """All films by title."""
        return Rows.of(Film, film_rows.listed(self.conn))

    def film(self, film: NamedFilm) -> Film:
        """The film that is meant.

        Raises:
            NotFound: none answers to it, or several do; the hint lists them.
        """
        if isinstance(film, Film):
            return film
        named = asked.thing("film", film)
        if isinstance(named, str):
            named = film_rows.find(self.conn, named, digest_of=stamps.digest, roots=self.settings.film_roots)
        return film_rows.get(self.conn, named)

    def timeline(
        self,
        film: NamedFilm,
        *,
        top_k: int = PAINTINGS,
        weights: Weights | Mapping[str, float] | str | None = None,
        all_dates: bool = False,
        window_s: float | None = None,
        exact: bool = False,
        hub_correction: bool = True,
    ) -> Timeline:
        """A film's shots, the paintings each resembles most, and the influence over film time: one frozen record.

        What is asked for here (other weights, all dates, exact) is asked of `shots`, `matches`, `influence` and
        `windows` by handing them the timeline instead of the film.

        Args:
            top_k: paintings of each shot.
            weights: other weights for the eight metrics: a `Weights`, `{"dc": .3}`, or "dc=.3,balance=.05". Then
                nothing is judged convincing, for that is known of the default weights alone.
            all_dates: keep paintings made after the film.
            window_s: the influence's windows are equal and this long at most, seconds; by default there are 24, or
                of a film below four minutes as many as are 10 s or longer.
            exact: score every painting, however large the collection.
            hub_correction: put back paintings that are near to everything.

        Raises:
            NotFound: no such film.
            UserError: it has no finished analysis, or none under this profile; or the weights are none.
        """
        top_k, window_s, weights = asked.paintings_of_a_shot(top_k), asked.window(window_s), asked.weights(weights)
        asked.truths(all_dates=all_dates, exact=exact, hub_correction=hub_correction)
        named = self.film(film)
        film_numbers.require(self.conn, named, self.profile)
        return timelines.timeline(
            self.conn,
            named.id,
            self.profile.id,
            top_k=top_k,
            keep=self.settings.top_k,
            weights=weights,
            all_dates=all_dates,
            window_s=window_s,
            exact=exact,
            hub_correction=hub_correction,
        )

    def shots(self, film: NamedFilm | Timeline) -> Rows[ShotRow]:
        """A film's shots in order."""
        found = self._timeline(film)
        return Rows.of(ShotRow, (records.shot_row(found, shot) for shot in found.shots))

    def matches(
        self,
        film: NamedFilm | Timeline,
        *,
        top_k: int | None = None,
        artist: str | None = None,
        movement: str | None = None,
        convincing: bool = False,
    ) -> Rows[MatchRow]:
        """The paintings that each shot of a film resembles most, shot by shot, best first.

        By other weights: `matches(timeline(film, weights=…))`.

        Args:
            film: a film, or a timeline that is at hand.
            top_k: paintings of each shot: 5, or of a timeline all that it has, by default.
            artist, movement: only paintings whose artist's or movement's name has this piece; case does not matter.
            convincing: only matches that unrelated pictures seldom reach; none where that is not known.
        """
        asked.truths(convincing=convincing)
        by, of = asked.piece("artist", artist), asked.piece("movement", movement)
        found = self._timeline(film, top_k=top_k)
        return Rows.of(
            MatchRow,
            (
                records.match_row(found, shot, match)
                for shot in found.shots
                for match in shot.matches[:top_k]
                if by in match.painting.artist.lower()
                and of in match.painting.movement.lower()
                and (match.convincing or not convincing)
            ),
        )

    def influence(self, film: NamedFilm | Timeline, *, of: Of = "movement") -> Rows[InfluenceRow]:
        """Whose paintings a film resembles over its whole length, largest share first.

        By other weights: `influence(timeline(film, weights=…))`.
        """
        found = self._timeline(film)
        rows = (records.influence_row(found, row) for row in found.influence if row.by == _of(of))
        return Rows.of(InfluenceRow, rows)

    def windows(
        self, film: NamedFilm | Timeline, *, of: Of = "movement", window_s: float | None = None
    ) -> Rows[WindowRow]:
        """The same minute by minute: a row for each name and stretch of film, what a stacked chart is drawn from.

        By other weights: `windows(timeline(film, weights=…, window_s=…))`; a timeline that is at hand has its windows.
        """
        found = self._timeline(film, window_s=window_s)
        rows = (row for echo in found.influence if echo.by == _of(of) for row in records.window_rows(found, echo))
        return Rows.of(WindowRow, rows)

    def catalogue_influence(
        self,
        *,
        by: By = "director",
        of: Of = "movement",
        names: int = catalogue_influence.NAMES,
        groups: int = catalogue_influence.GROUPS,
        convincing: bool = False,
    ) -> Rows[GroupRow]:
        """Whose paintings the films of each director, decade or country resemble.

        Reads what is counted: films without current matches are in no answer (`r2r catalogue refresh`).
        """
        if by not in ("director", "decade", "country", "film"):
            raise UserError(f"by={by!r} is no group of films", "use director, decade, country or film")
        asked.truths(convincing=convincing)
        names, groups = asked.rows("names", names), asked.rows("groups", groups)
        found = catalogue_influence.influence(
            self.conn, self.profile.id, by=by, of=_of(of), names=names, groups=groups, convincing=convincing
        )
        return Rows.of(GroupRow, records.group_rows(found))

    def echoes(self, painting: str | int, *, limit: int = 200, convincing: bool = False) -> Rows[Echo]:
        """The shots of all films that a painting is among the nearest of, nearest first.

        Args:
            painting: its id, its file, its title, or words of artist, title and file.
        """
        limit, name = asked.rows("limit", limit), storable(str(asked.thing("painting", painting)))
        asked.truths(convincing=convincing)
        named = painting_rows.find(self.conn, name)
        found = catalogue_echoes.echoes(self.conn, self.profile.id, named.id, limit=limit, convincing=convincing)
        return Rows.of(Echo, found.echoes)

    def similar(self, film: NamedFilm, *, limit: int = 20) -> Rows[SimilarFilm]:
        """The films that resemble the same artists, most alike first."""
        limit = asked.rows("limit", limit)
        alike = catalogue_similar.similar(self.conn, self.profile.id, self.film(film).id, limit=limit)
        return Rows.of(SimilarFilm, alike)

    def hubs(self, *, limit: int = 50) -> Rows[Hub]:
        """The paintings that most of all films' time is nearest to."""
        limit = asked.rows("limit", limit)
        return Rows.of(Hub, catalogue_hubs.hubs(self.conn, self.profile.id, limit=limit))

    def picture(self, image: str) -> bytes:
        """The bytes of the JPEG of a keyframe or painting, by the `image` that a timeline or a row names.

        Raises:
            NotFound: the media store has none.
        """
        if not isinstance(image, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UserError(f"a {type(image).__name__} names no picture", "name one by the `image` of a row")
        try:
            return self.store.get(image)
        except (FileNotFoundError, ValueError) as error:
            raise NotFound(
                f"{self.store.url} has no picture {image}", "`r2r ingest FILM --force` makes a film's anew"
            ) from error

    def cite(self, timeline: Timeline | None = None) -> Citation:
        """What a paper should say of where its numbers come from, as one `Citation`.

        Args:
            timeline: that the numbers are of: then it names the film, its year and its shot detector, every choice that
                is not the default, and the collections' state that the timeline was made of.

        Raises:
            UserError: it is no timeline, or one of another profile.
        """
        if timeline is not None and not isinstance(timeline, Timeline):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise UserError("cite takes a timeline, or nothing", "r2r.cite(r2r.timeline(film))")
        if timeline is not None and timeline.profile.id != self.profile.id:
            raise UserError(
                f"the timeline is of the profile “{timeline.profile.name}”, not of “{self.profile.name}”",
                "ask the library that made it",
            )
        return citing.of_profile(self.conn, profiles.get(self.conn, self.profile.id), timeline=timeline)

    def _timeline(
        self, film: NamedFilm | Timeline, *, top_k: int | None = None, window_s: float | None = None
    ) -> Timeline:
        """The timeline that is at hand, where it answers what is asked; else the film's."""
        if not isinstance(film, Timeline):
            return self.timeline(film, top_k=PAINTINGS if top_k is None else top_k, window_s=window_s)
        if top_k is not None and asked.paintings_of_a_shot(top_k) > film.top_k:
            raise UserError(f"top_k={top_k}, of a timeline that has {film.top_k}", "ask for the film, not its timeline")
        if window_s is not None:
            raise UserError("a timeline that is at hand has its windows", "ask for the film, or timeline(window_s=…)")
        return film


@contextmanager
def library(*, profile: str | None = None, settings: Settings | None = None) -> Generator[Library]:
    """Open an installation: the servers that `R2R_DATABASE_URL` and `R2R_BROKER_URL` name, else this machine's own.

    Args:
        profile: whose numbers to read; else R2R_PROFILE's, else the active one's.
        settings: instead of the environment's.

    Raises:
        Unavailable: a server does not answer or does not start.
        UserError: nothing has been measured yet, or not under that profile.
    """
    chosen = Settings.from_env() if settings is None else settings
    if chosen.local:
        chosen.make_home()
    with db.translated(), open_stack(chosen) as stack, db.connect(stack.database_url, autocommit=True) as conn:
        name = asked.text_or_none("profile", profile) or chosen.profile
        found = profiles.active(conn) if name is None else profiles.named(conn, name)
        if found is None and name is None:
            raise UserError("nothing has been measured here yet", "r2r paintings import ./my-paintings")
        if found is None:
            raise NotFound(f"there is no profile “{name}”", "`r2r models list` shows them all")
        yield Library(conn, MediaStore(chosen.media_root), chosen, found)


def _of(of: Of) -> Of:
    if of not in ("movement", "artist", "painting"):
        raise UserError(f"of={of!r} is no kind of name", "use movement, artist or painting")
    return of
