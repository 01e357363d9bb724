"""The keys that personal data is encrypted by in the database, and what a text looks like there once it is.

Fernet (AES-128-CBC with HMAC-SHA256) of `cryptography`. Not MultiFernet: it tries each key in turn, while a value that names
its key says at once which one is missing, and lets SQL find what is not yet encrypted by the newest.

    heed:encrypted:1:<key's id>:<Fernet token>    encrypted, each time anew
    heed:encrypted:2:<key's id>:<AES-SIV>         a name, encrypted the same each time, so that it can be looked up by
    heed:encrypted:0:<text>                       a text that begins like one that is encrypted, as it is
    anything else                                 as it is
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.errors import ConfigurationError, EncryptionKeyMissing, ValueDamaged

MARK = "heed:encrypted:"
PLAIN, SEALED, NAMED = f"{MARK}0:", f"{MARK}1:", f"{MARK}2:"
OFF = "off"
"""What may stand in the place of the newest key: what is written from now on is written as it is."""
HEAD = len(SEALED) + 9
"""Characters before what was encrypted: mark, kind and key's id."""
KEY_ID = re.compile("[0-9a-f]{8}")
FERNET = "gAAAA"
"""How each of its tokens begins, until the year 2106."""
OVERHEAD = HEAD + 65 * 4 // 3
"""Characters of an encrypted text that are none of its own: mark, key's id, and what Fernet adds, in base64."""
NO_KEY = (
    "HEED_ENCRYPTION_KEYS: entry {at} of {of} is no key. `heed encryption new-key` makes one; separate several by commas, "
    "the newest first. `off` may stand in the place of the newest alone."
)
MISSING = (
    "Something in the database is encrypted by the key {id}, which HEED_ENCRYPTION_KEYS does not hold. Add that key behind "
    "the newest one and start again: without it these words can't be read by anybody. If there never was such a key, the "
    "value was damaged: `heed encryption status` says in which column; restore its row from a back-up."
)
DAMAGED = (
    "Something in the database that is encrypted was damaged or changed. Restore it from a back-up; "
    "docs/security.md, Encryption at rest, says more."
)
NEWER = "Something in the database is encrypted in a way that this version does not know. Install the version that wrote it."


class Key:
    """What one key of the setting opens and seals. Raises ValueError for what is none."""

    def __init__(self, key: str) -> None:
        raw = base64.urlsafe_b64decode(key)
        # What base64 would overlook is none, or one key had several ids.
        if base64.urlsafe_b64encode(raw).decode() != key:
            raise ValueError
        self.texts = Fernet(key)
        self.names = AESSIV(HKDF(SHA512(), 64, salt=None, info=b"heed names").derive(raw))

    def seal(self, text: str) -> str:
        return self.texts.encrypt(text.encode()).decode()

    def seal_name(self, name: str) -> str:
        return base64.urlsafe_b64encode(self.names.encrypt(name.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        return self.texts.decrypt(sealed.encode()).decode()

    def open_name(self, sealed: str) -> str:
        return self.names.decrypt(base64.urlsafe_b64decode(sealed), None).decode()


@dataclass(frozen=True)
class Keyring:
    """Keys by their ids. `newest` is the id of the one to write by; None: write texts as they are."""

    newest: str | None
    keys: Mapping[str, Key]

    def seal(self, text: str) -> str:
        """What is to stand in the database for a text."""
        return f"{SEALED}{self.newest}:{self.keys[self.newest].seal(text)}" if self.newest else _as_it_is(text)

    def seal_name(self, name: str) -> str:
        """The same for a name that is looked up by."""
        return f"{NAMED}{self.newest}:{self.keys[self.newest].seal_name(name)}" if self.newest else _as_it_is(name)

    def names(self, name: str) -> list[str]:
        """All that may stand in the database for a name: as it is, or by any of the keys."""
        return [_as_it_is(name), *(f"{NAMED}{id_}:{key.seal_name(name)}" for id_, key in self.keys.items())]

    def open(self, stored: str) -> str:
        """The text for what stands in the database, also where only the name of its key was damaged.

        Raises EncryptionKeyMissing where none of the keys is its own, ValueDamaged where it was changed.
        """
        id_, token = stored[len(SEALED) : HEAD - 1], stored[HEAD:]
        if not stored.startswith(MARK):
            # Not opened: whoever posts may write whatever does not begin with the mark.
            if token.startswith(FERNET) and self._opened(token) is not None:
                raise ValueDamaged(DAMAGED)
            return stored
        text = self._opened(token, id_)
        if text is not None:
            return text
        if stored.startswith(PLAIN):
            return stored[len(PLAIN) :]
        if not stored.startswith((SEALED, NAMED)):
            raise ConfigurationError(NEWER)
        if id_ in self.keys or not KEY_ID.fullmatch(id_):
            raise ValueDamaged(DAMAGED)
        raise EncryptionKeyMissing(MISSING.format(id=id_))

    def _opened(self, token: str, id_: str = "") -> str | None:
        """What the key of that id, or else any of them, opens: each proves by its signature that it is its own."""
        for key in (self.keys[each] for each in sorted(self.keys, key=lambda each: each != id_)):
            for way in (key.open, key.open_name):
                with suppress(InvalidToken, InvalidTag, ValueError):
                    return way(token)
        return None


def new_key() -> str:
    """256 random bits in URL-safe base64: half of them encrypt, half of them sign."""
    return Fernet.generate_key().decode()


def id_of(key: str) -> str:
    """What a key is called in the database and in messages: eight hex digits that tell nothing of it."""
    return hashlib.sha256(b"heed key id\0" + key.encode()).hexdigest()[:8]


@lru_cache
def keyring(setting: str) -> Keyring:
    """The keys of `HEED_ENCRYPTION_KEYS`: by commas, the newest first, or `off` in its place.

    Raises ConfigurationError, which never shows a key.
    """
    entries = [entry.strip() for entry in setting.split(",")] if setting.strip() else []
    keys = {}
    for at, entry in enumerate(entries, 1):
        if at == 1 and entry == OFF:
            continue
        try:
            keys[id_of(entry)] = Key(entry)
        except ValueError:
            raise ConfigurationError(NO_KEY.format(at=at, of=len(entries))) from None
    newest = id_of(entries[0]) if entries and entries[0] != OFF else None
    return Keyring(newest, keys)


def _as_it_is(text: str) -> str:
    return PLAIN + text if text.startswith(MARK) else text
