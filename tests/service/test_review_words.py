"""Every name of the policy has plain words; colours can be read; pages hold no scripts of their own."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import service.review
from classifiers.findings import NotChecked
from classifiers.labels import DISTRESS, POLICY_DOCUMENT_VERSION, POST_LABELS, SPAN_TYPES, Severity
from service.decisions import ACTIONS
from service.policy.decide import ACTIONS as POLICY_ACTIONS
from service.review import words

FOLDER = Path(service.review.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").rglob("*.html"))


def test_every_label_has_words():
    every = {(str(area), name) for area, name in POST_LABELS}
    every |= {(str(area), name) for area, names in SPAN_TYPES.items() for name in names}
    assert POLICY_DOCUMENT_VERSION and every == set(words.LABELS)


def test_every_action_severity_and_state_of_reading_has_words():
    assert {*POLICY_ACTIONS, *ACTIONS.values()} == set(words.STATES) == set(words.DONE)
    assert {str(severity) for severity in Severity} == set(words.SEVERITIES)
    assert {str(reason) for reason in NotChecked} == set(words.NOT_CHECKED)


def test_no_two_labels_of_an_area_share_their_words():
    assert len(set(words.LABELS.values())) == len(words.LABELS)


def test_nothing_is_removed_for_distress():
    offered = {value for _, choices in words.removal_labels() for value, _ in choices}
    assert not {f"self_harm.{name}" for name in DISTRESS} & offered
    assert {"self_harm.encouragement", "medical.dosing", "personal_data.credential", words.OTHER_RULES} <= offered
    assert all(words.removed_for(value) != value for value in offered)


def test_an_unknown_name_is_shown_as_it_is():
    assert words.label("medical", "new_label") == "New label" and words.state("ban").word == "Ban"


@pytest.mark.parametrize(
    ("score", "said"), [(0.95, "very likely"), (0.9, "very likely"), (0.75, "likely"), (0.4, "possible")]
)
def test_likelihood_in_words(score, said):
    assert words.likelihood(score) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400, "1 day ago"),
    ],
)
def test_time_in_words(seconds, said):
    then = datetime(2026, 11, 23, tzinfo=UTC)
    assert words.ago(then, then + timedelta(seconds=seconds)) == said


def test_words_within_a_sentence():
    assert words.in_sentence("Phone number") == "phone number" and words.in_sentence("IP address") == "IP address"


def palettes() -> dict[str, dict[str, str]]:
    css = (FOLDER / "static/console.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", css, re.S)[:2]
    return {
        name: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
        for name, block in (("light", light), ("dark", dark))
    }


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        *((text, ground) for text in ("ink", "soft", "accent") for ground in ("paper", "surface")),
        *((name, f"{name}-tint") for name in ("critical", "high", "medium", "calm", "accent")),
        *(("ink", f"{name}-tint") for name in ("critical", "high", "medium", "calm", "accent")),
        *(("ink", f"mark-{area}") for area in ("medical", "self-harm", "personal")),
        *((f"tag-{area}", "surface") for area in ("medical", "self-harm", "personal", "claim")),
        ("tag-personal", "mark-personal"), ("on-accent", "accent"), ("critical", "surface"), ("surface", "critical"),
        ("soft", "calm-tint"), ("soft", "accent-tint"),
    ],
)  # fmt: skip
def test_text_can_be_read(palette, text, ground):
    colours = palettes()[palette]
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("palette", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "surface"])
@pytest.mark.parametrize("edge", ["edge", "accent"])
def test_edges_of_controls_can_be_seen(palette, edge, ground):
    colours = palettes()[palette]
    assert contrast(colours[edge], colours[ground]) >= 3


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_script_style_or_foreign_address(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*src=\"\{\{ asset)", text, re.I)
    assert "http://" not in text.replace("('https://', 'http://')", "") and "//cdn" not in text


def test_only_our_own_icons_and_qr_codes_are_not_escaped():
    unescaped = [
        (path.name, line.strip()) for path in TEMPLATES for line in path.read_text().splitlines() if "|safe" in line
    ]
    assert sorted(name for name, _ in unescaped) == ["_parts.html", "second_factor.html"]
    assert all("shapes[name]|safe" in line or "{{ picture|safe }}" in line for _, line in unescaped)
