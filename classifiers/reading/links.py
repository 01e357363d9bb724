"""Addresses behind a link's words that are personal data themselves, and so stay in the text."""

from __future__ import annotations

import re

PERSONAL = re.compile(
    r"(?:mailto:|tel:|sms:|whatsapp:|skype:|upi:"
    r"|(?:https?://)?(?:www\.|m\.)?(?:wa\.me|t\.me|telegram\.me|discord\.gg|discord\.com/(?:invite|users)|chat\.whatsapp\.com"
    r"|api\.whatsapp\.com|instagram\.com|facebook\.com|fb\.me|fb\.com|m\.me|messenger\.com|paypal\.me|paypal\.com/paypalme|venmo\.com"
    r"|cash\.app|linktr\.ee|snapchat\.com|tiktok\.com|twitter\.com|x\.com|linkedin\.com/in|signal\.me|signal\.group"
    r"|onlyfans\.com|ko-fi\.com|zoom\.us/j|kik\.me)/)",
    re.IGNORECASE,
)


def is_personal(url: str) -> bool:
    """Does the address lead to a person: a mailbox, a phone, a profile, an invite?"""
    return PERSONAL.match(url.strip()) is not None
