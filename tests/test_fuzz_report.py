"""Recorded runs of the fuzzing add up."""

import pytest

from benchmarks.fuzz.report import BEGIN, DOCS, END, Count, class_of, kept, record, table, unused_seed


@pytest.fixture
def docs(tmp_path):
    (tmp_path / "security.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return tmp_path


def test_runs_add_up(docs):
    counts = [Count("a page", 1_000, 0.5, 1), Count("described: one", 10), Count("described: other", 20)]
    record([*counts, Count("patterns", 700, same_each_time=True)], 2, 0, docs)
    record(
        [Count("a page", 500, 0.25), Count("patterns", 600, same_each_time=True)], 3.5, unused_seed(kept(docs)), docs
    )
    page = (docs / "security.md").read_text("utf-8")
    assert page.startswith(f"before\n{BEGIN}\nRecorded runs: 2, 5.5 minutes") and page.endswith(f"{END}\nafter\n")
    assert "| a page | 1,500 | 0.50 | 1 |" in page and "| 30 | 0.00 | 0 |" in page and "| patterns | 700 |" in page
    assert "| **together** | **2,230** | | **1** |" in page and "old" not in page


def test_a_seed_counts_once(docs):
    record([Count("a page", 1)], 1, 4, docs)
    before = kept(docs)
    with pytest.raises(ValueError, match="seed 4"):
        record([Count("a page", 1)], 1, 4, docs)
    assert kept(docs) == before and unused_seed(before) == 5


def test_it_says_how_long_the_inputs_were(docs):
    lengths = [{class_of(length): 1 for length in some} for some in ((0, 15, 16, 100_000), (9,))]
    assert lengths[0].keys() == {"up to 15", "up to 63", "over 10,000"}
    for seed, each in enumerate(lengths):
        record([Count("a page", 5, lengths=each), Count("of no length", 3)], 1, seed, docs)
    page = (docs / "security.md").read_text("utf-8")
    assert "How long 4 of them were" in page and "| 50.0% | 25.0% | 0.0% | 0.0% | 0.0% | 25.0% |" in page


def test_the_page_shows_what_was_recorded():
    shown = (DOCS / "security.md").read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == table(kept())
