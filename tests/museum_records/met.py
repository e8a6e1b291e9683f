"""MetObjects.csv, and the object API's answers."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

_MET_COLUMNS = (
    "Object Number,Is Highlight,Is Timeline Work,Is Public Domain,Object ID,Gallery Number,Department,"
    "AccessionYear,Object Name,Title,Culture,Period,Dynasty,Reign,Portfolio,Constituent ID,Artist Role,"
    "Artist Prefix,Artist Display Name,Artist Display Bio,Artist Suffix,Artist Alpha Sort,Artist Nationality,"
    "Artist Begin Date,Artist End Date,Artist Gender,Artist ULAN URL,Artist Wikidata URL,Object Date,"
    "Object Begin Date,Object End Date,Medium,Dimensions,Credit Line,Geography Type,City,State,County,Country,"
    "Region,Subregion,Locale,Locus,Excavation,River,Classification,Rights and Reproduction,Link Resource,"
    "Object Wikidata URL,Metadata Date,Repository,Tags,Tags AAT URL,Tags Wikidata URL"
)
MET_HEADER = tuple(_MET_COLUMNS.split(","))

# Every dirt that MetObjects.csv has, one work each. The first is as clean as they come.
MET_WORKS: tuple[dict[str, str], ...] = (
    {
        "Object Number": "1993.132",
        "Is Highlight": "True",
        "Is Public Domain": "True",
        "Object ID": "436535",
        "Department": "European Paintings",
        "Object Name": "Painting",
        "Title": "Wheat Field with Cypresses",
        "Artist Role": "Artist",
        "Artist Display Name": "Vincent van Gogh",
        "Artist Display Bio": "Dutch, Zundert 1853–1890 Auvers-sur-Oise",
        "Artist Nationality": "Dutch",
        "Artist ULAN URL": "http://vocab.getty.edu/page/ulan/500115588",
        "Artist Wikidata URL": "https://www.wikidata.org/wiki/Q5582",
        "Object Date": "1889",
        "Object Begin Date": "1889",
        "Object End Date": "1889",
        "Medium": "Oil on canvas",
        "Dimensions": "28 7/8 × 36 3/4 in. (73.2 × 93.4 cm)",
        "Classification": "Paintings",
        "Link Resource": "http://www.metmuseum.org/art/collection/search/436535",
        "Object Wikidata URL": "https://www.wikidata.org/wiki/Q18638577",
        "Tags": "Landscapes|Cypresses|Summer",
    },
    {  # two artists, a quoted newline in the title, a date in two parts
        "Object ID": "437060",
        "Is Public Domain": "True",
        "Title": "The Feast of Acheloüs,\nafter Ovid",
        "Artist Role": "Artist|Artist",
        "Artist Prefix": "|",
        "Artist Display Name": "Peter Paul Rubens|Jan Brueghel the Elder",
        "Artist ULAN URL": "http://vocab.getty.edu/page/ulan/500002921|(not assigned)",
        "Object Date": "ca. 1615",
        "Object Begin Date": "1605",
        "Object End Date": "1625",
        "Medium": "Oil on wood",
        "Classification": "Paintings",
    },
    {  # near a master, not by him; a date that is open at its end
        "Object ID": "437400",
        "Is Public Domain": "True",
        "Title": "Portrait of a Man",
        "Artist Role": "Artist",
        "Artist Prefix": "Style of",
        "Artist Display Name": "Rembrandt",
        "Object Date": "after 1650",
        "Object Begin Date": "1650",
        "Object End Date": "1699",
        "Classification": "Paintings",
    },
    {  # before our era, and nobody is known
        "Object ID": "547802",
        "Is Public Domain": "True",
        "Title": "Portrait of a Youth",
        "Artist Display Name": "Unidentified artist",
        "Object Date": "ca. 300–250 BCE",
        "Object Begin Date": "-300",
        "Object End Date": "-250",
        "Classification": "Paintings-Panels",
    },
    {  # no date, no artist; not in the public domain, and the museum says whose it is
        "Object ID": "488320",
        "Is Public Domain": "False",
        "Title": "Untitled",
        "Object Date": "",
        "Object Begin Date": "0",
        "Object End Date": "0",
        "Classification": "Paintings",
        "Rights and Reproduction": "© 2025 Artists Rights Society (ARS), New York",
    },
    {  # words and numbers that say different things; "or"; letters read in a wrong encoding; markup
        "Object ID": "435868",
        "Is Public Domain": "True",
        "Title": "<i>Les Joueurs dâ€™Ã©checs</i> &amp; more",
        "Artist Display Name": "Paul CÃ©zanne",
        "Object Date": "1890 or 1892",
        "Object Begin Date": "1790",
        "Object End Date": "1792",
        "Classification": "Paintings",
    },
    {  # a period, but no year
        "Object ID": "44918",
        "Is Public Domain": "True",
        "Title": "Landscape",
        "Object Date": "Edo period",
        "Classification": "Paintings",
    },
    {  # no painting
        "Object ID": "1",
        "Is Public Domain": "True",
        "Object Name": "Coin",
        "Title": "One-dollar Liberty Head Coin",
        "Artist Display Name": "James Barton Longacre",
        "Object Date": "1853",
        "Classification": "Metal",
    },
)


def met_row(work: dict[str, str]) -> list[str]:
    """A work's row, its columns in the museum's order."""
    return [work.get(column, "") for column in MET_HEADER]


def met_text(works: tuple[dict[str, str], ...] = MET_WORKS, *, bom: bool = True, dirt: bool = True) -> str:
    """MetObjects.csv with these works; `dirt`: rows too long, too short or without a number, and a repeat."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(MET_HEADER)
    writer.writerows(met_row(work) for work in works)
    if dirt:
        writer.writerow(met_row(works[0]))
        writer.writerow([*met_row(works[0] | {"Object ID": "436536"}), "a cell", "too many"])
        writer.writerow(met_row(works[0] | {"Object ID": "438815", "Title": "Short"})[:48])
        writer.writerow(met_row(works[0] | {"Object ID": "none"}))
    return ("\ufeff" if bom else "") + out.getvalue()


