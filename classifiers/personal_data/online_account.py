"""Handles and links for contact off the forum."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.personal_data.found import CONTEXT, VALIDATED, Found

PATH = r"[\w.%+~@#?=&-]{2,100}(?:/[\w.%+~@#?=&-]{1,100}){0,3}"
INVITE = re.compile(
    r"(?<![\w@/-])(?:https?://)?(?:www\.|m\.)?(?:wa\.me|t\.me|telegram\.me|discord\.gg|discord(?:app)?\.com/(?:invite|users)|chat\.whatsapp\.com"
    r"|api\.whatsapp\.com|signal\.(?:me|group)|m\.me|fb\.me|paypal\.me|paypal\.com/paypalme|venmo\.com|cash\.app|linktr\.ee|ko-fi\.com"
    r"|snapchat\.com/add|kik\.me|twitch\.tv|bsky\.app/profile|zoom\.us/j|meet\.google\.com|line\.me|gofundme\.com/f|buymeacoffee\.com|onlyfans\.com|linkedin\.com/in|vm\.tiktok\.com)"
    rf"/{PATH}",
    re.IGNORECASE,
)
PROFILE = re.compile(
    r"(?<![\w@/-])(?:https?://)?(?:www\.|m\.|mobile\.)?(?:instagram\.com|facebook\.com|fb\.com|twitter\.com|x\.com|tiktok\.com|threads\.net|youtube\.com"
    r"|tumblr\.com|reddit\.com/u(?:ser)?)/(?P<name>@?[\w.-]{2,50})/?(?![\w/.-]{2})",
    re.IGNORECASE,
)
NOT_PROFILES = frozenset(
    (
        "p reel reels explore stories groups events watch pages hashtag search home share login help about policies marketplace notes photo "
        "photo.php permalink.php story.php profile.php posts i intent status tv live channel results playlist shorts embed feed legal "
        "privacy gaming"
    ).split()
)
ORGANISATION = re.compile(
    r"nhs|official|charity|society|foundation|trust|association|versusarthritis|lupusuk|samaritans|mindcharity|mayoclinic|cdcgov|who$|nih|diabetesuk|news",
    re.IGNORECASE,
)
PLATFORM = (
    r"insta(?:gram)?|ig|telegram|tg|snap(?:chat)?|sc|tik\s?tok|tt|whats\s?app|discord|twitter|facebook|fb|messenger|kik|we\s?chat|signal|threads"
    r"|bluesky|skype|reddit|venmo|cash\s?app|steam|paypal|linkedin|youtube|twitch|mastodon|(?-i:X)"
)
NEAR = re.compile(
    rf"(?<![\w@])(?:{PLATFORM}|(?:my\s)?handle|dm(?:s|\sme)?|pm\sme|follow\sme|order\soff\sme|add\sme|upi|gpay|phonepe|bizum)(?!\w)",
    re.IGNORECASE,
)
HANDLE = re.compile(r"(?<![\w@./-])@(?P<name>\w(?:[\w.]{1,38}\w)?)(?![\w@])")
BARE = re.compile(
    rf"(?<![\w@])(?:(?P<platform>{PLATFORM})(?:\s(?:id|handle|name|user(?:name)?|me|account))?(?:\s?(?:is|:|=|at|-|,\s?i'?m|,?\s?i\sam)){{0,2}}\s{{0,2}}"
    r"|(?:snap|dm|message|msg|add|find|follow)\sme\s(?:on\s)?)(?P<name>(?=[\w.#-]{0,40}[\d_.#])[A-Za-z][\w.-]{2,38}(?:#\d{4}|\w))(?![\w@])",
    re.IGNORECASE,
)
CASHTAG = re.compile(r"(?<!\w)(?:cash\s?app|venmo)(?!\w)[^\n.!?$]{0,20}(?P<name>\$[A-Za-z]\w{2,20})", re.IGNORECASE)
UPI = re.compile(
    r"(?<![\w.@-])[\w.-]{2,60}@(?:ok(?:axis|sbi|icici|hdfcbank)|ybl|ibl|axl|upi|paytm|apl|sbi|icici|hdfcbank|axisbank|kotak|waicici)(?![\w.-]?\w)",
    re.IGNORECASE,
)

NEEDED = re.compile(r"[/@$\d_#.](?:(?<=[/@$])|(?<=[^\s\d_#][\d_#])|(?<=[a-z]\.)[a-z])")
"""A sign of a link, a handle or a cashtag, or what makes a name a made-up one, in folded text."""


def find(text: str) -> Iterator[Found]:
    if "/" in text:
        yield from _links(text)
    yield from _handles(text)
    for match in CASHTAG.finditer(text) if "$" in text else ():
        yield Found("online_account", *match.span("name"), CONTEXT, "cashtag")
    for match in UPI.finditer(text) if "@" in text else ():
        yield Found("online_account", *match.span(), VALIDATED, "upi")


def _links(text: str) -> Iterator[Found]:
    for match in INVITE.finditer(text):
        yield _tight(match, "invite_link")
    for match in PROFILE.finditer(text):
        name = match["name"].lstrip("@").lower()
        if name not in NOT_PROFILES and not ORGANISATION.search(name):
            yield _tight(match, "profile_link")


def _tight(match: re.Match[str], source: str) -> Found:
    """The link without the sentence's punctuation, nor its own scheme's trailing slash."""
    value = match[0].rstrip(".,;:!?/&=-")
    return Found("online_account", match.start(), match.start() + len(value), VALIDATED, source)


def _handles(text: str) -> Iterator[Found]:
    """`@name` is the forum's own mention unless a platform is named beside it."""
    for match in HANDLE.finditer(text):
        near = text[max(0, match.start() - 40) : match.start()] + " … " + text[match.end() : match.end() + 25]
        if NEAR.search(near) and not ORGANISATION.search(match["name"]):
            yield Found("online_account", *match.span(), CONTEXT, "handle")
    for match in BARE.finditer(text):
        start, end = match.span("name")
        if not re.search(r"\.(?:com|org|net|uk|gov|io|co|tv|me|gg)$", match["name"], re.IGNORECASE) and _is_made_up(
            match["name"]
        ):
            yield Found("online_account", start, end, CONTEXT, "bare_handle")


def _is_made_up(name: str) -> bool:
    """A name nobody writes in a sentence: with a digit, `_`, `#` or an inner dot, and letters."""
    letters = sum(char.isalpha() for char in name)
    return (
        letters >= 3
        and re.search(r"[\d_#]|[a-z]\.[a-z]", name, re.IGNORECASE) is not None
        and not re.match(r"(?:v|covid|type|step|b)-?\d", name, re.IGNORECASE)
    )
