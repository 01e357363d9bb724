"""From findings to a verdict: a pure, table-driven function of the findings and the forum's policy."""

from service.policy.decide import ACTIONS, decide
from service.policy.policy import Policy, load

__all__ = ["ACTIONS", "Policy", "decide", "load"]
