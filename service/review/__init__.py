"""The review console: what was flagged, and why, for the people who decide."""

from service.review.console import blueprint

__all__ = ["blueprint"]
