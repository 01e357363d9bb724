"""What may stop a classifier at work, for whoever calls it."""

from __future__ import annotations


class DeviceLost(Exception):
    """The GPU answers nothing more in this process, whatever it is given; a new process may have it again."""
