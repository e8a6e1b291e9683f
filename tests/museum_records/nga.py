"""The National Gallery of Art's open data: five files that belong together."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

# National Gallery of Art: the columns as its files have them since `openaccess` came.

NGA_COLUMNS = {
    "objects": (
        "objectid,accessioned,accessionnum,locationid,title,displaydate,beginyear,endyear,visualbrowsertimespan,medium,"
        "dimensions,inscription,markings,attributioninverted,attribution,provenancetext,creditline,classification,"
        "subclassification,visualbrowserclassification,parentid,isvirtual,departmentabbr,portfolio,series,volume,watermarks,"
        "lastdetectedmodification,wikidataid,customprinturl"
    ),
    "published_images": (
        "uuid,iiifurl,iiifthumburl,viewtype,sequence,width,height,maxpixels,openaccess,created,modified,"
        "depictstmsobjectid,assistivetext"
    ),
    "objects_constituents": (
        "objectid,constituentid,displayorder,roletype,role,prefix,suffix,displaydate,beginyear,endyear,country,zipcode"
    ),
    "constituents": (
        "constituentid,uuid,ulanid,preferreddisplayname,forwarddisplayname,lastname,displaydate,artistofngaobject,beginyear,"
        "endyear,visualbrowsertimespan,nationality,visualbrowsernationality,constituenttype,wikidataid"
    ),
    "objects_terms": "termid,objectid,termtype,term,visualbrowsertheme,visualbrowserstyle",
}

NGA_ROWS: dict[str, tuple[dict[str, Any], ...]] = {
    "objects": (
        {
            "objectid": 46303,
            "accessioned": 1,
            "accessionnum": "1963.10.94",
            "title": "The Japanese Footbridge",
            "displaydate": "1899",
            "beginyear": 1899,
            "endyear": 1899,
            "medium": "oil on canvas",
            "attribution": "Claude Monet",
            "creditline": "Gift of Victoria Nebeker Coberly",
            "classification": "Painting",
            "departmentabbr": "CFP",
            "wikidataid": "Q17442563",
        },
        {  # italics, and by a follower
            "objectid": 1146,
            "title": "Study for _The Swing_",
            "displaydate": "c. 1510/1520",
            "beginyear": 1510,
            "endyear": 1520,
            "attribution": "Follower of Giovanni Bellini",
            "classification": "Painting",
        },
        {  # no date in words: the years are the artist's life
            "objectid": 50724,
            "title": "Still Life",
            "beginyear": 1606,
            "endyear": 1669,
            "attribution": "Rembrandt van Rijn",
            "classification": "Painting",
        },
        {
            "objectid": 42341,
            "title": "Boy with a Finch",
            "displaydate": "c. 1800",
            "beginyear": 1795,
            "endyear": 1805,
            "attribution": "American 19th Century",
            "classification": "Painting",
        },
        {
            "objectid": 99,
            "title": "Rouen Cathedral",
            "displaydate": "1890",
            "attribution": "Joseph Pennell",
            "classification": "Print",
        },
        {  # two hands
            "objectid": 12198,
            "title": "Agrippina and Germanicus",
            "displaydate": "c. 1614",
            "beginyear": 1614,
            "endyear": 1614,
            "attribution": "Sir Peter Paul Rubens and Jan Brueghel the Elder",
            "classification": "Painting",
        },
    ),
    "published_images": (
        {
            "uuid": "a",
            "iiifurl": "{base}/iiif/alternate",
            "viewtype": "alternate",
            "sequence": "0.0",
            "width": 2000,
            "height": 1000,
            "openaccess": 1,
            "depictstmsobjectid": 46303,
        },
        {
            "uuid": "b",
            "iiifurl": "{base}/iiif/footbridge",
            "viewtype": "primary",
            "sequence": "0.0",
            "width": 3000,
            "height": 2400,
            "openaccess": 1,
            "depictstmsobjectid": 46303,
        },
        {
            "uuid": "c",
            "iiifurl": "{base}/iiif/swing",
            "viewtype": "primary",
            "sequence": "0.0",
            "width": 3000,
            "height": 2400,
            "maxpixels": 640,
            "openaccess": 0,
            "depictstmsobjectid": 1146,
        },
    ),
    "objects_constituents": (
        {"objectid": 46303, "constituentid": 1726, "displayorder": 1, "roletype": "artist", "role": "painter"},
        {"objectid": 46303, "constituentid": 9000, "displayorder": 2, "roletype": "donor", "role": "donor"},
        {"objectid": 42341, "constituentid": 3001, "displayorder": 1, "roletype": "artist", "role": "painter"},
        {"objectid": 12198, "constituentid": 1366, "displayorder": 2, "roletype": "artist", "role": "painter"},
        {"objectid": 12198, "constituentid": 1842, "displayorder": 1, "roletype": "artist", "role": "painter"},
    ),
    "constituents": (
        {
            "constituentid": 1726,
            "ulanid": "500019484",
            "forwarddisplayname": "Claude Monet",
            "nationality": "French",
            "constituenttype": "individual",
            "wikidataid": "Q296",
        },
        {"constituentid": 9000, "forwarddisplayname": "A Donor", "constituenttype": "individual"},
        {"constituentid": 3001, "forwarddisplayname": "American 19th Century", "constituenttype": "anonymous"},
        {"constituentid": 1842, "forwarddisplayname": "Sir Peter Paul Rubens", "constituenttype": "individual"},
        {"constituentid": 1366, "forwarddisplayname": "Jan Brueghel the Elder", "constituenttype": "individual"},
    ),
    "objects_terms": (
        {
            "termid": 1,
            "objectid": 46303,
            "termtype": "Style",
            "term": "Impressionist",
            "visualbrowserstyle": "Impressionism",
        },
        {"termid": 2, "objectid": 46303, "termtype": "Style", "term": "Realist"},
        {"termid": 3, "objectid": 46303, "termtype": "School", "term": "French"},
        {"termid": 4, "objectid": 99, "termtype": "Style", "term": "Modern"},
    ),
}


def nga_folder(
    folder: Path, base: str = "https://api.nga.gov", *, without: tuple[str, ...] = (), old: bool = False
) -> Path:
    """The open data folder; `without` names files that are not there, `old`: from before the column `openaccess`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in NGA_COLUMNS.items():
        if name in without:
            continue
        header = [column for column in columns.split(",") if not (old and column == "openaccess")]
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            for row in NGA_ROWS[name]:
                writer.writerow([str(row.get(column, "")).replace("{base}", base) for column in header])
    return folder
