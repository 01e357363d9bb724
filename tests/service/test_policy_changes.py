"""A policy edited by fields: comments stay, only what differs is written, nothing unsafe comes through."""

import pytest

from service.errors import ConfigurationError
from service.policy.changes import Changes, apply
from service.policy.policy import load

OWN = """# ours since spring
[thresholds.medical]
dosing = 0.6 # too many false alarms
stop_treatment = 0.9

[boards."Off topic".label_actions]
misinformation = "hold"
"""


def test_comments_and_everything_else_stay():
    written = apply(OWN, Changes(thresholds={("medical", "dosing"): 0.7}))
    assert "# ours since spring" in written and "stop_treatment = 0.9" in written
    rules = load(written).rules
    assert rules.thresholds["medical"]["dosing"] == 0.7 and rules.thresholds["medical"]["stop_treatment"] == 0.9
    assert load(written).on("Off topic").label_actions["misinformation"] == "hold"


def test_what_is_as_it_would_be_anyway_is_not_written_down():
    usual = load().rules.thresholds["medical"]
    changes = Changes(
        thresholds={("medical", "dosing"): usual["dosing"], ("medical", "stop_treatment"): usual["stop_treatment"]}
    )
    assert "thresholds" not in apply(OWN, changes)
    assert apply("", Changes(thresholds={("medical", "dosing"): usual["dosing"]})) == ""


def test_a_board_differs_from_its_forum_only_where_it_has_to():
    written = apply(OWN, Changes("Off topic", {("medical", "dosing"): 0.6}, {"misinformation": "hold"}))
    assert written.count("dosing") == 1 and 'misinformation = "hold"' in written
    written = apply(OWN, Changes("Off topic", {("medical", "dosing"): 0.2}, {"misinformation": ""}))
    assert load(written).on("Off topic").thresholds["medical"]["dosing"] == 0.2
    assert load(written).on("").thresholds["medical"]["dosing"] == 0.6
    assert "misinformation" not in load(written).on("Off topic").label_actions


@pytest.mark.parametrize("board", ['we"ird', "a.b", "ümläut [x]", "thresholds"])
def test_a_board_may_have_any_name(board):
    written = apply("", Changes(board, {("medical", "dosing"): 0.2}))
    assert load(written).on(board).thresholds["medical"]["dosing"] == 0.2
    assert load(written).on("other").thresholds["medical"]["dosing"] != 0.2


def test_an_action_given_by_heed_itself_can_be_taken_back():
    assert load().rules.label_actions == {"encouragement": "hold"}
    rules = load(apply("", Changes(actions={"encouragement": ""}))).rules
    assert rules.label_actions["encouragement"] == "escalate"


@pytest.mark.parametrize(
    "changes",
    [Changes(actions={"crisis": "remove"}), Changes("x", actions={"ideation": "remove"}), Changes(thresholds={("medical", "dosing"): 2})],
)  # fmt: skip
def test_what_breaks_the_policys_own_rules_is_refused(changes):
    with pytest.raises(ConfigurationError):
        apply("", changes)


def test_toml_that_is_none_is_refused():
    with pytest.raises(ConfigurationError):
        apply("[thresholds", Changes())
