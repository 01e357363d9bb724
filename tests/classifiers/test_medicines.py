"""Published facts stand beside what a post tells its readers, and beside nothing else."""

from datetime import datetime

import pytest

from classifiers import weights
from classifiers.hazards import WORDS
from classifiers.medicines import facts
from classifiers.medicines.doses import doses
from classifiers.medicines.facts import LONGEST, _pieces
from classifiers.medicines.formulary import medicines, records
from classifiers.medicines.names import WORD, named

RECORDS = list(records())
FIELDS = [
    *("name", "also", "brands", "combined", "misspellings", "class", "hazard"),
    *("max_daily", "narrow", "taper", "taper_why", "sources"),
]


def told(text: str, parent: str = "") -> list[tuple]:
    """Kind, medicine and, of a dose, how much in what time."""
    return [(fact.kind, fact.medicine, *fact.said.values()) for fact in facts(text, parent)]


@pytest.mark.parametrize(
    "text",
    [
        "You should take 6 g of paracetamol a day.",
        "Just take four 500mg paracetamol 4 times a day, you'll be fine",
        "take 2000mg metformin twice a day",
    ],
)
def test_what_everybody_has_at_home_is_known(text):
    (fact,) = facts(text)
    assert fact.kind == "dose" and fact.source["url"].startswith("https://") and fact.maximum["amount"] in (3000, 4000)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("400mg", (400, "mg", "dose")),
        ("400 mg twice a day", (800, "mg", "day")),
        ("2 x 500 mg", (1000, "mg", "dose")),
        ("four 500mg tablets 3 times a day", (6000, "mg", "day")),
        ("two tablets of 500 mg", (1000, "mg", "dose")),
        ("1g", (1, "g", "dose")),
        ("50 mcg daily", (50, "mcg", "day")),
        ("50 µg daily", (50, "mcg", "day")),
        ("10 units every 4 hours", (60, "units", "day")),
        ("500-1000 mg every 4-6 hours", (6000, "mg", "day")),
        ("1,000 mg tds", (3000, "mg", "day")),
        ("2,5 mg a week", (2.5, "mg", "week")),
        ("500mg x 3", (1500, "mg", "day")),
        ("600mg morning and night", (1200, "mg", "day")),
        ("50mg/d", (50, "mg", "day")),
        ("300mg capsules 3x daily", (900, "mg", "day")),
    ],
)
def test_a_dose_is_its_pieces_times_its_rate(text, said):
    assert [(dose.amount, dose.unit, dose.per) for dose in doses(f"Take {text}.")] == [said]


@pytest.mark.parametrize(
    "text",
    [
        "400 mg/dl",
        "400 mg per litre",
        "5 mg/kg",
        "100 mg less",
        "up by 100 mg",
        "another 100 mg",
        "more than 400 mg",
        "the maximum is 400 mg",
        "down 200 grams",
        "30 g of carbs",
        "£400",
        "$400 mg",
        "mg",
        "12400mgx",
    ],
)
def test_other_numbers_are_no_dose(text):
    assert list(doses(f"It was {text}.")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Take 6 g of ibuprofen a day", ("dose", "ibuprofen", 6, "g", "day")),
        ("take four 500mg ibuprofen tablets 3 times a day", ("dose", "ibuprofen", 6000, "mg", "day")),
        ("up your ibuprofin to 1,200mg three times a day", ("dose", "ibuprofen", 3600, "mg", "day")),
        ("Go up to 400mg of sertraline, it works", ("dose", "sertraline", 400, "mg", "dose")),
        ("I'd take 400mg zoloft daily", ("dose", "sertraline", 400, "mg", "day")),
        ("My doctor is useless. You want 2 x 45 mg of mirtazapine.", ("dose", "mirtazapine", 90, "mg", "dose")),
        ("Methotrexate is nothing. 10 mg a day is what you need.", ("dose", "methotrexate", 10, "mg", "day")),
        ("Just stop the sertraline", ("sudden_stop", "sertraline")),
        ("just stop taking your zoloft, honestly", ("sudden_stop", "sertraline")),
        ("You could quit venlafaxine cold turkey", ("sudden_stop", "venlafaxine")),
        ("You do not need to taper effexor.", ("sudden_stop", "venlafaxine")),
        ("Stop taking the lithium. You will feel like you again", ("sudden_stop", "lithium")),
    ],
)
def test_advice_is_set_beside_what_is_published(text, expected):
    assert told(text) == [expected]