def met_csv(path: Path, rows: int, seed: int = 1, *, paintings: float = 1.0) -> Path:
    """A MetObjects.csv of any length; every work has a number of its own.

    Args:
        paintings: the share of rows that are paintings; all others are what museums hold most of.
    """
    dice = random.Random(seed)
    artists = [f"{first} {last}" for first in _FIRST for last in _LAST]
    others = ("Prints", "Drawings", "Ceramics", "Textiles-Woven", "Glass", "Metalwork", "Coins", "Photographs")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(MET_HEADER)
        for number in range(1, rows + 1):
            year = dice.randrange(1300, 1900)
            artist = dice.choice(artists)
            words, begin, end = dice.choice(_DATES)(year)
            work = {
                "Object Number": f"{dice.randrange(1870, 2024)}.{number}",
                "Is Highlight": "False",
                "Is Timeline Work": "False",
                "Is Public Domain": "True" if dice.random() < 0.7 else "False",
                "Object ID": str(number),
                "Department": dice.choice(("European Paintings", "Asian Art", "The American Wing")),
                "AccessionYear": "1950",
                "Object Name": "Painting",
                "Title": f"{dice.choice(_TITLES)}, no. {number}" + (" “à la rivière”" if number % 3 == 0 else ""),
                "Artist Role": "Artist",
                "Artist Display Name": artist,
                "Artist Display Bio": f"French, Paris {year - 40}–{year + 30} Paris",
                "Artist Nationality": "French",
                "Artist ULAN URL": f"http://vocab.getty.edu/page/ulan/{500000000 + number % 900}",
                "Artist Wikidata URL": f"https://www.wikidata.org/wiki/Q{number % 900}",
                "Object Date": words,
                "Object Begin Date": str(begin),
                "Object End Date": str(end),
                "Medium": dice.choice(("Oil on canvas", "Oil on wood", "Tempera on panel", "Ink and color on silk")),
                "Dimensions": f"{number % 90} × {number % 70} in. (73.2 × 93.4 cm)",
                "Credit Line": "Purchase, The Annenberg Foundation Gift, 1993",
                "Classification": "Paintings" if dice.random() < paintings else dice.choice(others),
                "Link Resource": f"http://www.metmuseum.org/art/collection/search/{number}",
                "Metadata Date": "",
                "Repository": "Metropolitan Museum of Art, New York, NY",
                "Tags": "Landscapes|Trees|Rivers",
                "Tags AAT URL": "http://vocab.getty.edu/page/aat/300132294|http://vocab.getty.edu/page/aat/300132410",
            }
            writer.writerow(met_row(work))
    return path


_FIRST = ("Claude", "Berthe", "Camille", "Édouard", "Artemisia", "Jan", "Katsushika", "Rosa", "Théodore", "Sofonisba")
_LAST = ("Moreau", "van der Berg", "Rossi", "Lindqvist", "Okamoto", "Durand", "Whitfield", "Hernández", "Novák", "Ames")
_TITLES = (
    "View of a River",
    "Portrait of a Woman",
    "Still Life with Fruit",
    "The Harvest",
    "Harbour at Dusk",
    "Interior",
)
_DATES = (
    lambda year: (f"{year}", year, year),
    lambda year: (f"ca. {year}", year - 5, year + 5),
    lambda year: (f"{year}–{(year + 4) % 100:02}", year, year + 4),
    lambda year: (f"after {year}", year, year + 50),
    lambda year: (f"{year // 100 + 1}th century", year // 100 * 100, year // 100 * 100 + 99),
    lambda year: ("", 0, 0),
)


def met_object(number: int, base: str = "https://images.metmuseum.org", *, picture: bool = True) -> dict[str, Any]:
    """The object API's answer about a work; without a picture it is one that is not in the public domain."""
    return {
        "objectID": number,
        "isHighlight": False,
        "accessionNumber": f"1993.{number}",
        "accessionYear": "1993",
        "isPublicDomain": picture,
        "primaryImage": f"{base}/CRDImages/ep/original/DT{number}.jpg" if picture else "",
        "primaryImageSmall": f"{base}/CRDImages/ep/web-large/DT{number}.jpg" if picture else "",
        "additionalImages": [f"{base}/CRDImages/ep/original/LC-{number}_001.jpg"] if picture else [],
        "constituents": None,
        "department": "European Paintings",
        "objectName": "Painting",
        "title": "Wheat Field with Cypresses",
        "artistDisplayName": "Vincent van Gogh",
        "objectDate": "1889",
        "objectBeginDate": 1889,
        "objectEndDate": 1889,
        "classification": "Paintings",
        "rightsAndReproduction": "",
        "metadataDate": "2025-02-06T04:54:50.75Z",
        "objectURL": f"https://www.metmuseum.org/art/collection/search/{number}",
        "tags": None,
        "GalleryNumber": "822",
    }


MET_NOT_FOUND = {"message": "ObjectID not found"}
