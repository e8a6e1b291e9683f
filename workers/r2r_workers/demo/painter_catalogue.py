"""The movements, artists and titles of the demo collection. All of them are invented; so is every work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from r2r_workers.demo.painter_easel import Easel, Image
from r2r_workers.demo.painter_figures import gilded_panel, lamplight
from r2r_workers.demo.painter_hand import Hand
from r2r_workers.demo.painter_landscapes import clear_distance, open_water, stippled_shore, whorl
from r2r_workers.demo.painter_modern import facets, quiet_planes
from r2r_workers.demo.painter_prints import mistgate_ink, tidal_print

MUSEUM = "invented for the Reel to Real demo"


@dataclass(frozen=True)
class Artist:
    """An invented artist: when they worked, the hand, and the palettes (six colours each) they take turns with."""

    name: str
    years: tuple[int, int]
    palettes: tuple[str, ...]
    stroke: float = 1.0
    contrast: float = 1.0
    horizon: float = 0.5
    scale: float = 1.0


@dataclass(frozen=True)
class Movement:
    """An invented movement. `titles` has one tuple for each motif that `paint` knows, in its order."""

    name: str
    medium: str
    paint: Callable[[Easel, Hand, int], Image]
    aspects: tuple[float, ...]
    titles: tuple[tuple[str, ...], ...]
    artists: tuple[Artist, ...]


MOVEMENTS = (
    Movement(
        "Gilded Panel School", "tempera and gold on panel", gilded_panel, (0.72, 0.8, 1.25, 1.0),
        (
            ("Saint Orsola of the Bees", "Saint Brandt the Ferryman", "The Penitent of Lysme"),
            ("Mother and Child with a Quince", "Mother of the Low Arch", "The Blue Mantle"),
            ("Three Keepers of the Well", "Triptych of the Lamps", "The Three Weavers"),
            ("The Meeting before the Towers", "Two Sisters at the Gate", "The Greeting at Lysme"),
        ),
        (
            Artist("Maestro dell'Arco Basso", (1480, 1512),
                   ("d9a93f 8a5a1c 1f3c7a 9c2f2a d8a878 5e1d1a", "d2a545 85591f 7c1f24 2d5a4a d9ab80 23304f"),
                   contrast=0.9, horizon=0.8, scale=1.0),
            Artist("Theodora of Lysme", (1488, 1530),
                   ("e0bd62 9c7430 3f6b57 c9787c e0bd98 2b4a6a", "dcb554 94692a 6a4a86 d88a3f dcb48e 3a5a3c"),
                   contrast=1.2, horizon=0.2, scale=1.18),
        ),
    ),
    Movement(
        "Lamplight Manner", "oil on canvas", lamplight, (0.8, 1.3, 1.38, 0.76),
        (
            ("Supper for No One", "Jug and Windfalls", "The Late Table"),
            ("The Reader at Midnight", "A Letter from Sea", "The Lesson"),
            ("The Dice of Saint Gall", "Three at Cards", "The Quarrel Before Dawn"),
            ("The Watchman", "The Lamp-Bearer", "She Who Waits"),
        ),
        (
            Artist("Orsino Valdarte", (1606, 1638),
                   ("120c09 ffb45c 8e2a1c 5e4a2a d9a178 6b4526", "0f0b0a ffa94a 7a5a2c 6b1f1a d89c70 5a3a22"),
                   stroke=1.15, contrast=1.15, horizon=0.68, scale=0.95),
            Artist("Judoca van der Scheem", (1621, 1664),
                   ("0c1012 ffd08a 2f4a6a 8a7a5a e2b490 5a4a3a", "0e110d ffc878 4a5e3a 9a8250 deb08c 4c4030"),
                   stroke=0.8, contrast=1.0, horizon=0.62, scale=1.25),
        ),
    ),
    Movement(
        "Mistgate Ink Circle", "ink and light colour on paper", mistgate_ink, (0.56, 0.62, 1.5, 1.0),
        (
            ("Clearing after Nine Days", "The Gate above the Cloud", "Peaks without Names"),
            ("Bamboo in a Thin Moon", "Wind on the North Fence", "Old Stems, New Leaves"),
            ("One Boat, Evening", "The Ferryman Sleeps", "Reeds at Low Water"),
            ("Plum Branch and Shrike", "First Blossom", "The Bird Who Stayed"),
        ),
        (
            Artist("Lu Anshen", (1562, 1611),
                   ("e9dfc6 1c1b1d 8f9294 50635a b3271d c96a72", "e4d8ba 1e1c1a 9a9488 6a6a48 a82a1e d49a8a"),
                   stroke=0.85, contrast=0.9, horizon=0.42, scale=0.9),
            Artist("Old Man Reedbank", (1640, 1702),
                   ("d8c8a0 121012 6f7a84 3a5464 c0301f e0b04a", "ddd3c0 0e1014 76808c 2f4a66 b5241c e8e0ee"),
                   stroke=1.5, contrast=1.3, horizon=0.3, scale=1.25),
        ),
    ),
    Movement(
        "Tidal Print Studio", "colour woodblock print", tidal_print, (1.48, 1.48, 0.68, 0.7),
        (
            ("The Breaker off Kumo Point", "Third Wave of Autumn", "Fishermen's Morning"),
            ("Red Mountain, Still Air", "The Mountain Seen from Everywhere", "Clearing Cloud"),
            ("Rain on Hatter's Bridge", "Evening Shower at the Long Bridge", "Five Hats"),
            ("Snow on the Roofs of Ando", "Moon over the Salt Village", "Silent Street"),
        ),
        (
            Artist("Nagisa Tobei", (1794, 1838),
                   ("2f5f8f d9d6bd 1c3a63 5f93b5 f2ead6 c2553a", "27496d e6dcc0 17304f 4f86a0 f4efe0 b8452f"),
                   stroke=1.0, scale=1.08),
            Artist("Kumoda Shirin", (1819, 1858),
                   ("b5644f f0d9b0 3c3f5c 7f8f7a f6ecd2 d9803a", "5a4a78 e8b8a0 2f3f4a 5f8a88 f5e8d8 c04f5f"),
                   stroke=0.8, scale=0.85),
        ),
    ),
    Movement(
        "Clear Distance School", "oil on canvas", clear_distance, (1.6, 1.42, 1.78, 1.3),
        (
            ("Lake Ambrel, Calm", "The Hour without Wind", "Stillwater"),
            ("The Valley of the Oar", "Where the River Forgets", "Noon over Harrowmere"),
            ("Cape Solace", "Ships Waiting for Morning", "Beneath the White Cliff"),
            ("Moonrise, Lake Ambrel", "The Second Moon of May", "Night on the Tarn"),
        ),
        (
            Artist("Ambrose Thackeray Vale", (1834, 1868),
                   ("3f6a9c 9fc0d0 ffd9a0 7f96b0 3a4a2a ffd070", "4a5a8a d0a0a0 ffb070 8a80a0 40402a ff9a50",
                    "5a8ab0 c0d8dc f6ecd0 90a8b8 4a5a30 fff0b0", "141e3a 30466a 8aa0b0 3a506a 10181c e8eed8"),
                   horizon=0.56, scale=1.15, contrast=1.05),
            Artist("Sofie Lindqvarn", (1841, 1879),
                   ("7a90a0 b8c4c0 e8dcc0 8fa0a8 3c4038 f0e0b8", "2f7a80 9ad0c0 f0f0c0 6aa0a0 2a5040 f8f0a0",
                    "8a6a90 d8a8b8 ffd8c8 a090b0 4a3848 ffc0b0", "10242a 285058 78a0a0 305a60 0c1a1a d8f0e8"),
                   horizon=0.42, scale=0.8, contrast=0.92, stroke=0.8),
        ),
    ),
    Movement(
        "Open Water Painters", "oil on canvas", open_water, (1.25, 1.5, 1.32, 1.0),
        (
            ("Lilies, Late August", "The Pond at Ardeville", "Green Water"),
            ("Harbour, Six in the Morning", "Sun through Coal Smoke", "The Estuary, Red Sun"),
            ("The Stone Bridge at Vernelle", "Bridge, Grey Weather", "Under the Arches"),
            ("Poplars and Sails", "Regatta Sunday", "The Bend at Sault"),
        ),
        (
            Artist("Célestine Aubrac", (1869, 1886),
                   ("a8c4e0 f4e4c8 6a9ab8 6a9a5a 3a4a7a f08a9a", "b8a8d0 f8d0b8 7a80b0 5a8a70 40386a f2643c",
                    "8ac0d8 f0f0d0 4a90a0 8ab04a 2a4a6a f0c040"),
                   horizon=0.4, stroke=1.0, contrast=1.0),
            Artist("Émile Varenne-Roux", (1871, 1889),
                   ("98a8a8 e0d8b8 587880 7a7a3a 2c3430 e07a3a", "d0b070 f8e0a0 8a8a60 9a7a2a 4a3a30 f05030",
                    "6088b8 c8d8e0 305a98 3a6a50 141e48 f8e8a0"),
                   horizon=0.52, stroke=1.45, contrast=1.18, scale=0.85),
        ),
    ),
    Movement(
        "Stipplers of the Shore", "oil on canvas", stippled_shore, (1.5, 1.28, 1.4, 0.82),
        (
            ("Sunday, Low Tide", "Parasols at Lanvoisin Sands", "The Bathers Have Gone"),
            ("White Cliffs, Seven Sails", "Regatta below the Head", "Noon Wind"),
            ("The Promenade", "Shade at Three O'Clock", "An Avenue by the Sea"),
            ("The Jetty Light", "Evening, the Lighthouse at Mureil", "Lamp and Last Boats"),
        ),
        (
            Artist("Gaspard Mureil", (1884, 1890),
                   ("7ab0d8 f8e8b8 3a88b8 f0d090 3a3a7a e0503a", "a890d0 ffd0a0 6a70c0 f0c088 3c2a6a f08a2a",
                    "58a8b0 f0f0b0 2a8a88 d8d078 1c4a5a e84a6a"),
                   horizon=0.36, stroke=1.0, contrast=1.05),
            Artist("Odette Lanvoisin", (1885, 1891),
                   ("d8a0a8 ffe8c8 88a8b0 e8c8a0 6a4a70 c83a5a", "88a0c0 e8e0c8 5878a8 c8b890 2c3458 f0b030",
                    "48508a e8906a 38486a a87868 201c48 ffc850"),
                   horizon=0.48, stroke=1.55, contrast=0.95, scale=1.15),
        ),
    ),
    Movement(
        "Whorl Expressionists", "oil on canvas", whorl, (1.28, 1.6, 0.8, 0.84),
        (
            ("Night Turning over Grauheim", "Eleven Stars", "The Village Does Not Sleep"),
            ("Crows, the Last Field", "Wheat Under Pressure", "Road into Yellow"),
            ("Cypresses and an Enormous Sun", "The Burning Noon", "Two Trees, One Sun"),
            ("The Doctor's Brother", "Self, in Bad Weather", "The Listener"),
        ),
        (
            Artist("Matthias Grauwald", (1885, 1890),
                   ("14245a 3a6ab8 e8e0a0 5a7a3a 0c1020 f2b82a", "1a3a6a 5a98c8 f0e8b8 c8a030 101828 f08a20"),
                   stroke=1.0, contrast=1.12, horizon=0.56),
            Artist("Ilka Söndergaard", (1886, 1893),
                   ("4a1a3a c03a4a f8c880 3a6a5a 180818 f06a2a", "0e3a34 2a9078 d8f0a0 8a3a4a 081418 f04a6a"),
                   stroke=1.5, contrast=1.05, horizon=0.46, scale=0.8),
        ),
    ),
    Movement(
        "Facet Circle", "oil and charcoal on canvas", facets, (0.76, 1.2, 0.8, 1.1),
        (
            ("Guitar on a Sill", "Guitar, Newspaper, Silence", "Instrument for One"),
            ("Two Bottles and the News", "Table at the Café Bal", "Glass, Pear, Bottle"),
            ("Portrait of an Engineer", "The Cashier", "Seated Critic"),
            ("Roofs of Itza", "The Quarter on the Hill", "Town, All Sides"),
        ),
        (
            Artist("Ramón Itzaguirre", (1888, 1894),
                   ("b08a50 7a7a72 5a4028 e0d0a8 201a14 8a5a30", "9a9a80 68706a 48402e d8d4c0 1a1a18 6a7a60"),
                   stroke=1.2, contrast=1.3),
            Artist("Vera Dolinskaya-Ost", (1889, 1894),
                   ("d89a48 5a88a0 8a3a30 f4e4c8 1c2038 d8442c", "78b088 8a78a8 3a4a78 f4ecd8 202038 e8b030"),
                   stroke=0.8, contrast=1.12, scale=1.12),
        ),
    ),
    Movement(
        "Quiet Plane", "oil on canvas", quiet_planes, (1.0, 0.78, 0.9, 1.2),
        (
            ("Composition for a North Wall", "Measured Yellow", "Division No. 9"),
            ("Three Rests", "Slow Horizon", "Hover"),
            ("Discs, with an Interruption", "Opening Move", "Orbit and Rule"),
            ("Leaning", "Construction in a Draught", "Fourteen Degrees"),
        ),
        (
            Artist("Pieter Halvemaan", (1889, 1894),
                   ("ece8dc c8281e 1f4a98 f0c020 14130f 3a3a3a", "e8e4d8 e0a010 b8241e 28509a 161410 d8d0c0"),
                   stroke=1.1, scale=1.0),
            Artist("Agnes Thorsrud", (1887, 1894),
                   ("3a2a30 c85a48 e8a878 5a2a48 f0d8c0 8a3048", "d8e0d4 3a7068 98b8a0 e07a50 24403c 284a70"),
                   stroke=0.5, scale=1.3),
        ),
    ),
)  # fmt: skip
