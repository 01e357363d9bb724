"""The policy is a pure function: a table of findings and what becomes of them."""

import pytest

from classifiers.findings import Evidence, Fact, Findings, LabelScore, MarkedSpan, NotChecked
from classifiers.labels import DISTRESS, POST_LABELS, Area
from service.errors import ConfigurationError
from service.policy import decide, load

TEXT = "Ring me on 07700 900123 and I will tell you more."


def found(*names: str, spans: tuple[MarkedSpan, ...] = (), **more) -> Findings:
    labels = tuple(LabelScore(a, n, 0.99 if n in names else 0.01, Evidence(0, 7)) for a, n in POST_LABELS)
    return Findings(labels=labels, spans=spans, **more)


def span(kind: str, area: Area = Area.PERSONAL_DATA, score: float = 0.99) -> MarkedSpan:
    return MarkedSpan(area, kind, 11, 23, score)


@pytest.mark.parametrize(
    ("findings", "action", "severity"),
    [
        (found(), "allow", "none"),
        (found("false_cure"), "flag", "medium"),
        (found("stop_treatment"), "flag", "medium"),
        # The same label where harm would come soon.
        (found("stop_treatment", hazards=("insulin",)), "hold", "high"),
        (found("dangerous_remedy"), "hold", "high"),
        (found(spans=(span("phone"),)), "flag", "medium"),
        (found(spans=(span("government_id"),)), "hold", "high"),
        # Below its threshold a span is as good as not there.
        (found(spans=(span("government_id", score=0.01),)), "allow", "none"),
        (found("third_party_health"), "hold", "high"),
        (found("crisis"), "escalate", "critical"),
        (found("ideation"), "escalate", "high"),
        (found("disordered_eating"), "flag", "medium"),
        (found("encouragement"), "hold", "critical"),
        # The most severe action wins: somebody's life before somebody's phone number.
        (found("crisis", "encouragement", spans=(span("payment"),)), "escalate", "critical"),
        # A claim is not a violation.
        (found(spans=(span("risk", Area.CLAIM),)), "allow", "none"),
        (Findings(not_checked=NotChecked.EMPTY), "allow", "none"),
        (Findings(not_checked=NotChecked.LANGUAGE), "flag", "none"),
        (Findings(not_checked=NotChecked.FAILED), "flag", "none"),
        (Findings(not_checked=NotChecked.LANGUAGE, spans=(span("payment"),)), "hold", "high"),
    ],
)
def test_action_and_severity(findings, action, severity):
    verdict = decide(findings, load(), text=TEXT)
    assert (verdict["action"], verdict["severity"]) == (action, severity)


def test_a_verdict_says_why_and_where():
    verdict = decide(found("dosing"), load(), text=TEXT)
    (reason,) = verdict["reasons"]
    assert reason["label"] == "dosing" and (reason["start"], reason["end"]) == (0, 7)
    assert "which dose" in reason["why"]
    assert len(verdict["labels"]) == len(POST_LABELS)


def test_the_spans_hold_the_sentence_of_each_flagged_label():
    verdict = decide(found("dosing", spans=(span("phone"),)), load(), text=TEXT)
    assert [(s["area"], s["type"], s["start"], s["end"]) for s in verdict["spans"]] == [
        ("medical", "dosing", 0, 7),
        ("personal_data", "phone", *(verdict["spans"][1][end] for end in ("start", "end"))),
    ]


def test_personal_data_is_redacted_by_kind():
    verdict = decide(found(spans=(span("phone"), span("payment"))), load(), text=TEXT)
    assert verdict["redacted"] == "Ring me on [phone number removed] and I will tell you more."


@pytest.mark.parametrize(("region", "line"), [("GB", "116 123"), ("us", "988"), ("XX", "helplines by country")])
def test_escalate_carries_the_regions_crisis_lines(region, line):
    verdict = decide(found("crisis"), load(), text=TEXT, region=region)
    assert any(line in resource["contact"] for resource in verdict["crisis_resources"])
    assert decide(found("dosing"), load(), text=TEXT, region=region)["crisis_resources"] == []


