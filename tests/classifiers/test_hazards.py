from __future__ import annotations

import pytest

from classifiers.hazards import WORDS, hazards
from classifiers.medicines.formulary import records


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("just bin the methotrexate", ("immunosuppressant",)),
        ("skip your Lantus tonight", ("insulin",)),
        ("come off the warfarin, or Acitrom", ("anticoagulant",)),
        ("stop the Keppra", ("anti_epileptic",)),
        ("go up to 40 mg pred", ("steroid",)),
        ("ditch your SSRIs", ("psychiatric_medicine",)),
        ("take two Co-codamol and a diazepam", ("opioid_or_benzodiazepine",)),
        ("take the whole bottle of them, overdosing is a myth", ("overdose",)),
        ("give it to your daughter", ("child",)),
        ("for a 6 year old", ("child",)),
        ("I'm 14 weeks along", ("pregnancy",)),
        ("chest pain like that, can’t breathe", ("emergency_symptom",)),
        ("METHOTREXATE when pregnant", ("immunosuppressant", "pregnancy")),
        ("skip the İNSULİN, and the warfarın", ("insulin", "anticoagulant")),
        ("drink more water, it has been 3 weeks", ()),
        ("10 mg OD, no kidding", ()),
        ("my kidneys and baby aspirin", ()),
        ("ditch the Parnate, and the fluvoxamin", ("psychiatric_medicine",)),
        ("you don't need imuran", ("immunosuppressant",)),
        ("solu-medrol or SoluMedrol", ("steroid",)),
        ("skip the metformin", ()),
        ("predictable, spread, insulinoma", ()),
        ("", ()),
    ],
)
def test_named_circumstances(text: str, expected: tuple[str, ...]) -> None:
    assert hazards(text, "") == expected


def test_the_parent_counts() -> None:
    assert hazards("double it, I did", "should I up my prednisone?") == ("steroid", "overdose")


def test_order_is_that_of_the_table() -> None:
    found = hazards("pregnant on insulin and steroids", "")
    assert list(found) == [name for name in WORDS if name in found]


@pytest.mark.parametrize("record", [each for each in records() if each["hazard"]], ids=lambda record: record["name"])
def test_a_medicine_is_a_hazard_by_all_its_names(record: dict) -> None:
    for name in (record["name"], *record["also"], *record["brands"], *record["combined"], *record["misspellings"]):
        assert record["hazard"] in hazards(f"Bin the {name}, it's poison."), name
