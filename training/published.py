"""What the published facts about medicines (docs/medicines.md) add to the verdicts on posts of the corpus.

Run as ``python -m training.published dev``: counts, the time they cost, and every fact with its words, to be judged by
reading.
"""

from __future__ import annotations

import argparse
import time

from classifiers import medicines
from classifiers.engine import load_classifier
from classifiers.findings import PostText
from service.policy import decide, load
from training import corpus
from training.split import split

WITHOUT = "[hazardous]\nfacts = false\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=("dev", "test", "unseen"))
    parser.add_argument("--larger", default="", help="the larger model; off: do without")
    arguments = parser.parse_args()
    posts = split(corpus.read())[arguments.part]
    classifier = load_classifier(larger_model=arguments.larger)

    began = time.perf_counter()
    findings = classifier.read([PostText(post.text, post.title, post.parent) for post in posts])
    reading = time.perf_counter() - began
    began = time.process_time()
    candidates = sum(bool(medicines.facts(post.text, post.parent)) for post in posts)
    facts = time.process_time() - began

    flagged = told = raised = held = 0
    for post, found in zip(posts, findings, strict=True):
        with_facts = decide(found, load(), text=post.text)
        without = decide(found, load(WITHOUT), text=post.text)
        reasons = [reason for reason in with_facts["reasons"] if reason["area"] == "medical"]
        shown = [fact for reason in reasons for fact in reason.get("facts", ())]
        flagged += bool(reasons)
        told += bool(shown)
        raised += (
            any(
                reason["severity"] != before["severity"]
                for reason, before in zip(with_facts["reasons"], without["reasons"], strict=True)
            )
            if shown
            else False
        )
        held += with_facts["action"] != without["action"]
        for fact in shown:
            print(f"{post.id} {', '.join(post.medical) or 'none'}: {_in_words(fact)}\n  {_around(post.text, fact)}")
    print(
        f"{len(posts)} posts, {flagged} with a flagged medical label: {told} show a fact, {raised} raised in severity, "
        f"{held} with another action. {candidates} posts held one before the policy looked. "
        f"{1000 * facts / len(posts):.2f} ms a post, of {1000 * reading / len(posts):.1f} for all of its reading."
    )


def _in_words(fact: dict) -> str:
    numbers = f" {fact['said']} over {fact['maximum']}" if "said" in fact else ""
    return f"{fact['kind']} {fact['medicine']}{numbers}"


def _around(text: str, fact: dict) -> str:
    return " ".join(text[max(0, fact["start"] - 60) : fact["end"] + 40].split())


if __name__ == "__main__":
    main()