def test_a_board_may_have_its_own_rules():
    policy = load('[boards.news.actions.claim]\nmedium = "flag"\n[boards.news.thresholds.medical]\ndosing = 1.0')
    claim = found("dosing", spans=(span("risk", Area.CLAIM),))
    assert decide(claim, policy, text=TEXT, board="news")["action"] == "flag"
    assert [r["label"] for r in decide(claim, policy, text=TEXT, board="news")["reasons"]] == ["risk"]
    assert decide(claim, policy, text=TEXT, board="other")["reasons"][0]["label"] == "dosing"


@pytest.mark.parametrize("label", sorted(DISTRESS))
def test_distress_never_leads_to_remove(label):
    with pytest.raises(ConfigurationError, match="never punished"):
        load(f'[label_actions]\n{label} = "remove"')
    with pytest.raises(ConfigurationError, match="never punished"):
        load(f'[boards.x.label_actions]\n{label} = "remove"')


def test_remove_of_another_label_gives_way_to_distress():
    policy = load('[label_actions]\nencouragement = "remove"')
    assert decide(found("encouragement"), policy, text=TEXT)["action"] == "remove"
    assert decide(found("encouragement", "disordered_eating"), policy, text=TEXT)["action"] == "escalate"


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[thresholds.medical]\ndosin = 0.4", "dosin"),
        ("[thresholds.medical]\ndosing = 1.4", "dosing"),
        ('[actions.medical]\nhigh = "delete"', "actions.medical.high"),
        ("surprise = 1", "surprise"),
        ("[[", "TOML"),
        ("boards = 3", "boards"),
    ],
)
def test_a_wrong_policy_is_refused_by_name(toml, named):
    with pytest.raises(ConfigurationError, match=named):
        load(toml)


def test_the_version_follows_what_holds():
    assert load().version == load("").version
    assert load("[thresholds.medical]\ndosing = 0.31").version != load().version


def fact(start: int = 2, kind: str = "dose") -> Fact:
    source = {"title": "A label", "url": "https://example.org/label", "date": "2023"}
    if kind == "sudden_stop":
        return Fact(kind, "sertraline", start, start + 3, source, why="dizziness")
    maximum = {"amount": 200.0, "unit": "mg", "per": "day", "route": "oral", "who": "adults"}
    return Fact(kind, "sertraline", start, start + 3, source, {"amount": 400.0, "unit": "mg", "per": "day"}, maximum)


def test_a_published_fact_raises_the_severity_of_advice_and_is_told_with_its_reason():
    verdict = decide(found("dosing", facts=(fact(),)), load(), text=TEXT)
    assert (verdict["action"], verdict["severity"]) == ("hold", "high")
    assert verdict["reasons"][0]["facts"] == [fact().to_json()]


@pytest.mark.parametrize("names", [(), ("ideation",), ("third_party_health",)])
def test_a_fact_flags_nothing_by_itself(names):
    with_fact, without = (decide(found(*names, facts=f), load(), text=TEXT) for f in ((fact(),), ()))
    assert with_fact == without


def test_a_fact_counts_only_where_the_advice_stands():
    assert decide(found("dosing", facts=(fact(start=30),)), load(), text=TEXT)["severity"] == "medium"
    claim = MarkedSpan(Area.CLAIM, "dose", 28, 40, 0.99)
    assert decide(found("dosing", spans=(claim,), facts=(fact(start=30),)), load(), text=TEXT)["severity"] == "high"


def test_a_fact_stands_beside_the_label_it_speaks_to():
    verdict = decide(found("dosing", "stop_treatment", facts=(fact(kind="sudden_stop"),)), load(), text=TEXT)
    assert {reason["label"]: "facts" in reason for reason in verdict["reasons"]} == {
        "dosing": False,
        "stop_treatment": True,
    }


def test_a_forum_may_do_without_facts():
    policy = load("[hazardous]\nfacts = false")
    assert decide(found("dosing", facts=(fact(),)), policy, text=TEXT) == decide(found("dosing"), policy, text=TEXT)


def test_facts_survive_storage_and_older_findings_have_none():
    findings = found("dosing", facts=(fact(), fact(kind="sudden_stop")))
    assert Findings.from_json(findings.to_json()) == findings
    assert Findings.from_json(found("dosing").to_json()).facts == ()
