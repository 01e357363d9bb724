"""Hostile input, made up without end: `docs/security.md` says what it found."""
