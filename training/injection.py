"""Invented personal data put into real patients' posts, for training only: values of many countries and spellings.

The posts are those of `training.outside`; nothing made here is kept or committed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from faker import Faker

from classifiers.personal_data import find_patterns
from classifiers.sentences import sentences
from training.corpus import LabelledPost, Span

KNOWN = frozenset({"personal_data"})
LOCALES = (
    "en_GB", "en_US", "en_IE", "en_IN", "en_PK", "en_NG", "en_KE", "en_AU", "en_CA", "en_NZ", "de_DE", "fr_FR", "es_MX",
    "pt_BR", "pl_PL", "it_IT", "nl_NL", "sv_SE", "tr_TR", "zu_ZA", "yo_NG", "ga_IE", "cs_CZ", "no_NO", "fi_FI", "hu_HU", "ro_RO",
)  # fmt: skip
"""Countries whose names, addresses and numbers are invented; each post takes one."""

CARRIERS: dict[str, Sequence[str]] = {
    "person": (
        "My consultant is {}.", "thanks to {} for all the help", "Has anyone seen {} about this?", "{}", "- {}", "Regards,\n{}",
        "it was {} who found it", "ask for {} at the desk", "{} did my op and {} did the follow up", "i live with {} and the cats",
        "signed, {}", "They put me down as {} again.", "You can say {} sent you.",
    ),
    "phone": (
        "ring me on {}", "My number's {} if anybody wants a chat.", "text {} not the landline", "{}", "call {} after six",
        "you can get me at {} most days", "whats app me {}", "Tel {}", "mob: {}", "we are on {} and my sister on {}",
    ),
    "email": (
        "write to me at {}", "{}", "my email is {} if that helps", "PM or {}", "drop us a line, {}", "send it to {} please", "e: {}",
    ),
    "address": (
        "I'm at {} if anyone's passing.", "you can post it to {}", "we live at {}", "{}", "Come round, {}.", "parcel to {} please",
        "they sent the letter to {} which is the old house",
    ),
    "date_of_birth": (
        "My date of birth is {}.", "DOB {}", "born {}", "they had me down as {} which is wrong, no, right", "d.o.b. {}", "birthday {} so do the sums",
    ),
    "government_id": (
        "my national number is {}", "they want my ID, {}", "SSN {}", "passport {}", "NI number {}", "the number on the card is {}", "{} is my tax number",
    ),
    "medical_id": (
        "hospital number {}", "my MRN is {}", "quote {} when you ring the ward", "member ID {}", "policy no. {}", "Rx {}", "patient no {} on the label",
        "the sticker says {}", "insurance has me as {}",
    ),
    "payment": ("IBAN {}", "card number {}", "you can pay into {}", "my account is {}", "they charged {} twice", "refund to {}"),
    "online_account": (
        "I'm {} on insta", "find me on telegram {}", "add me: {}", "{} on discord", "my profile is {}", "snap is {}", "same name everywhere, {}",
    ),
    "credential": (
        "the portal password is {}", "log in with {}", "my PIN is {}", "password: {}", "wifi code {}", "user name {} if you want to look", "it kept saying {} was wrong",
    ),
    "ip_address": ("it shows my IP as {}", "logged in from {}", "banned from {}?", "the log says {}", "address {} blocked"),
}  # fmt: skip
VALUES: dict[str, Callable[[Faker, random.Random], str]] = {
    "person": lambda fake, chance: f"{chance.choice(TITLES)} {fake.last_name()}" if chance.random() < 0.3 else f"{fake.first_name()} {fake.last_name()}",
    "phone": lambda fake, chance: fake.phone_number(),
    "email": lambda fake, chance: fake.email(),
    "address": lambda fake, chance: fake.address() if chance.random() < 0.4 else fake.address().replace("\n", ", "),
    "date_of_birth": lambda fake, chance: f"{fake.date_of_birth():{chance.choice(DATES)}}",
    "government_id": lambda fake, chance: fake.ssn() if chance.random() < 0.7 else fake.passport_number(),
    "medical_id": lambda fake, chance: fake.bothify(chance.choice(("#######", "??######", "???-######", "#### ###", "?########", "##-####-##"))).upper(),
    "payment": lambda fake, chance: fake.credit_card_number() if chance.random() < 0.5 else fake.iban(),
    "online_account": lambda fake, chance: chance.choice(("@{}", "{}", "t.me/{}", "instagram.com/{}", "discord.gg/{}", "@{}_")).format(fake.user_name()),
    "credential": lambda fake, chance: fake.numerify("####") if chance.random() < 0.25 else fake.password(length=chance.randint(7, 12), special_chars=chance.random() < 0.5),
    "ip_address": lambda fake, chance: fake.ipv4() if chance.random() < 0.8 else fake.ipv6(),
}  # fmt: skip
TITLES = ("Dr", "Mr", "Mrs", "Ms", "Miss", "Prof", "Sister", "Dr.", "Mr.")
DATES = ("%d/%m/%Y", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d %b %y", "%d-%m-%Y")
SPELLED_OUT = frozenset({"phone"})
NUMBERS = frozenset({"phone", "government_id", "payment"})
JOINTS = (" ", " ", "\n", "\n\n", ". ", ", ")
NOTHING: Sequence[Callable[[Faker, random.Random], str]] = (
    lambda fake, chance: f"order number {chance.randint(10**6, 10**8)}",
    lambda fake, chance: "The Samaritans are on 116 123, any time",
    lambda fake, chance: f"my TSH was {chance.uniform(0.1, 9):.2f} and ferritin {chance.randint(4, 400)}",
    lambda fake, chance: f"version {chance.randint(1, 9)}.{chance.randint(0, 20)}.{chance.randint(0, 9)} of the app",
    lambda fake, chance: f"{fake.city()} is where the clinic is",
    lambda fake, chance: f"thanks {fake.first_name()}",
    lambda fake, chance: f"appointment on {fake.date_between('-1y', '+1y'):%d/%m/%Y} at {chance.randint(8, 17)}:{chance.choice(['00', '15', '40'])}",
    lambda fake, chance: f"@{fake.user_name()} asked the same",
    lambda fake, chance: f"NCT{chance.randint(10**7, 10**8 - 1)} is the trial",
)  # fmt: skip
"""Sentences that look as if they held personal data and hold none."""
DIGIT_NAMES = dict(zip("0123456789", "zero one two three four five six seven eight nine".split(), strict=True))
Placed = tuple[str, list[Span]]
"""A sentence and the spans in it."""


def injected(posts: Iterable[LabelledPost], seed: int) -> Iterator[LabelledPost]:
    """Each post in which no pattern finds personal data, with one to three values between its sentences."""
    chance = random.Random(seed)
    for post in posts:
        if not list(find_patterns(post.text)):
            yield _inject(post, chance)


def value(kind: str, fake: Faker, chance: random.Random) -> str:
    """An invented value of a span type, spelled as people do."""
    return _spelled(kind, VALUES[kind](fake, chance), chance).strip()


def _spelled(kind: str, made: str, chance: random.Random) -> str:
    if kind == "email" and chance.random() < 0.3:
        return made.replace("@", chance.choice([" at ", "(at)", " AT "])).replace(
            ".", chance.choice([" dot ", "[dot]", " . "])
        )
    if kind in SPELLED_OUT and chance.random() < 0.15:
        return " ".join(DIGIT_NAMES[digit] for digit in re.sub(r"\D", "", made)) or made
    if kind in NUMBERS and chance.random() < 0.25:
        return re.sub(r"[^A-Za-z0-9]", chance.choice(["", " ", "-", "."]), made)
    return made.lower() if kind in ("person", "address") and chance.random() < 0.3 else made


def _inject(post: LabelledPost, chance: random.Random) -> LabelledPost:
    pieces: list[Placed] = [(post.text[start:end].strip(), []) for start, end in sentences(post.text)]
    for _ in range(chance.randint(1, 3)):
        pieces.insert(chance.randint(0, len(pieces)), _sentence(_faker(chance.choice(LOCALES), chance), chance))
    text, spans = "", []
    for sentence, inside in pieces:
        text += chance.choice(JOINTS) if text else ""
        spans += [Span(span.type, span.start + len(text), span.end + len(text)) for span in inside]
        text += sentence
    return replace(post, id=f"{post.id}-injected", text=text, spans=tuple(spans))


def _sentence(fake: Faker, chance: random.Random) -> Placed:
    if chance.random() < 0.25:
        return chance.choice(NOTHING)(fake, chance), []
    kind = chance.choice(list(CARRIERS))
    before, *rest = chance.choice(CARRIERS[kind]).split("{}")
    text, spans = before, []
    for after in rest:
        made = value(kind, fake, chance)
        spans.append(Span(kind, len(text), len(text) + len(made)))
        text += made + after
    return text, spans


def _faker(locale: str, chance: random.Random) -> Faker:
    fake = _fakers(locale)
    fake.seed_instance(chance.getrandbits(32))
    return fake


@cache
def _fakers(locale: str) -> Faker:
    return Faker(locale)
