"""`heed classify`: one line out for each line in, bad ones named, the others done."""

import io
import json

import pytest
from reading import Reader

from service.policy import load
from workers.offline import CHUNK, classify_stream


def classify(text: str, reader=None, policy=None) -> tuple[list[dict], int]:
    target = io.StringIO()
    bad = classify_stream(reader or Reader(), io.StringIO(text), target, policy)
    return [json.loads(line) for line in target.getvalue().splitlines()], bad


def line(**fields) -> str:
    return json.dumps(fields) + "\n"


def test_each_line_gets_a_verdict_in_order():
    answers, bad = classify(line(id="a", text="words") + line(id=2, text="a crisis"))
    assert bad == 0
    assert [(answer["id"], answer["action"]) for answer in answers] == [("a", "allow"), ("2", "escalate")]
    assert {"severity", "labels", "spans", "checked", "policy_version", "models"} <= set(answers[0])


@pytest.mark.parametrize(
    ("bad_line", "error"),
    [
        ("not json", "not JSON: Expecting value at column 1"),
        ('{"id": "x"', "not JSON"),
        ("[1]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"text": "words"}', "id: Field required"),
        ('{"id": "x"}', "text: Field required"),
        ('{"id": "x", "text": 7}', "text: Input should be a valid string"),
        ('{"id": "x", "text": null}', "text: Input should be a valid string"),
        ('{"id": "x", "text": "words", "format": "pdf"}', "format: Input should be"),
        ('{"id": "x", "text": "half \\ud83d"}', "text: is not valid Unicode"),
        ('{"id": "\\udfff", "text": "words"}', "id: is not valid Unicode"),
        ("[" * 100_000, "not JSON that can be used (RecursionError)"),
        ('{"id": ' + "9" * 5000 + "}", "not JSON that can be used (ValueError)"),
        ('{"id": "x", "text": "BREAK"}', "could not be read (RuntimeError)"),
    ],
)
def test_a_bad_line_gives_its_number_and_why_and_the_others_are_done(bad_line, error):
    answers, bad = classify(line(id="a", text="words") + bad_line + "\n" + line(id="b", text="a crisis"))
    assert bad == 1
    assert [answer.get("id") for answer in answers] == ["a", None, "b"]
    assert answers[1]["line"] == 2 and answers[1]["error"].startswith(error)
    assert set(answers[1]) == {"line", "error"}


def test_no_error_repeats_the_text():
    answers, _ = classify(
        '{"id": "x", "text": ["private sorrow"]}\n{"id": "x", "text": "BREAK private sorrow"}\nsorrow\n'
    )
    assert "sorrow" not in json.dumps(answers) and len(answers) == 3


def test_empty_lines_are_passed_over_and_counted():
    answers, bad = classify("\n" + line(id="a", text="words") + "   \n\nbad\n")
    assert (len(answers), bad, answers[1]["line"]) == (2, 1, 5)


def test_no_lines_no_answers():
    assert classify("") == ([], 0)


def test_a_last_line_without_its_end_counts():
    assert classify(line(id="a", text="words").rstrip())[0][0]["id"] == "a"


def test_lines_are_read_together_and_written_as_they_come():
    reader, target = Reader(), io.StringIO()
    classify_stream(reader, io.StringIO("".join(line(id=n, text="words") for n in range(CHUNK + 3))), target)
    assert [len(batch) for batch in reader.batches] == [CHUNK, 3]
    assert len(target.getvalue().splitlines()) == CHUNK + 3


def test_one_post_that_can_not_be_read_spoils_no_other_of_its_chunk():
    text = "".join(line(id=n, text="BREAK" if n == 5 else "words") for n in range(CHUNK))
    answers, bad = classify(text)
    assert bad == 1 and answers[5] == {"line": 6, "error": "could not be read (RuntimeError)"}
    assert sum(answer.get("action") == "allow" for answer in answers) == CHUNK - 1


def test_a_policy_of_ones_own_counts():
    rules = load("[label_actions]\nideation = 'flag'\n")
    answers, _ = classify(line(id="a", text="ideation"), policy=rules)
    assert (answers[0]["action"], answers[0]["policy_version"]) == ("flag", rules.version)
    assert classify(line(id="a", text="ideation"))[0][0]["action"] == "escalate"


def test_what_is_not_ascii_stays_readable():
    target = io.StringIO()
    classify_stream(Reader(), io.StringIO(line(id="größe", text="words")), target)
    assert "größe" in target.getvalue()
