"""ELAN files: valid by the schema of EAF 3.0, and read by pympi and lxml as `timeline --json` says."""

from __future__ import annotations

from pathlib import Path

import pympi
import pytest
import xmlschema
from lxml import etree

from r2r_shared import exports
from tests.unit.export_samples import CASES, CITATION

EVERY = pytest.mark.parametrize("found", CASES.values(), ids=CASES)
TIERS = {
    "shots", "frames", "transition", "blank", "painting", "artist", "movement", "year", "score", "corrected",
    "p_value", "convincing", "collection and file", "sha256", "further paintings",
}  # fmt: skip


def write(found):
    return exports.write(exports.FORMATS["eaf"], found, CITATION)


@pytest.fixture(scope="module")
def schema():
    return xmlschema.XMLSchema11(Path(__file__).parent / "eaf30.xsd")


@pytest.fixture
def read(tmp_path):
    def eaf(found):
        path = tmp_path / "film.eaf"
        path.write_bytes(write(found))
        return pympi.Eaf(str(path))

    return eaf


def xml_text(text):
    """What XML 1.0 cannot hold stands as U+FFFD."""
    return "".join(
        c if c in "\t\n\r" or " " <= c < "\x7f" or "\x9f" < c < "\ufffe" or c > "\uffff" else "�" for c in text
    )


@EVERY
def test_it_is_valid_eaf(found, schema):
    if len(found["shots"]) > 100:  # two hours take xmlschema seconds; lxml reads the same schema
        # Media are called by their names, as ELAN does; of anyURI libxml2 asks more than XML Schema 1.1: no stray %
        named = found | {"film": found["film"] | {"path": "/films/a film’s name.mp4"}}
        etree.XMLSchema(etree.parse(Path(__file__).parent / "eaf30.xsd")).assertValid(etree.fromstring(write(named)))
        return
    schema.validate(write(found).decode())


def test_the_schema_refuses_what_is_broken(schema):
    whole = write(CASES["25"]).decode()

    for damage in (
        ('TIME_SLOT_REF1="ts1"', 'TIME_SLOT_REF1="ts999"'),
        ('PARENT_REF="shots"', 'PARENT_REF="nowhere"'),
        ('ANNOTATION_ID="a2"', 'ANNOTATION_ID="a1"'),
        ('CONSTRAINTS="Symbolic_Association"', 'CONSTRAINTS="Wishful"'),
        ("<TIME_ORDER>", "<TIMES>"),
        ('TIME_VALUE="0"', 'TIME_VALUE="-1"'),
    ):
        broken = whole.replace(*damage, 1)
        if damage[0] == "<TIME_ORDER>":
            broken = broken.replace("</TIME_ORDER>", "</TIMES>")
        assert broken != whole
        assert not schema.is_valid(broken), damage


@EVERY
def test_pympi_finds_every_shot_where_it_is(found, read):
    eaf = read(found)

    assert set(eaf.get_tier_names()) == TIERS
    told = [(round(1000 * s["start_s"]), round(1000 * s["end_s"]), str(s["number"])) for s in found["shots"]]
    assert sorted(eaf.get_annotation_data_for_tier("shots")) == told
    frames = sorted(eaf.get_ref_annotation_data_for_tier("frames"))
    assert [(start, end, text) for start, end, text, _ in frames] == [
        (start, end, f"{s['start_frame']}–{s['end_frame'] - 1}")
        for (start, end, _), s in zip(told, found["shots"], strict=True)
    ]


@EVERY
def test_lxml_finds_every_painting_beneath_its_shot(found):
    root = etree.fromstring(write(found))
    values = {
        (tier.get("TIER_ID"), one.get("ANNOTATION_ID")): (one.get("ANNOTATION_REF"), one.findtext("ANNOTATION_VALUE"))
        for tier in root.iter("TIER")
        for one in tier.iter("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
    }
    shots = {ref: int(text) for (tier, ref), (_, text) in values.items() if tier == "shots"}
    paintings = {ref: shots[parent] for (tier, ref), (parent, _) in values.items() if tier == "painting"}

    def of(tier, parents):
        return {parents[parent]: text for (name, _), (parent, text) in values.items() if name == tier}

    best = {shot["number"]: shot["matches"][0] for shot in found["shots"] if shot["matches"]}
    assert of("painting", shots) == {n: xml_text(m["painting"]["title"]) or "untitled" for n, m in best.items()}
    for name in ("artist", "movement"):
        texts = {n: xml_text(m["painting"][name]) for n, m in best.items() if m["painting"][name]}
        assert of(name, paintings) == texts
    assert of("score", paintings) == {n: f"{m['score']:.4f}" for n, m in best.items()}
    assert of("corrected", paintings) == {
        n: f"{m['corrected']:.4f}" for n, m in best.items() if m["corrected"] is not None
    }
    assert of("convincing", paintings) == {
        n: "convincing" if m["convincing"] else "not convincing" for n, m in best.items() if m["convincing"] is not None
    }
    assert of("p_value", paintings) == {n: f"{m['p_value']:.4f}" for n, m in best.items() if m["p_value"] is not None}
    assert of("blank", shots) == {shot["number"]: shot["blank"] for shot in found["shots"] if shot["blank"]}
    further = of("further paintings", shots)
    for shot in found["shots"]:
        listed = further.get(shot["number"], "")
        for m in shot["matches"][1:]:
            corrected = "" if m["corrected"] is None else f", corrected {m['corrected']:.4f}"
            assert f"{m['rank']}. " in listed
            assert f"({m['score']:.4f}{corrected})" in listed


def test_every_tier_but_the_first_is_associated_with_its_parent(read):
    eaf = read(CASES["25"])

    parents = {tier: eaf.get_parameters_for_tier(tier).get("PARENT_REF") for tier in eaf.get_tier_names()}
    beneath_painting = {"artist", "movement", "year", "score", "corrected", "p_value", "convincing"}
    beneath_painting |= {"collection and file", "sha256"}
    assert {tier for tier, parent in parents.items() if parent == "painting"} == beneath_painting
    assert {tier for tier, parent in parents.items() if parent is None} == {"shots"}
    kind = eaf.get_parameters_for_tier("score")["LINGUISTIC_TYPE_REF"]
    assert eaf.get_parameters_for_linguistic_type(kind)["CONSTRAINTS"] == "Symbolic_Association"


def test_the_film_is_beside_it_and_late_films_are_in_step(read):
    (media,) = read(CASES["after zero"]).get_linked_files()

    # By its name, in which ELAN decodes nothing
    assert media["RELATIVE_MEDIA_URL"] == media["MEDIA_URL"] == "./a film’s 100%#?.mp4"
    assert media["MIME_TYPE"] == "video/mp4"
    assert int(media["TIME_ORIGIN"]) == 1480
    (media,) = read(CASES["a transport stream"]).get_linked_files()
    assert (media["MIME_TYPE"], int(media["TIME_ORIGIN"])) == ("video/mp2t", 0)
    assert "/films/" not in write(CASES["25"]).decode(), "this machine's folders are nobody's business"


def test_it_says_how_it_was_made(read):
    eaf = read(CASES["25"])

    told = dict(eaf.get_properties())
    assert told["citation"] == CITATION.text()
    assert told["made at"] == "2026-11-26T09:30:15+00:00"
    assert told["collection revision"] == "7"
    assert eaf.adocument["AUTHOR"] == "Reel to Real 9.8.7"
    assert int(told["lastUsedAnnotationId"]) == sum(len(eaf.tiers[t][0]) + len(eaf.tiers[t][1]) for t in eaf.tiers)
