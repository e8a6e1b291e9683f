"""Paper 4.1: sketches and photographs of sculpture out, works later than cinema's invention (1895) out.

The paper sorted by eye; here the words of genre, medium and title decide, by the lists below, and every work that
goes is counted under a named reason. A list can be wrong both ways: it is short on purpose.

* Genre and medium are the museum's own words for what a thing is: any word of the list is enough.
* A title says what is shown, not what the thing is ("The Sculptor's Studio" is a painting): there only the plain
  forms count ("Sketch for …", "Study of …", "Bust of …" with no paint among its materials).
* A material that is paint keeps a work in, whatever else is said: an oil sketch hangs on walls as a painting does,
  but the genre "sketch and study" still puts it out, as in the paper's data.
"""

from __future__ import annotations

import re

from r2r_shared.dates import later_than
from r2r_shared.records import PaintingRecord

CINEMA = 1895

SKETCH = "a sketch or drawing"
SCULPTURE = "a sculpture, or a photograph of one"
PHOTOGRAPH = "a photograph"
LATER = f"later than {CINEMA}"

_SKETCH_GENRE = re.compile(r"\b(?:sketch(?:es)?|stud(?:y|ies)|drawings?|sketch and study|cartoons?)\b")
_SKETCH_MEDIUM = re.compile(
    r"\b(?:pencil|graphite|charcoal|chalks?|crayon|silverpoint|metalpoint|pen and (?:brown |black )?ink|conte|conté)\b"
)
_SKETCH_TITLE = re.compile(
    r"^(?:(?:preparatory|preliminary|compositional|figure|anatomical|academic|head|drapery) )?"
    r"(?:sketch(?:es)?|stud(?:y|ies)|drawings?)\b(?!(?: in (?:scarlet|black|grey|gray|pink|red|blue))| interior| room)"
    r"|\((?:(?:oil|preparatory|compositional) )?(?:sketch|study|drawing)\)$|, (?:sketch|study)$"
)
_SCULPTURE_GENRE = re.compile(r"\b(?:sculptures?|statues?|reliefs?|busts?|installations?|ceramics?)\b")
_SCULPTURE_MEDIUM = re.compile(
    r"\b(?:marble|bronze|plaster|terracotta|terra cotta|limestone|alabaster|sandstone|porcelain|ivory|stoneware)\b"
)
_SCULPTURE_TITLE = re.compile(
    r"^(?:bust|statue|statuette|sculpture|equestrian statue|relief) of\b|\((?:sculpture|bust)\)$"
)
_PHOTOGRAPH = re.compile(r"\b(?:photographs?|photography|daguerreotypes?|gelatin silver|albumen (?:silver )?prints?)\b")
_PAINT = re.compile(
    r"\b(?:oils?|tempera|fresco|acrylic|gouache|watercolou?rs?|pastels?|encaustic|distemper|gesso|lacquer|enamel|paints?"
    r"|colou?rs?|painting|woodblock|woodcut|canvas)\b"
)


def reason_to_drop(record: PaintingRecord) -> str | None:
    """Why paper 4.1 leaves this work out, or None where it stays. Unknown dates stay."""
    if later_than((record.year_from, record.year_to), CINEMA):
        return LATER
    genre, medium, title = record.genre.casefold(), record.medium.casefold(), record.title.casefold()
    painted = _PAINT.search(medium) is not None
    if _PHOTOGRAPH.search(genre) or (_PHOTOGRAPH.search(medium) and not painted):
        return PHOTOGRAPH
    if _SCULPTURE_GENRE.search(genre) or (
        not painted and (_SCULPTURE_MEDIUM.search(medium) or _SCULPTURE_TITLE.search(title))
    ):
        return SCULPTURE
    if _SKETCH_GENRE.search(genre) or (not painted and (_SKETCH_MEDIUM.search(medium) or _SKETCH_TITLE.search(title))):
        return SKETCH
    return None
