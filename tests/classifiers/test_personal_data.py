from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.labels import PERSONAL_DATA
from classifiers.personal_data import Found, find_patterns, is_plausible, resolve

MARKED = [
    ("mail jo.b_92@gmail.com.", "email", "jo.b_92@gmail.com"),
    ("it's jo dot b at gmail dot com ok", "email", "jo dot b at gmail dot com"),
    ("jo [at] fenmail (dot) org", "email", "jo [at] fenmail (dot) org"),
    ("info.jo@gmail.com", "email", "info.jo@gmail.com"),
    ("text me on 07911 123456 any time", "phone", "07911 123456"),
    ("my cell: (212) 736-5000, after six", "phone", "(212) 736-5000"),
    ("whatsapp +91 98200 55512 ji", "phone", "+91 98200 55512"),
    ("ring me on 01632 960 417", "phone", "01632 960 417"),
    (
        "oh seven seven double oh, nine double oh, six two one",
        "phone",
        "oh seven seven double oh, nine double oh, six two one",
    ),
    ("my social is 219-09-9999", "government_id", "219-09-9999"),
    ("NHS number 943 476 5918", "government_id", "943 476 5918"),  # wrong checksum, strong words
    ("NHS No: 943 476 5919", "government_id", "943 476 5919"),
    ("my NI number is QQ 41 72 80 B", "government_id", "QQ 41 72 80 B"),
    ("passport 533209117", "government_id", "533209117"),
    ("aadhaar 2341 2341 2346", "government_id", "2341 2341 2346"),
    ("CPF 390.533.447-05", "government_id", "390.533.447-05"),
    ("PPS number, mine is 1234567T", "government_id", "1234567T"),
    ("PESEL 44051401359", "government_id", "44051401359"),
    ("hospital number is RJZ 3318264 if", "medical_id", "RJZ 3318264"),
    ("MRN: 00718264.", "medical_id", "00718264"),
    ("Member ID: XQW884120937.", "medical_id", "XQW884120937"),
    ("policy no P/1512/01/88", "medical_id", "P/1512/01/88"),
    ("card 4111 1111 1111 1111 exp", "payment", "4111 1111 1111 1111"),
    ("GB82 WEST 1234 5698 7654 32 please", "payment", "GB82 WEST 1234 5698 7654 32"),
    ("sort code 20-48-91, account 73310462", "payment", "20-48-91"),
    ("sort code 20-48-91, account 73310462", "payment", "73310462"),
    ("born 14th Feb 1961", "date_of_birth", "14th Feb 1961"),
    ("DOB: 1961-02-14", "date_of_birth", "1961-02-14"),
    ("d.o.b. 14.02.61", "date_of_birth", "14.02.61"),
    ("date of birth, February 14, 1961", "date_of_birth", "February 14, 1961"),
    ("my ip is 81.174.52.209.", "ip_address", "81.174.52.209"),
    ("ip 2a02:8109:b6c0:3f1a::7d", "ip_address", "2a02:8109:b6c0:3f1a::7d"),
    ("I'm @jo_b_84 on Insta", "online_account", "@jo_b_84"),
    ("join discord.gg/jRx7creaky.", "online_account", "discord.gg/jRx7creaky"),
    ("https://wa.me/447911123456", "online_account", "https://wa.me/447911123456"),
    ("instagram.com/jo.b.84", "online_account", "instagram.com/jo.b.84"),
    ("snap me lad.from.cork", "online_account", "lad.from.cork"),
    ("UPI jo.b@okaxis", "online_account", "jo.b@okaxis"),
    ("password is Biscuit!2019, thanks", "credential", "Biscuit!2019"),
    ("pw: hunter22", "credential", "hunter22"),
    ("PIN 4821", "credential", "4821"),
    ("user marsh.ek22 pin 80914", "credential", "marsh.ek22"),
    ("we're at 41 Lilac Terrace, Gateshead NE8 3QF.", "address", "41 Lilac Terrace, Gateshead NE8 3QF"),
    ("4418 Old Shelby Pike, Memphis, TN 38104", "address", "4418 Old Shelby Pike, Memphis, TN 38104"),
    ("Flat 6, 12 Mill Lane\nHebden\nHX7 8AB", "address", "Flat 6, 12 Mill Lane\nHebden\nHX7 8AB"),
    ("PO Box 1142", "address", "PO Box 1142"),
    ("we live at LE2 9ZQ now", "address", "LE2 9ZQ"),
    ("saw Dr Amelia Hart today", "person", "Dr Amelia Hart"),
    ("Mrs Okafor's garden", "person", "Mrs Okafor"),
    ("ask Sister Byrne.", "person", "Sister Byrne"),
]

