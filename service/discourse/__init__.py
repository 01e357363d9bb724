"""Discourse: its posts read as ours, verdicts carried out there, and what its webhooks missed."""
