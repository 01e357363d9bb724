"""The data card's numbers are those of the corpora."""

from training import corpus, counts
from training.corpus import LabelledPost, Span


def test_posts_are_counted_once_and_spans_each():
    post = LabelledPost(
        "eh-1", "eh-t1", "", "", "Ann Lee and Bo Roe have gout", spans=(Span("person", 0, 7), Span("person", 12, 18))
    )
    found = counts.tables([post])
    assert "| posts | 1 | 0 | 0 | 0 | 1 |" in found
    assert "| personal data: `person` | 2 | 1 | 0 | 0 | 0 | 1 |" in found
    assert "parent: gout 1." in found


def test_only_what_stands_between_the_marks_is_put_anew():
    page = f"before\n{counts.BEGIN}old{counts.END}after\n"
    assert counts.card(page, "new") == f"before\n{counts.BEGIN}\nnew\n{counts.END}after\n"


def test_the_data_card_is_true():
    page = counts.CARD.read_text(encoding="utf-8")
    assert counts.card(page, counts.tables(corpus.read())) == page, "run python -m training.counts"
