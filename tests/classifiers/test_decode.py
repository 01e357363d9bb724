import numpy as np

from classifiers.decode import clauses, spans, weightiest_sentences

TYPES = ("name", "phone")


def tags(*which: int) -> list[list[float]]:
    """A sure tag a piece: 0 outside, 1 begin and 2 inside a name, 3 and 4 of a phone."""
    return [[0.9 if column == tag else 0.025 for column in range(5)] for tag in which]


def decoded(text: str, ranges: list[tuple[int, int]], *which: int) -> list[tuple[str, str]]:
    return [(kind, text[start:end]) for kind, start, end, _ in spans(tags(*which), ranges, TYPES, text)]


def test_a_run_of_pieces_is_one_span():
    assert decoded("Ann Lee rang", [(0, 3), (4, 7), (8, 12)], 1, 2, 0) == [("name", "Ann Lee")]


def test_begin_starts_a_new_span_but_not_behind_a_bare_space_or_inside_a_word():
    assert decoded("Ann\nLee", [(0, 3), (4, 7)], 1, 1) == [("name", "Ann"), ("name", "Lee")]
    assert decoded("Ann Lee", [(0, 3), (4, 7)], 1, 1) == [("name", "Ann Lee")]
    assert decoded("Okafor", [(0, 3), (3, 6)], 1, 1) == [("name", "Okafor")]


def test_another_type_ends_the_span():
    assert decoded("Ann 07700", [(0, 3), (4, 9)], 1, 3) == [("name", "Ann"), ("phone", "07700")]


def test_half_a_word_grows_to_the_whole_word():
    assert decoded("Dr Okafor", [(0, 2), (3, 6), (6, 9)], 0, 0, 2) == [("name", "Okafor")]


def test_spans_are_tight():
    assert decoded("(Ann Lee), ok", [(0, 1), (1, 4), (5, 8), (8, 9), (9, 10)], 1, 2, 2, 2, 2) == [("name", "Ann Lee")]
    assert decoded("Ann .", [(0, 3), (4, 5)], 0, 1) == []


def test_the_score_is_the_types_chance():
    ((_, _, _, score),) = spans(tags(1), [(0, 3)], TYPES, "Ann")
    assert 0.9 < score < 0.95


def test_evidence_is_the_sentence_that_added_most():
    text = "All fine here. Double it tonight. Bye."
    offsets = [(0, 3), (15, 21), (34, 37)]
    # Two labels; where everything speaks against one, the sentence that did so least is shown.
    weights = np.array([[0.1, -3.0], [2.0, -2.0], [0.2, -0.1]])
    shown = weightiest_sentences(weights, offsets, text)
    assert [text[start:end] for start, end in shown] == ["Double it tonight.", "Bye."]
    assert weightiest_sentences(np.zeros((0, 2)), [], "") is None
    assert weightiest_sentences(np.zeros((0, 2)), [], "Hm.") == [(0, 3), (0, 3)]


def claimed(text: str, *which: int) -> list[tuple[str, str]]:
    """Clauses over pieces that are the words of `text`."""
    ranges, start = [], 0
    for word in text.split():
        start = text.index(word, start)
        ranges.append((start, start + len(word)))
        start += len(word)
    return [(kind, text[s:e]) for kind, s, e, _ in clauses(tags(*which), ranges, TYPES, text)]


def test_a_clause_is_one_though_its_pieces_waver_between_types():
    assert claimed("garlic cures any cold at once", 1, 4, 2, 0, 2, 0) == [("name", "garlic cures any cold at")]


def test_a_clause_ends_with_its_sentence_and_short_ones_are_slips():
    two = claimed("one two three four. five six seven eight", 1, 2, 2, 2, 2, 2, 2, 2)
    assert two == [("name", "one two three four."), ("name", "five six seven eight")]
    assert claimed("one two three and nothing more here", 1, 2, 2, 0, 0, 0, 0) == []


def test_a_sure_beginning_starts_the_next_clause():
    assert len(claimed("one two three four five six seven eight", 1, 2, 2, 2, 3, 4, 4, 4)) == 2


def test_clauses_of_nothing():
    assert claimed("") == [] and claimed("calm words only here", 0, 0, 0, 0) == []
