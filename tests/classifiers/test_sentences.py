import pytest

from classifiers.sentences import sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   \n ", []),
        ("One. Two!  Three?", ["One.", "Two!", "Three?"]),
        ("no stop at the end", ["no stop at the end"]),
        ("first line\nsecond line\n\nthird", ["first line", "second line", "third"]),
        ('She said "go." Then left.', ['She said "go.', "Then left."]),
        ("7.5 mg is not two sentences", ["7.5 mg is not two sentences"]),
    ],
)
def test_ranges_hold_the_sentences(text, expected):
    found = [text[start:end] for start, end in sentences(text)]
    assert [sentence.rstrip('"') for sentence in found] == [sentence.rstrip('"') for sentence in expected]
