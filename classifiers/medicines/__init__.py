"""What is published about the medicines that patients advise each other on (docs/medicines.md)."""

from classifiers.medicines.facts import facts

__all__ = ["facts"]
