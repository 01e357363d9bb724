"""Which language a post is written in: English or not is what matters, for the models read English only.

Lingua (low accuracy mode) behind a count of frequent English words. Measured on 1,384 posts of training/corpora (all English, some mixed):
false foreign 2 (0.14 %, both mostly Tagalog); foreign missed 0 of 44 sentences used in tuning. Of 40 more, 10 were missed before their mistakes
were looked at and 6 after: two have fewer than 25 letters, two are romanised Hindi and Bengali, one is French, one Danish. First guess
alone: lingua 38 false foreign of 1,224, its high accuracy mode 78; py3langid 14 of 1,244 (and 120 MB of memory against 30).
"""

from __future__ import annotations

import re
from functools import cache

from lingua import Language, LanguageDetector, LanguageDetectorBuilder

FEWEST_LETTERS = 25
"""A shorter Latin-script text says too little to be called foreign: it is taken for English."""
ENGLISH_ENOUGH = 0.10
"""At this share of English function words a text is English, whatever other words it mixes in."""
FEWEST_OF_A_SCRIPT = 4
"""Letters below which another script says nothing."""
RULED_OUT = 0.1
"""Below this confidence in English another language is believed."""
MOST_CHARACTERS = 2000
"""The language of a post shows in its beginning."""

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
ADDRESS = re.compile(r"https?://\S+|\S+@\S+|@\S+")
SPELLED = re.compile(r"\b(?:\w\s){3,40}")
"""An address spelled letter by letter."""
FUNCTION_WORDS = frozenset(
    (
        "the and or but with from are were you she it they your his its our their this that these those have does did not dont don't cant "
        "can't wont won't im i'm ive i've it's would can could should what when who how why if than then there here just about after before "
        "because youre you're him them us any some more up out off get got ye yer u nah wey dey abi aye wee tae nae cannae ain't aint gonna "
        "wanna lol pls plz thx anyone else only sum1 any1 wen b4 aftr cn cos cuz coz bout thru wid wit fam innit idk tbh imo doctors meds "
        "pills tablets pens blood skin months weeks days month year years day night morning today every still never again started take "
        "taking took feel feeling need know said told think good better worse first time people feet sleep three five seven eight nine two "
        "bye hi hello thanks thank please sorry price cheap free sale cured cures heals "
    ).split()
)
"""Frequent English words, dialects and chat included. Left out are those that other languages write too ("is", "to", "for", "i", "pain")."""
MEDICINE = re.compile(
    r"\b\w{2,20}(?:trexate|olone|isone|oquine|azole|mab|nib|profen|pril|sartan|statin|cillin|tyline|oxen|amol|apine|idone|sporine|limus|gliptin"
    r"|glutide|parin|aban|oxetine|azepam|odone|cycline|mycin|acid|formin)s?\b",
    re.IGNORECASE,
)
"""Names of medicines look like no language."""
LANGUAGES = tuple(
    getattr(Language, name)
    for name in (
        "ENGLISH SPANISH FRENCH GERMAN PORTUGUESE ITALIAN DUTCH POLISH TURKISH SWEDISH DANISH ROMANIAN INDONESIAN TAGALOG FINNISH CZECH "
        "HUNGARIAN VIETNAMESE SWAHILI AFRIKAANS"
    ).split()
)
SCRIPTS = (
    ("ru", "Ѐ", "ӿ"), ("el", "Ͱ", "Ͽ"), ("ar", "؀", "ۿ"), ("he", "֐", "׿"), ("hi", "ऀ", "ॿ"), ("bn", "ঀ", "৿"), ("pa", "਀", "੿"),
    ("gu", "઀", "૿"), ("ta", "஀", "௿"), ("te", "ఀ", "౿"), ("kn", "ಀ", "೿"), ("ml", "ഀ", "ൿ"), ("si", "඀", "෿"), ("th", "฀", "๿"),
    ("my", "က", "႟"), ("ka", "Ⴀ", "ჿ"), ("am", "ሀ", "፿"), ("km", "ក", "៿"), ("ja", "぀", "ヿ"), ("ko", "가", "힯"), ("zh", "一", "鿿"),
)  # fmt: skip
"""A language written in each script other than Latin, by its block of Unicode: the forum learns what it cannot read."""


def is_english(text: str) -> bool:
    """Is the text English, or too short to say?"""
    return identify(text)[0] == "en"


def identify(text: str) -> tuple[str, float]:
    """ISO 639-1 code of the text's language and how sure that is, in 0..1; a text too short to say is `en`."""
    text = text[:MOST_CHARACTERS]
    for noise in (ADDRESS, SPELLED):
        text = noise.sub(" ", text)
    share = _english_share(text)
    if share < ENGLISH_ENOUGH or _foreign_letters(text) >= FEWEST_OF_A_SCRIPT:
        # MEDICINE is the dearest of these patterns and takes no word of English away: only here may it change something.
        text = MEDICINE.sub(" ", text)
        letters = [char for char in text if char.isalpha()]
        if foreign := _other_script(letters):
            return foreign
        share = _english_share(text)
        if len(letters) >= FEWEST_LETTERS and share < ENGLISH_ENOUGH:
            return _by_letters(text)
    return "en", min(1.0, 0.5 + share)


def _foreign_letters(text: str) -> int:
    return 0 if text.isascii() else sum(char > "\x7f" and char.isalpha() for char in text)


def _english_share(text: str) -> float:
    words = WORD.findall(text.replace("’", "'"))
    return sum(map(FUNCTION_WORDS.__contains__, map(str.lower, words))) / max(1, len(words))


def _other_script(letters: list[str]) -> tuple[str, float] | None:
    """The language of the script that most letters are written in, where that is not Latin."""
    counts = {code: sum(low <= char <= high for char in letters) for code, low, high in SCRIPTS}
    total, code = sum(counts.values()), max(counts, key=lambda code: counts[code])
    if total < FEWEST_OF_A_SCRIPT or 2 * total < len(letters):
        return None
    return ("ja" if code == "zh" and counts["ja"] else code), total / len(letters)


def _by_letters(text: str) -> tuple[str, float]:
    """By letter sequences; foreign only where English is nearly ruled out."""
    best, *_ = ranking = detector().compute_language_confidence_values(text)
    english = next((value.value for value in ranking if value.language == Language.ENGLISH), 0.0)
    if best.language == Language.ENGLISH or english >= RULED_OUT:
        return "en", max(english, 0.5)
    return best.language.iso_code_639_1.name.lower(), best.value


@cache
def detector() -> LanguageDetector:
    """Built once per process: about 30 MB in its low accuracy mode."""
    return LanguageDetectorBuilder.from_languages(*LANGUAGES).with_low_accuracy_mode().build()
