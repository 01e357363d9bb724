from classifiers.decode import spans, weightiest_sentence

TYPES = ("name", "phone")


def tags(*which: int) -> list[list[float]]:
    """A sure tag a piece: 0 outside, 1 begin and 2 inside a name, 3 and 4 of a phone."""
    return [[0.9 if column == tag else 0.025 for column in range(5)] for tag in which]


def decoded(text: str, ranges: list[tuple[int, int]], *which: int) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end, _ in spans(tags(*which), ranges, TYPES, text)]


def test_a_run_of_pieces_is_one_span():
    assert decoded("Ann Lee rang", [(0, 3), (4, 7), (8, 12)], 1, 2, 0) == [("name", "Ann Lee")]


def test_begin_starts_a_new_span_but_not_inside_a_word():
    assert decoded("Ann Lee", [(0, 3), (4, 7)], 1, 1) == [("name", "Ann"), ("name", "Lee")]
    assert decoded("Okafor", [(0, 3), (3, 6)], 1, 1) == [("name", "Okafor")]


def test_another_type_ends_the_span():
    assert decoded("Ann 07700", [(0, 3), (4, 9)], 1, 3) == [("name", "Ann"), ("phone", "07700")]


def test_half_a_word_grows_to_the_whole_word():
    assert decoded("Dr Okafor", [(0, 2), (3, 6), (6, 9)], 0, 0, 2) == [("name", "Okafor")]


def test_the_score_is_the_types_chance():
    ((_, _, _, score),) = spans(tags(1), [(0, 3)], TYPES, "Ann")
    assert 0.9 < score < 0.95


def test_evidence_is_the_sentence_that_added_most():
    text = "All fine here. Double it tonight. Bye."
    offsets = [(0, 3), (15, 21), (34, 37)]
    assert text[slice(*weightiest_sentence([0.1, 2.0, 0.2], offsets, text))] == "Double it tonight."
    # Where everything speaks against the label, the sentence that did so least is shown.
    assert text[slice(*weightiest_sentence([-3.0, -2.0, -0.1], offsets, text))] == "Bye."
    assert weightiest_sentence([], [], "") is None
