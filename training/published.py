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
    began = time.process_time()
    candidates = [post for post in posts if medicines.facts(post.text, post.parent)]
    cost = 1000 * (time.process_time() - began) / len(posts)

    # No other post can show a fact, so that the models read these alone.
    classifier = load_classifier(larger_model=arguments.larger)
    findings = classifier.read([PostText(post.text, post.title, post.parent) for post in candidates])
    told = raised = held = 0
    for post, found in zip(candidates, findings, strict=True):
        verdict, without = (decide(found, load(policy), text=post.text) for policy in ("", WITHOUT))
        shown = [fact for reason in verdict["reasons"] for fact in reason.get("facts", ())]
        told += bool(shown)
        raised += [each["severity"] for each in verdict["labels"]] != [each["severity"] for each in without["labels"]]
        held += verdict["action"] != without["action"]
        for fact in shown:
            print(f"{post.id} {', '.join(post.medical) or 'none'}: {_in_words(fact)}\n  {_around(post.text, fact)}")
    medical = sum(bool(post.medical) for post in posts)
    print(
        f"{len(posts)} posts, {medical} with a medical label by people. {len(candidates)} tell something beside a published "
        f"fact; the models flag {told} of them, which show it. {raised} raised in severity, {held} with another action. "
        f"{cost:.2f} ms of processor a post."
    )


def _in_words(fact: dict) -> str:
    numbers = f" {fact['said']} over {fact['maximum']}" if "said" in fact else ""
    return f"{fact['kind']} {fact['medicine']}{numbers}"


def _around(text: str, fact: dict) -> str:
    return " ".join(text[max(0, fact["start"] - 60) : fact["end"] + 40].split())


if __name__ == "__main__":
    main()
