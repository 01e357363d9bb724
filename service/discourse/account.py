"""The account by which Heed acts, tried out before it is kept."""

from __future__ import annotations

from service.discourse.api import Api, Failed
from service.errors import ConfigurationError


def check_account(api: Api) -> None:
    """Raises ConfigurationError where the address, the key or the account won't do, and says what to mend."""
    try:
        user = api.get("/session/current.json").get("current_user") or {}
    except Failed as failure:
        raise ConfigurationError(
            f"Discourse does not take the key for {api.user}: {failure}. Make one under Admin, API keys: for this single "
            "user, with global scope; and check the address."
        ) from None
    if str(user.get("username", "")).lower() != api.user.lower():
        raise ConfigurationError(f"The key is not one for {api.user}. Make one for this single user.")
    if not (user.get("moderator") or user.get("admin")):
        raise ConfigurationError(f"{api.user} is no moderator on Discourse. Make the account one, then try again.")
