"""Posts for the console's tests: a made-up forum, its people, and what the classifiers would find in their words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.orm import Session

from classifiers.findings import Evidence, Findings, LabelScore, MarkedSpan, NotChecked, Part
from classifiers.labels import POST_LABELS, Area
from service.policy import decide, load
from service.policy.policy import NAMES
from service.recording import record_verdict
from service.store.models import Forum, Post, QueueItem, Revision, now

AREA_OF = {name: area for area, name in POST_LABELS}
SURE = 0.5
"""The threshold of every label here: those of the models move with each training, and the console's tests don't."""
RULES = load(
    "\n".join(
        f"[thresholds.{area}]\n" + "\n".join(f"{name} = {SURE}" for name in sorted(names))
        for area, names in NAMES.items()
    )
)
MODELS = {"heed": "0.1.0-4f1c", "encoder": "all-MiniLM-L6-v2"}


@dataclass(frozen=True)
class Sample:
    """A post and its findings. `labels`: (label, score, the words that weighed most). `spans`: (type, score, words)."""

    board: str
    body: str
    labels: tuple[tuple[str, float, str], ...] = ()
    spans: tuple[tuple[str, float, str], ...] = ()
    claims: tuple[tuple[str, float, str], ...] = ()
    title: str = ""
    parent: str = ""
    author: str = "member"
    format: str = "plain"
    hazards: tuple[str, ...] = ()
    not_checked: NotChecked | None = None
    minutes: int = field(default=10)
    """How long ago it was posted."""
    title_spans: tuple[tuple[str, float, str], ...] = ()
    parent_spans: tuple[tuple[str, float, str], ...] = ()
    thread: str = ""
    reply_to: str = ""


SAMPLES = (
    Sample(
        "Living with it", minutes=4, author="willowherb", title="thank you all",
        body="I’ve been reading here for three years and most of you don’t know my name. You got me through the worst of the "
             "flares, and I wanted to say so while I can. I’ve written the letters and the cat is with my neighbour. "
             "I don’t think I’ll be here by the weekend.\n\nPlease don’t be sad about it. You were kind to me.",
        labels=(("crisis", 0.97, "I’ve written the letters and the cat is with my neighbour. I don’t think I’ll be here by the weekend."),),
    ),
    Sample(
        "Family and carers", minutes=9, author="Ruth_in_Hull",
        body="Has anyone heard from @sandpiper today? He sent me a message at four this morning saying sorry for everything "
             "and now his phone is off. We’ve only ever met on here. I don’t know who to ring.",
        labels=(("concern_for_other", 0.93, "He sent me a message at four this morning saying sorry for everything and now his phone is off."),),
    ),
    Sample(
        "Medicines", minutes=17, author="transplanted2019", hazards=("tacrolimus",), title="Re: tremor from tacrolimus",
        parent="Six months post transplant and my hands shake so badly that I can’t hold a cup. Clinic isn’t until the 14th. "
               "Is this just how it is now?",
        body="> Is this just how it is now?\n\nIt doesn’t have to be! I had the same and nobody at clinic listened. Honestly, just "
             "leave the evening one out until your appointment, you’ll feel the difference in two days. About 30% of us shake "
             "like that, and the levels they aim for are far too high anyway. Ring me if you want to talk it through, "
             "07700 900 461, I’m up late.\n\nMoira",
        labels=(("stop_treatment", 0.95, "Honestly, just leave the evening one out until your appointment, you’ll feel the difference in two days."),
                ("dosing", 0.71, "Honestly, just leave the evening one out until your appointment, you’ll feel the difference in two days.")),
        spans=(("phone", 0.99, "07700 900 461"),),
        claims=(("statistic", 0.88, "About 30% of us shake like that"), ("dose", 0.61, "the levels they aim for are far too high")),
    ),
    Sample(
        "Newly diagnosed", minutes=26, author="hopeful_jan", hazards=("insulin",),
        body="Don’t let them frighten you with the insulin talk. My cousin’s little one was told the same and they put him on "
             "the water fast from the book instead, and he is completely cured. The doctors only know what the companies teach them.",
        labels=(("false_cure", 0.91, "they put him on the water fast from the book instead, and he is completely cured"),
                ("discourage_care", 0.78, "The doctors only know what the companies teach them.")),
    ),
    Sample(
        "Living with it", minutes=38, author="quietly", title="3 am again",
        body="It’s the nights. Days I can manage, there’s the dog and the school run. But most nights I lie there and wish I simply "
             "wouldn’t wake up. I’m not going to do anything. I’m just so tired of hurting and of saying I’m fine.",
        labels=(("ideation", 0.94, "But most nights I lie there and wish I simply wouldn’t wake up."),),
    ),
    Sample(
        "Help with forms", minutes=52, author="derek.m", title="PIP letter, can someone check it",
        body="Could somebody who has done this look over my covering letter?\n\nDerek Maddison\n14 Quarry Lane, Otley LS21 3QT\n"
             "Date of birth 03/11/1961\nderek.maddison@example.org\n\nDear Sir or Madam, I am writing about the decision of the 2nd …",
        spans=(("person", 0.97, "Derek Maddison"), ("address", 0.96, "14 Quarry Lane, Otley LS21 3QT"),
               ("date_of_birth", 0.98, "03/11/1961"), ("email", 0.99, "derek.maddison@example.org")),
    ),
    Sample(
        "Off topic", minutes=64, author="kestrel77",
        body="My manager at the garden centre in Thirsk, Karen Holt, has been off for weeks. Turns out it’s bowel cancer, she told "
             "one person and now everyone knows. Shows you never know what someone’s dealing with.",
        labels=(("third_party_health", 0.92, "My manager at the garden centre in Thirsk, Karen Holt, has been off for weeks."),),
        spans=(("person", 0.95, "Karen Holt"),),
    ),
    Sample(
        "Medicines", minutes=81, author="spare_cupboard", title="unopened boxes going spare",
        body="I’ve switched to the injections and have three unopened boxes of the old tablets. Seems a waste to bin them. "
             "Message me and I’ll post them to anyone who’s waiting on the pharmacy.",
        labels=(("medicine_supply", 0.96, "Message me and I’ll post them to anyone who’s waiting on the pharmacy."),),
    ),
    Sample(
        "Living with it", minutes=95, author="fern", title="back to old habits",
        body="I’d gone eleven weeks. Then the scan got cancelled again and by the evening I was hurting myself like before. "
             "I haven’t told anyone at home. I’m ashamed more than anything.",
        labels=(("self_injury", 0.9, "Then the scan got cancelled again and by the evening I was hurting myself like before."),),
    ),
    Sample(
        "Treatments", minutes=120, author="Dr_Google_no_more", format="html",
        body="<p>I was a district nurse for 20 years &amp; I can tell you that vitamin C works better than the steroid cream.</p>"
             "<blockquote><p>My GP said to keep using the cream.</p></blockquote>"
             "<p>There is <a href=\"https://example.org/study\">a study</a> about it: it heals eczema in 80% of people.</p>",
        labels=(("misinformation", 0.83, "vitamin C works better than the steroid cream"),),
        claims=(("credential", 0.93, "I was a district nurse for 20 years"), ("statistic", 0.9, "it heals eczema in 80% of people")),
    ),
    Sample(
        "Newly diagnosed", minutes=155, author="Beth",
        body="You can find me on Insta as @beth.and.the.butterfly if you’d rather talk there, I never get notifications from this site.",
        spans=(("online_account", 0.9, "@beth.and.the.butterfly"),),
    ),
    Sample(
        "Living with it", minutes=190, author="anon_4471",
        body="Weighed in again, down again, and everyone keeps saying how well I look. I’ve been skipping all of it but water. "
             "Part of me doesn’t want anyone to notice.",
        labels=(("disordered_eating", 0.86, "I’ve been skipping all of it but water."),),
    ),
    Sample(
        "Newly diagnosed", minutes=220, author="marisol",
        body="Hola a todos, me acaban de diagnosticar lupus y no entiendo muy bien los análisis. ¿Alguien habla español por aquí?",
        not_checked=NotChecked.LANGUAGE,
    ),
    Sample(
        "Treatments", minutes=300, author="oldhand",
        body="For what it’s worth, my rheumatologist moved me from 10 to 7.5 and I asked her why. You could simply do the same, "
             "drop to 7.5 on Monday and see.",
        labels=(("dosing", 0.74, "You could simply do the same, drop to 7.5 on Monday and see."),),
        hazards=(),
    ),
    Sample(
        "Off topic", minutes=410, author="<b>bobby</b>", title="testing <script>alert('title')</script>",
        body="<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> does this forum filter things? "
             "mail me bobby@example.org",
        spans=(("email", 0.98, "bobby@example.org"),),
    ),
)  # fmt: skip


def findings(sample: Sample) -> Findings:
    """What the classifiers would hand over for the sample."""
    given = {name: (score, evidence) for name, score, evidence in sample.labels}
    labels = tuple(
        LabelScore(area, name, given[name][0], place(sample.body, given[name][1]))
        if name in given
        else LabelScore(area, name, 0.01)
        for area, name in POST_LABELS
    )
    spans = [_span(Area.PERSONAL_DATA, sample.body, *span) for span in sample.spans]
    spans += [_span(Area.CLAIM, sample.body, *span) for span in sample.claims]
    spans += [_span(Area.PERSONAL_DATA, sample.title, *span, Part.TITLE) for span in sample.title_spans]
    parent = tuple(_span(Area.PERSONAL_DATA, sample.parent, *span, Part.PARENT) for span in sample.parent_spans)
    return Findings(labels, tuple(spans), sample.not_checked, "en", sample.hazards, MODELS, parent)


def place(body: str, evidence: str) -> Evidence:
    start = body.index(evidence)
    return Evidence(start, start + len(evidence))


def _span(area: Area, text: str, type: str, score: float, found: str, part: Part = Part.BODY) -> MarkedSpan:
    start = text.index(found)
    return MarkedSpan(area, type, start, start + len(found), score, part=part)


def add_post(session: Session, forum: Forum, sample: Sample, external_id: str) -> str:
    """Store the sample with its verdict; the id of its queue item, or empty where it was not queued."""
    then = now() - timedelta(minutes=sample.minutes)
    post = Post(forum_id=forum.id, external_id=external_id, revision=1, created_at=then)
    session.add(post)
    session.flush()
    return add_revision(session, post, sample, 1)


def add_revision(session: Session, post: Post, sample: Sample, number: int) -> str:
    """Store the sample as a revision of the post, with its verdict; the id of the queue item."""
    then = now() - timedelta(minutes=sample.minutes)
    post.revision = number
    revision = Revision(
        post_id=post.id, forum_id=post.forum_id, number=number, board=sample.board, title=sample.title, body=sample.body,
        format=sample.format, parent=sample.parent, thread=sample.thread, reply_to=sample.reply_to, author=sample.author, digest=f"{post.id}-{number}",
        posted_at=then, received_at=then, url="https://forum.example.org/t/1" if sample.parent else "",
    )  # fmt: skip
    session.add(revision)
    session.flush()
    found = findings(sample)
    record_verdict(
        session, revision, decide(found, RULES, text=sample.body, title=sample.title, board=sample.board), found
    )
    item = session.query(QueueItem).filter_by(post_id=post.id).one_or_none()
    if item is not None:
        item.due_at, item.created_at = item.due_at - (item.created_at - then), then
    return item.id if item else ""


def seed(session: Session, forum: Forum) -> list[str]:
    """Every sample, in order; the ids of their queue items."""
    return [add_post(session, forum, sample, str(number)) for number, sample in enumerate(SAMPLES, 1)]