CLEAN = [
    "appointments@leedsteaching.nhs.uk or info@lupusuk.org.uk",
    "look at gmail.com, then",
    "call 988, 111, 999, 116 123 or 0800 1111",
    "Lifeline 13 11 14, or text HOME to 741741",
    "call 1-800-273-8255, ring 0800 068 4141",
    "the switchboard number is 0113 243 3144",
    "order number 07911 123456",
    "ISBN 978-0-306-40615-7",
    "took 500 mg 3 times, then 1000 2000 500",
    "ferritin 12, CRP 104, ALT 45, eGFR 90, BP 120/80 140/90",
    "diagnosed 14.02.2019, surgery 2019-03-12",
    "platelets 150000 and 1234567890 cells",
    "my order is 943 476 5919",
    "app version is 8.17.4.209, blocked again",
    "dns is 8.8.8.8 and 127.0.0.1 on my router",
    "thanks @jo_b_84 for the tip",
    "https://www.instagram.com/p/Cx12/ and https://www.nhs.uk/conditions/lupus",
    "I forgot my password, is that a problem?",
    "password reset please",
    "pin prick, PIN machine, rx 20 mg",
    "in 2 weeks, 3 Close friends",
    "ask Dr Google or drink a Dr Pepper",
    "Dr S. is kind, as is Dr N",
    "Mr Parkinson and Dr Sjögren named them",
    "policy 2024 says so",
    "visa costs £4111",
    "SW1A 1AA is a postcode",
]


@pytest.mark.parametrize(("text", "type", "part"), MARKED)
def test_marks(text: str, type: str, part: str) -> None:
    assert (type, part) in [(found.type, text[found.start : found.end]) for found in find_patterns(text)]


@pytest.mark.parametrize("text", CLEAN)
def test_leaves_alone(text: str) -> None:
    assert [(found.type, text[found.start : found.end]) for found in find_patterns(text)] == []


def test_every_occurrence_of_a_value_is_a_span() -> None:
    text = "born 23/11/1931, he says 23/11/1931 again"
    assert [text[found.start : found.end] for found in find_patterns(text)] == ["23/11/1931"] * 2


@pytest.mark.parametrize(
    ("spans", "kept"),
    [
        ([Found("phone", 0, 5, 0.9, "a"), Found("payment", 3, 20, 0.9, "b")], ["payment"]),  # the longer
        (
            [Found("phone", 0, 9, 0.99, "model"), Found("payment", 0, 5, 0.9, "a")],
            ["payment"],
        ),  # a pattern before the model
        ([Found("phone", 0, 5, 0.9, "a"), Found("payment", 0, 5, 0.98, "b")], ["payment"]),  # validated before context
        ([Found("phone", 0, 5, 0.9, "a"), Found("payment", 0, 5, 0.9, "b")], ["phone"]),  # the first
        (
            [Found("phone", 5, 9, 0.9, "a"), Found("email", 0, 5, 0.9, "b")],
            ["email", "phone"],
        ),  # neighbours both stay, sorted
        ([Found("phone", 3, 3, 0.9, "a")], []),
        ([], []),
    ],
)
def test_resolve(spans: list[Found], kept: list[str]) -> None:
    assert [span.type for span in resolve(spans)] == kept


ALPHABET = "0123456789 .-/@:+,\nabAB€é#"


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=80)
    | st.text(ALPHABET, max_size=60)
    | st.lists(st.sampled_from([text for text, _, _ in MARKED] + CLEAN), max_size=4).map(" ".join)
)
def test_any_text_gives_sorted_spans_in_range(text: str) -> None:
    found = find_patterns(text)
    assert all(
        span.type in PERSONAL_DATA and 0 <= span.start < span.end <= len(text) and 0 < span.score <= 1 for span in found
    )
    assert all(left.end <= right.start for left, right in pairwise(found))


@pytest.mark.parametrize(
    ("type", "value", "is_one"),
    [
        ("email", "nasreen dot s at lampost dot example", True),
        ("email", "gluco-gateway.example", False),
        ("phone", "oh seven seven, double nine one", True),
        ("phone", "four three", False),
        ("date_of_birth", "3. Juni 1958", True),
        ("date_of_birth", "Juni", False),
        ("ip_address", "192 dot 0 dot 2 dot 7", True),
        ("ip_address", "58. 61. 59", False),
        ("person", "Bev", True),
    ],
)
def test_what_the_model_marks_must_look_like_its_type(type: str, value: str, is_one: bool) -> None:
    assert is_plausible(type, value) is is_one
