"""Measurements anyone can repeat; `docs/performance.md` says what they gave."""
