"""The second factor: codes of six digits that change every half minute (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import hashlib
import secrets

import pyotp
import segno
from flask_babel import gettext as _
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from service.errors import Invalid
from service.store.models import Moderator, RecoveryCode, now

RECOVERY_CODES = 8
DRIFT = (-1, 0, 1)
"""Steps of half a minute that a telephone's clock may be off by."""


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """What an authenticator app reads: an `otpauth://` address."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Heed")


def picture(address: str) -> str:
    """The address as a QR code: an inline SVG, black on white in a dark page too, as cameras want it."""
    code = segno.make(address, micro=False)
    return code.svg_inline(border=3, dark="#000", light="#fff", omitsize=True, svgclass="qr")


def turn_on(session: Session, person: Moderator, secret: str, code: str) -> list[str]:
    """Ask for codes of this secret from now on; the recovery codes, shown once. Raises Invalid for a wrong code."""
    step = _step(secret, code)
    if step is None:
        raise Invalid(_("This code doesn’t fit. Wait for the next one in your app and type that."), field="code")
    person.totp_secret, person.totp_step = secret, step
    session.execute(delete(RecoveryCode).where(RecoveryCode.moderator_id == person.id))
    codes = ["-".join(secrets.token_hex(2) for _ in range(5)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(moderator_id=person.id, code_hash=_hash(code)) for code in codes)
    return codes


def remove(session: Session, person: Moderator) -> None:
    person.totp_secret, person.totp_step = "", 0
    session.execute(delete(RecoveryCode).where(RecoveryCode.moderator_id == person.id))


def check(session: Session, person: Moderator, code: str) -> bool:
    """Whether the code is the app's of this moment, or a recovery code. Each counts once."""
    # Two who show the same code at once take turns.
    session.refresh(person, with_for_update=True)
    step = _step(person.totp_secret, code)
    if step is not None and step > person.totp_step:
        person.totp_step = step
        return True
    mine = delete(RecoveryCode).where(RecoveryCode.moderator_id == person.id, RecoveryCode.code_hash == _hash(code))
    return session.execute(mine).rowcount == 1


def recovery_codes_left(session: Session, person: Moderator) -> int:
    mine = RecoveryCode.moderator_id == person.id
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(mine)) or 0


def _step(secret: str, code: str) -> int | None:
    """The time step that the code belongs to."""
    totp, typed = pyotp.TOTP(secret), "".join(code.split())
    current = totp.timecode(now())
    known = (current + drift for drift in DRIFT)
    return next(
        (step for step in known if secrets.compare_digest(totp.generate_otp(step).encode(), typed.encode())), None
    )


def _hash(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()
