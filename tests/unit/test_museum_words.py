"""Licences, classes, artists, dates and addresses: museums' words and what they mean here."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.collections import addresses, attribution, classes, dating, licences, prose, remarks
from r2r_shared.collections.attribution import Maker
from r2r_shared.collections.prose import Prose

# licences


@pytest.mark.parametrize(
    ("said", "licence"),
    [
        ("CC0", "cc0"),
        ("CC0 1.0 Universal", "cc0"),
        ("Creative Commons Zero", "cc0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("https://creativecommons.org/share-your-work/public-domain/cc0/", "cc0"),
        ("http://creativecommons.org/publicdomain/mark/1.0/", "public-domain"),
        ("Public Domain", "public-domain"),
        ("This work is in the public domain.", "public-domain"),
        ("Gemeinfrei", "public-domain"),
        ("PDM 1.0", "public-domain"),
        ("Not in the public domain", ""),
        ("© 2018 Artists Rights Society (ARS); not in the public domain", "in-copyright"),
        ("https://creativecommons.org/licenses/by-sa/4.0/", "cc-by-sa-4.0"),
        ("http://creativecommons.org/licenses/by/3.0/us/legalcode", "cc-by-3.0"),
        ("CC BY-NC-ND 4.0", "cc-by-nc-nd-4.0"),
        ("cc-by-nc-sa", "cc-by-nc-sa"),
        ("Creative Commons Attribution-NonCommercial-ShareAlike 3.0", "cc-by-nc-sa-3.0"),
        ("Creative Commons Attribution 4.0 International", "cc-by-4.0"),
        ("http://rightsstatements.org/vocab/InC/1.0/", "in-copyright"),
        ("http://rightsstatements.org/page/NoC-OKLR/1.0/?language=en", "no-copyright-other"),
        ("https://rightsstatements.org/vocab/InC-OW-EU/1.0/", "in-copyright-eu-orphan-work"),
        ("http://rightsstatements.org/vocab/Nonsense/1.0/", ""),
        ("No known copyright restrictions", "no-known-copyright"),
        ("Copyright not evaluated", "copyright-not-evaluated"),
        ("Copyright undetermined", "copyright-undetermined"),
        ("Copyrighted", "in-copyright"),
        ("All rights reserved", "in-copyright"),
        ("Ask at the desk", ""),
        # what is free is free where nothing else is said
        ("Metadata: CC0. Images: © Nationalmuseum, all rights reserved", "in-copyright"),
        (
            "The painting is in the public domain. Photograph © Rheinisches Bildarchiv, all rights reserved",
            "in-copyright",
        ),
        ("This work may not be in the public domain. Permission is required", ""),
        ("In copyright until 2045, when it will enter the public domain", "in-copyright"),
        ("Not CC0", ""),
        ("Image not licensed under CC0", ""),
        ("public domain status unknown", ""),
        ("Public domain in the United States only; in copyright elsewhere", "in-copyright"),
        ("Public domain in the United States only", ""),
        ("No copyright infringement intended. © Artist", "in-copyright"),
        ("No copyright infringement intended", ""),
        ("Metadata: CC0", ""),
        ("Metadata: https://creativecommons.org/publicdomain/zero/1.0/", ""),
        ("Metadata: CC BY 4.0. Images: all rights reserved", "in-copyright"),
        ("CC BY 4.0 or CC0", ""),
        ("not in copyright", ""),
        ("CC0 – no rights reserved", "cc0"),
        ("CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "cc0"),
        ("Licensed under a Creative Commons Zero licence", "cc0"),
        ("Image: CC0", "cc0"),
        ("No Copyright - United States (http://rightsstatements.org/vocab/NoC-US/1.0/)", "no-copyright-us"),
        ("CC BY 4.0, https://creativecommons.org/licenses/by/4.0/", "cc-by-4.0"),
        ("", ""),
    ],
)
def test_a_licence_in_one_word_whatever_names_it(said, licence):
    assert licences.canonical(said) == licence


ALL_LICENCES = [
    *licences.FREE,
    *("cc-by-4.0", "cc-by-sa-3.0", "cc-by", "cc-by-nc-4.0", "cc-by-nc-nd-4.0", "cc-by-nd-2.0", "in-copyright"),
    *("in-copyright-educational", "no-copyright-nc", "no-copyright-contract", "copyright-not-evaluated", ""),
]


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ("public-domain", licences.FREE),
        ("cc0", {"cc0"}),
        ("open", {*licences.FREE, "cc-by-4.0", "cc-by-sa-3.0", "cc-by"}),
        ("cc-by", {"cc-by", "cc-by-4.0"}),
        ("cc-by-4.0", {"cc-by-4.0"}),
        ("CC-BY-NC", {"cc-by-nc-4.0"}),
        ("unknown", {""}),
        ("in-copyright", {"in-copyright"}),
    ],
)
def test_a_filter_takes_these_and_no_others(wanted, taken):
    assert {licence for licence in ALL_LICENCES if licences.matches([wanted], licence)} == set(taken)


@pytest.mark.parametrize(
    ("several", "strictest"),
    [
        (["cc0", "in-copyright"], "in-copyright"),
        (["cc0", ""], ""),
        (["", "in-copyright"], "in-copyright"),
        (["cc-by-4.0", "public-domain", "cc-by-nc-nd-4.0"], "cc-by-nc-nd-4.0"),
        (["no-copyright-us", "cc0"], "no-copyright-us"),
        ([], ""),
    ],
)
def test_of_several_licences_the_one_that_allows_least_holds(several, strictest):
    assert licences.strictest(several) == strictest


@given(st.lists(st.sampled_from(ALL_LICENCES), min_size=1, max_size=4))
def test_what_a_filter_takes_of_several_licences_it_takes_of_each(several):
    for wanted in ("public-domain", "open"):
        if licences.matches([wanted], licences.strictest(several)):
            assert all(licences.matches([wanted], licence) for licence in several)


def test_a_filter_that_asks_for_nothing_takes_all_and_one_that_asks_for_two_takes_either():
    assert all(licences.matches([], licence) for licence in ALL_LICENCES)
    assert licences.matches(["cc0", "unknown"], "")
    assert licences.matches(["cc0", "unknown"], "cc0")


@given(st.text(max_size=80) | st.sampled_from(ALL_LICENCES))
def test_a_licence_in_its_word_stays_that_word_and_every_word_can_be_asked_for(text):
    licence = licences.canonical(text)
    assert licences.canonical(licence) == licence
    assert licences.matches([licence or licences.UNKNOWN], licence)
    assert not licence or licences.is_word(licence)


@given(st.text(max_size=60).filter(lambda text: not re.search("(?i)cc|public|rights|copy|free|domain|pd|©|frei", text)))
def test_nothing_is_guessed_from_words_that_say_nothing(text):
    assert not licences.matches(["open"], licences.canonical(text))


@pytest.mark.parametrize("word", ["publik-domain", "free", "", "cc-by-xx", "by"])
def test_a_word_that_no_licence_has_is_known_as_such(word):
    assert not licences.is_word(word)


# classes


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Paintings",
            "painting",
            "Paintings-Panels",
            "Miniature painting",
            "maleri",
            "Gemälde",
            "Schilderij",
            "Peinture",
        ),
        *("oil on canvas", "oil paintings (visual works)", "Dipinto", "Målning"),
    ],
)
def test_paintings_in_their_museums_words(label):
    assert classes.PAINTINGS.takes([label])


@pytest.mark.parametrize(
    "label",
    [
        *("Prints", "Drawings", "tegning", "Sculpture", "Painting frames", "Painting equipment", "Repainting tool box"),
        *("Photograph of a painting", "Paint box", "Painted wood", "", "kobberstik"),
    ],
)
def test_what_is_no_painting(label):
    assert not classes.PAINTINGS.takes([label])


def test_classes_are_asked_for_in_the_singular_or_the_plural_and_any_takes_all():
    drawings = classes.of(["Drawings"])

    assert drawings.takes(["Drawing"])
    assert drawings.takes(["Ornament", "drawings & designs"])
    assert not drawings.takes(["Drawn thread work"])
    assert classes.of(["print", "any"]).takes([])
    assert not classes.of([]).takes([])
    assert classes.of(["oil sketch"]).takes(["Oil sketches"]) is False  # English plurals in -es are not undone
    assert classes.of(["  "]) == classes.PAINTINGS


def test_the_reason_says_whether_the_museum_has_classified_the_work_at_all():
    assert classes.PAINTINGS.reason([]) == classes.UNCLASSIFIED
    assert classes.PAINTINGS.reason(["Coin"]) == classes.NOT_A_PAINTING
    assert classes.of(["coin"]).reason(["Print"]) == classes.NOT_WANTED


# artists


def attributed(*makers):
    reader = Prose()
    found = attribution.attribute(
        reader, [Maker(*maker) if isinstance(maker, tuple) else Maker(maker) for maker in makers]
    )
    return found, set(reader.noted)


@pytest.mark.parametrize(
    "name",
    [
        *("", "Unknown", "unidentified artist", "Anonymous", "Anonymous, Italian, 17th century", "Artist unknown"),
        *(
            "Unknown (British)",
            "American 19th Century",
            "Florentine 15th Century",
            "Ukendt",
            "[unknown]",
            "?",
            "ignoto",
        ),
        *(
            "Unknown Flemish",
            "Ubekendt",
            "Unidentified Painter, Chinese",
            "Venetian 16th Century",
            "North Netherlandish 15th Century",
            "unbekannter Künstler",
            "Netherlandish (Antwerp) Painter",
            "French Painter",
            "North Italian Painter (early 16th century)",
            "British School",
            "British School, 18th century",
            "Artist/maker unknown",
            "Unrecorded artist",
            "Various artists",
        ),
    ],
)
def test_nobody_is_no_artist(name):
    found, noted = attributed(name)
    assert (found.artist, found.unnamed) == ("", name)
    assert not noted


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Rembrandt van Rijn",
            "Master of the Osservanza Triptych",
            "Annaud Nonimo",
            "Fra Angelico",
            "Le Nain brothers",
        ),
        *("Afternoon Man", "Currier and Ives", "Utagawa Hiroshige", "Circe Monetti", "Schoolman, Jan"),
        *("Jan Both (Dutch, after 1615–1652)", "Jan Both (Dutch, possibly born 1618)", "William Painter"),
    ],
)
def test_a_name_is_a_name(name):
    found, noted = attributed(name)
    assert (found.artist, found.others) == (name, ())
    assert not noted


@pytest.mark.parametrize(
    ("maker", "artist"),
    [
        ("Workshop of Rembrandt", "Workshop of Rembrandt"),
        ("attributed to Titian", "attributed to Titian"),
        ("After Raphael", "After Raphael"),
        ("Rembrandt (workshop of)", "Rembrandt (workshop of)"),
        ("Peter Paul Rubens and Workshop", "Peter Paul Rubens and Workshop"),
        ("Umkreis des Lucas Cranach", "Umkreis des Lucas Cranach"),
        ("d'après Poussin", "d'après Poussin"),
        *((name, name) for name in ("Rembrandt, circle of", "Rembrandt (manner of)", "Rembrandt (Umkreis)")),
        *((name, name) for name in ("Rembrandt (d'après)", "Ascribed to Rembrandt", "Copyist of Rembrandt")),
        *((name, name) for name in ("Dutch follower of Rembrandt van Rijn", "atelier d'Ingres", "Titian (possibly)")),
        ("Titian (attributed to; Italian, 1490-1576)", "Titian (attributed to; Italian, 1490-1576)"),
        ("Unknown artist, after Raphael", "after Raphael"),
        ("Artist unknown (Italian), Copy after Raphael", "Copy after Raphael"),
        (("Rembrandt", "circle"), "Circle of Rembrandt"),
        (("Rembrandt", "Style of"), "Style of Rembrandt"),
        (("Rembrandt", "Possibly"), "Possibly Rembrandt"),
        (("Rembrandt", "", "and Workshop"), "Rembrandt and Workshop"),
        (("C.W. Eckersberg", "efter"), "After C.W. Eckersberg"),
        (("Jens Juel", "under tvivl"), "Jens Juel (under tvivl)"),
    ],
)
def test_somebody_near_a_master_keeps_the_words_that_say_so(maker, artist):
    found, noted = attributed(maker)
    assert found.artist == artist
    assert noted == {remarks.QUALIFIED}


@pytest.mark.parametrize("near", ["Rembrandt, circle of", "Rembrandt (Umkreis)", "Ascribed to Titian", "Copyist of X"])
def test_somebody_near_a_master_does_not_come_before_a_real_maker(near):
    found, _ = attributed(near, "Govert Flinck")
    assert (found.artist, found.others) == ("Govert Flinck", (near,))


@pytest.mark.parametrize(
    ("role", "said"),
    [
        *((role, (True, "")) for role in ("", "painter", "Artist/Maker", "Painter and engraver", "kunstner")),
        *((role, (False, "")) for role in ("Sitter", "Author", "Patron", "Framemaker", "related artist", "donor")),
        ("artist after", (True, "After")),
        ("Attributed to", (True, "Attributed to")),
        ("Workshop of", (True, "Workshop of")),
    ],
)
def test_a_role_says_whether_somebody_made_a_work(role, said):
    assert attribution.role_of(role) == said


def test_two_names_in_one_text_are_two_artists():
    found, noted = attributed("Peter Paul Rubens and Jan Brueghel the Elder")
    assert (found.artist, found.others) == ("Peter Paul Rubens", ("Jan Brueghel the Elder",))
    assert noted == {remarks.MORE_ARTISTS}


def test_the_same_maker_twice_is_one_and_unknown_hands_beside_one_are_nobody():
    found, noted = attributed("Jan Both", "Unknown", "Jan Both")
    assert (found.artist, found.others) == ("Jan Both", ())
    assert not noted


@given(st.lists(st.text(max_size=30), max_size=5))
def test_an_artist_is_never_somebody_unknown_and_never_among_the_others(names):
    found, _ = attributed(*(Prose().line(name) for name in names))
    assert not found.artist or not attribution.is_unknown(found.artist)
    assert found.artist not in found.others
    assert found.artist or not found.others


def test_a_word_that_only_joins_two_artists_says_nothing_of_the_second():
    found, noted = attributed("Jan Both", ("Nicolaes Berchem", "and"))
    assert (found.artist, found.others) == ("Jan Both", ("Nicolaes Berchem",))
    assert noted == {remarks.MORE_ARTISTS}


# dates


@pytest.mark.parametrize(
    ("words", "first", "last", "years", "noted"),
    [
        ("1889", 1889, 1889, (1889, 1889), None),
        ("ca. 1500", "1495", "1505", (1500, 1500), None),  # the words are narrower
        ("late 17th century", 1670, 1699, (1670, 1699), None),  # the numbers are
        ("after 1600", 1600, 1650, (1600, 1650), None),
        ("before 1700", None, None, (None, 1700), None),
        ("1650 or 1652", 1650, 1652, (1650, 1652), None),
        ("1600", 1600, 1699, (1600, 1699), None),  # one year at the edge of more: perhaps misread
        ("1787", 1700, 1787, (1700, 1787), None),
        ("reign of Qianlong, ca. 1750", 1736, 1795, (1736, 1795), None),  # not understood to the last
        ("probably painted ca. 1750", 1736, 1795, (1750, 1750), None),
        ("664–30 B.C.", -664, -30, (-664, -30), None),
        ("dated A.H. 1007/A.D. 1598–99", 1598, 1599, (1598, 1599), None),
        ("1890", 1790, 1790, (1890, 1890), remarks.DATES_DISAGREE),
        ("1890", 1900, 1880, (1890, 1890), remarks.YEARS_REVERSED),
        ("Edo period", 1615, 1868, (1615, 1868), None),
        ("Edo period", None, None, (None, None), remarks.NO_YEARS),
        ("", 1800, 1810, (1800, 1810), None),
        ("", 0, 0, (None, None), None),
        ("n.d.", 9999, 9999, (None, None), None),
        ("Udateret", "", "", (None, None), None),
        ("ca. 500 BCE", -505, -495, (-500, -500), None),
        ("500–450 BCE", "-500", "-450", (-500, -450), None),
        ("1901", "1901-01-01T00:00:00.000Z", "1901-12-31T00:00:00.000Z", (1901, 1901), None),
        ("1850", True, "no number", (1850, 1850), None),
        ("", 1.85e3, float("nan"), (1850, None), None),
    ],
)
def test_what_words_and_numbers_mean_together(words, first, last, years, noted):
    reader = Prose()
    assert dating.years(reader, words, first, last) == years
    assert list(reader.noted) == ([noted] if noted else [])


_YEARS = st.integers(-3000, 2100).filter(bool)


@given(st.sampled_from(["", "1650", "after 1600", "before 1700", "17th century", "c. 300 BCE", "?"]), _YEARS, _YEARS)
def test_years_are_in_order_and_inside_both_or_what_the_words_say(words, first, last):
    reader = Prose()

    low, high = dating.years(reader, words, first, last)

    said = dating.parse_years(words)
    assert low is None or high is None or low <= high
    if reader.noted:
        assert (low, high) == said
    else:
        assert low is not None
        assert high is not None
        assert first <= low <= high <= last


# text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<i>Ecce Agnus Dei</i>", "Ecce Agnus Dei"),
        ("One<br>two<p>three</p>", "One two three"),
        ("A &lt; B &amp;amp; C", "A < B & C"),
        ("<Untitled>", "<Untitled>"),
        ("3 < 5 > 2", "3 < 5 > 2"),
        ("x<!-- hidden -->y<script>alert(1)</script>z", "x y z"),
        ('<a href="https://x.org/?a=1&b=2">link</a>', "link"),
        ("CÃ©zanne", "Cézanne"),
        ("dâ€™Ã©checs", "d’échecs"),
        ("Åsgårdstrand – Fête “à la rivière” ñ", "Åsgårdstrand – Fête “à la rivière” ñ"),
        ("Ãlvaro", "Ãlvaro"),
    ],
)
def test_text_is_plain_and_its_letters_are_right(written, read):
    assert Prose().line(written) == read


@given(st.text(alphabet=st.characters(codec="cp1252"), max_size=60))
def test_text_read_in_the_wrong_encoding_comes_back(text):
    # Every text whose UTF-8 bytes all have a sign in Windows-1252 survives being read as that.
    try:
        wrong = text.encode("utf-8").decode("cp1252")
    except UnicodeDecodeError:
        return
    if prose.repair(text) == text:  # it does not look wrong itself
        assert prose.repair(wrong) == text


@pytest.mark.parametrize(
    "nested",
    ["<!--", "<script>", "&amp;", "<", "&#38;", "<i", "<b></b", "(", "_x", "â€", "\x00", "the image is ", ";", "cc0 "],
)
def test_what_is_nested_on_purpose_costs_no_time(nested):
    hostile = (nested * 20_000)[:20_000]
    begun = time.process_time()
    Prose().line(hostile + "-->" + "i>" * 40)
    attributed(hostile[:5000])
    licences.canonical(hostile)
    dating.years(Prose(), hostile)
    assert time.process_time() - begun < 0.5


# addresses


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("https://x.org/a.jpg", "https://x.org/a.jpg"),
        (" https://x.org/a b.jpg ", "https://x.org/a%20b.jpg"),
        ("//x.org/a.jpg", "https://x.org/a.jpg"),
        ("http://X.org:8080/å?q=ø#part", "http://x.org:8080/%C3%A5?q=%C3%B8"),
        ("https://münchen.de/", "https://xn--mnchen-3ya.de/"),
        ("https://x.org/%C3%A5", "https://x.org/%C3%A5"),
        *((bad, "") for bad in ("", "x.org/a.jpg", "ftp://x.org/a", "file:///etc/passwd", "javascript:alert(1)")),
        *(
            (bad, "")
            for bad in ("https://me:secret@x.org/", "https:///a.jpg", "https://x.org:99999/", "https://x.org/\na")
        ),
        *(
            (bad, "")
            for bad in ("https://x.org/" + "a" * 3000, "https://x y.org/", "https://[::1/", None, 7, ["https://x.org"])
        ),
    ],
)
def test_an_address_is_one_of_the_web_or_none(written, asked):
    assert addresses.web_address(written) == asked


@given(
    st.text(max_size=60)
    | st.text(max_size=40).map("https://x.org/".__add__)
    | st.text(max_size=20).map("http://".__add__)
)
def test_an_address_is_the_same_when_it_is_read_again(text):
    once = addresses.web_address(text)
    assert addresses.web_address(once) == once
    assert not once or (once.isascii() and once.startswith(("http://", "https://")) and addresses.host_of(once))