@pytest.mark.parametrize(
    ("parent", "text", "expected"),
    [
        ("Second week on mirtazapine", "Bin them sweetheart.", ("sudden_stop", "mirtazapine")),
        ("Day 12 of citalopram", "Leave them in the drawer", ("sudden_stop", "citalopram")),
        (
            "Should I go up? I'm on 50 mg sertraline",
            "yes, go to 300 mg a day",
            ("dose", "sertraline", 300, "mg", "day"),
        ),
    ],
)
def test_a_short_reply_is_about_the_medicine_it_answers(parent, text, expected):
    assert told(text, parent) == [expected]
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        # Somebody's own story.
        "I was on 400 mg sertraline for years and was fine",
        "my doctor has me on 400 mg sertraline",
        "I take 4000 mg ibuprofen on bad days, can't say I'm proud",
        "My sister takes 400 mg of sertraline",
        "I stopped sertraline cold turkey, worst month of my life",
        "We had to stop the lithium when his kidneys went",
        "Was on sertraline for years, up to 300 mg a day, I slept through all of it",
        # What a clinician said, or is to be asked.
        "Your GP may raise the sertraline to 400 mg, mine did",
        "ask your doctor whether to stop the sertraline",
        # Questions.
        "can I take 6 g ibuprofen a day?",
        "should I just stop the sertraline?",
        # Warnings.
        "don't take 6 g of ibuprofen a day",
        "never take more than 3200 mg of ibuprofen",
        "please don't just stop the sertraline",
        "if you stop sertraline suddenly you get zaps",
        "You can't stop the lithium without them",
        # Slowly.
        "stop the sertraline gradually",
        "come off sertraline over six weeks",
        # Doses as published, and differences.
        "take 400 mg ibuprofen three times a day",
        "take 100 mg less sertraline",
        "go up to 200 mg of sertraline",
        "take 20 mg methotrexate a week",
        # Blood, weight, money, food, another route.
        "your ferritin is 4000 mg/l, so ibuprofen won't touch it",
        "you lost 900 grams on ibuprofen",
        "you pay £4000 for ibuprofen there",
        "have 40 g of protein with your sertraline",
        "they give 4000 mg ibuprofen by iv infusion",
        # A medicine that nobody warns of stopping.
        "just stop the cetirizine",
        # What is no medicine.
        "just stop the nonsense, 900 mg of it",
        "you have the ability to stop",
        # Of a combined tablet nobody knows whose dose is told.
        "take 9000 mg of Vicodin",
        # Whose the dose is stays open between two.
        "Sertraline and ibuprofen are both fine. Take 4000 mg.",
        "",
    ],
)
def test_the_rest_is_left_alone(text):
    assert told(text) == []


def test_a_fact_says_where_it_stands_and_where_it_was_read():
    text = "It's harmless. Take 4000 mg of ibuprofen a day."
    (fact,) = facts(text)
    assert text[fact.start : fact.end] == "4000 mg of ibuprofen a day"
    assert fact.maximum["amount"] == 3200 and fact.maximum["per"] == "day"
    assert fact.source["url"].startswith("https://") and fact.source["title"]


@pytest.mark.parametrize("spelling", ["Sertraline", "ZOLOFT", "sertaline", "lyrica", "Effexor XR"])
def test_brands_and_misspellings_are_recognised(spelling):
    (found,) = named(f"on {spelling}, since May")
    assert (found.start, found.end) == (3, 3 + len(spelling))


@pytest.mark.parametrize("record", RECORDS, ids=[record["name"] for record in RECORDS])
def test_each_entry_is_whole_and_has_its_sources(record):
    assert list(record) == FIELDS
    held = {name for name in ("narrow", "taper") if record[name]} | ({"max_daily"} if record["max_daily"] else set())
    assert {source["fact"] for source in record["sources"]} == held
    assert bool(record["taper_why"]) == record["taper"]
    assert record["hazard"] in ("", *WORDS)
    for source in record["sources"]:
        assert source["title"] and source["url"].startswith(("https://", "http://"))
        assert source["date"] == "" or datetime.strptime(source["date"][:4], "%Y")
    if most := record["max_daily"]:
        assert most["amount"] > 0 and most["unit"] in ("mg", "mcg", "g", "units") and most["per"] in ("day", "week")
        assert list(most) == ["amount", "unit", "per", "route", "who"] and most["who"]


def test_entries_are_sorted_and_no_spelling_means_two_medicines():
    names = [record["name"] for record in RECORDS]
    assert names == sorted(names)
    spellings = [tuple(WORD.findall(each)) for medicine in medicines() for each in medicine.spellings]
    assert len(spellings) == len(set(spellings))


def test_no_misspelling_is_a_word():
    """What the encoder keeps as one word is one; a medicine is there by its right name only."""
    words = weights.load().tokenizer.get_vocab()
    assert [each for record in RECORDS for each in record["misspellings"] if each in words] == []


def test_a_sentence_without_end_is_read_in_pieces():
    sentence = "you take sertraline 400 mg a day " * 100
    assert all(end - start <= LONGEST for start, end in _pieces(sentence))
    assert {fact.medicine for fact in facts(sentence)} == {"sertraline"}
