"""Opinions: what a moderator would do with a post that waits, without doing it. A colleague asks for one; and a person in
distress is not silenced by one pair of eyes: who would remove their post says so, and a second person has to agree.
"""

from __future__ import annotations

from flask_babel import gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service import audit, recusals
from service.decisions import flagged_distress
from service.errors import Conflict, Forbidden, Invalid
from service.people.roles import people_who_may
from service.review.claims import open_item
from service.store.models import Moderator, Opinion, OpinionRequest, QueueItem, Skip, Verdict

ANYBODY = "anybody"
LONGEST_QUESTION = 500


def needs_second(session: Session, item: QueueItem, action: str) -> bool:
    """Whether one person alone may not do this."""
    return action == "remove" and flagged_distress(session.get_one(Verdict, item.verdict_id).document)


def opinions_on(session: Session, item: QueueItem) -> list[Opinion]:
    """What people would do with the item as it stands now, oldest first."""
    query = select(Opinion).where(Opinion.item_id == item.id, Opinion.version == item.version)
    return list(session.scalars(query.order_by(Opinion.created_at, Opinion.id)))


def proposed_by_another(session: Session, item: QueueItem, moderator: Moderator) -> str | None:
    """Id of another who would remove the item as it stands now, and may still decide there."""
    others = {o.moderator_id for o in opinions_on(session, item) if o.action == "remove"} - {moderator.id}
    return session.scalar(people_who_may("moderator", item.forum_id).where(Moderator.id.in_(others)).limit(1))


def propose_removal(
    session: Session, item_id: str, version: int, moderator: Moderator, label: str, note: str
) -> Opinion:
    """Propose to remove the post of somebody in distress. Raises Conflict where the item changed meanwhile.

    Raises Forbidden without a note: the second person has to know why.
    """
    item = _unchanged(session, item_id, version)
    opinion = _give(session, item, moderator, Opinion(action="remove", label=label, note=note))
    detail = {"label": label, "opinion": opinion.id}
    audit.write(session, "proposed_removal", moderator_id=moderator.id, post_id=item.post_id, **detail)
    return opinion


def request_on(session: Session, item: QueueItem) -> OpinionRequest | None:
    """The newest question about the item as it stands now, answered or not."""
    asked = select(OpinionRequest).where(OpinionRequest.item_id == item.id, OpinionRequest.version == item.version)
    return session.scalar(asked.order_by(OpinionRequest.created_at.desc(), OpinionRequest.id.desc()).limit(1))


def is_asked(request: OpinionRequest | None, reader: str) -> bool:
    """Whether the question waits for `reader`, if they may decide there."""
    if request is None or request.opinion_id or request.asked_by == reader:
        return False
    return request.asked_of in (None, reader)


def who_can_be_asked(session: Session, item: QueueItem, asker: str) -> list[Moderator]:
    """Colleagues who may decide there, left the item to nobody, and have not said yet what they would do."""
    skipped = select(Skip.moderator_id).where(Skip.item_id == item.id)
    said = select(Opinion.moderator_id).where(Opinion.item_id == item.id, Opinion.version == item.version)
    able = people_who_may("moderator", item.forum_id).where(Moderator.id.not_in(skipped), Moderator.id.not_in(said))
    people = session.scalars(select(Moderator).where(Moderator.id.in_(able), Moderator.id != asker))
    return sorted(
        (person for person in people if not recusals.is_closed_to(session, item.id, person.id)),
        key=lambda person: person.called,
    )


def ask(session: Session, item_id: str, moderator: Moderator, of: str, question: str) -> OpinionRequest:
    """Ask the colleague of this id, or ANYBODY, what they would do. The post waits on, free for whoever was asked.

    Raises Conflict where a question waits already, Invalid for nobody or a question too long.
    """
    item = open_item(session, item_id)
    if len(question) > LONGEST_QUESTION:
        raise Invalid(_("Keep the question under %(most)s characters.", most=LONGEST_QUESTION), field="question")
    if (known := request_on(session, item)) and not known.opinion_id:
        raise Conflict(_("A question about this post waits already. Reload to see it."))
    able = {person.id for person in who_can_be_asked(session, item, moderator.id)}
    if of not in able and not (of == ANYBODY and able):
        raise Invalid(_("Choose a colleague to ask."), field="to")
    # Of an older version, or undone: nobody can answer these any more.
    session.execute(
        delete(OpinionRequest).where(OpinionRequest.item_id == item.id, OpinionRequest.opinion_id.is_(None))
    )
    to = None if of == ANYBODY else of
    request = OpinionRequest(
        item_id=item.id, version=item.version, asked_by=moderator.id, asked_of=to, question=question
    )
    session.add(request)
    if item.claimed_by == moderator.id:
        item.let_go()
    if item.assigned_to == moderator.id:
        item.assigned_to = None
    session.flush()
    what = "asked_opinion" if to else "asked_opinions"
    audit.write(session, what, moderator_id=moderator.id, post_id=item.post_id, to=to, request=request.id)
    return request


def take_back(session: Session, item_id: str, moderator: Moderator) -> None:
    """Ask no more. Raises Conflict where one's question waits no longer."""
    item = open_item(session, item_id)
    request = request_on(session, item)
    if request is None or request.opinion_id or request.asked_by != moderator.id:
        raise Conflict(_("You have no question here that waits. Reload to see what was said."))
    session.delete(request)
    audit.write(session, "took_question_back", moderator_id=moderator.id, post_id=item.post_id)


def answer(session: Session, item_id: str, version: int, moderator: Moderator, opinion: Opinion) -> Opinion:
    """Say what one would do, having been asked; said again, the later counts.

    Raises Conflict where nobody asks any more or the item changed meanwhile, Forbidden where a note is missing.
    """
    item = _unchanged(session, item_id, version)
    request = request_on(session, item)
    before = session.get(Opinion, request.opinion_id) if request and request.opinion_id else None
    if request is None or not (is_asked(request, moderator.id) or (before and before.moderator_id == moderator.id)):
        raise Conflict(_("The question was answered or taken back meanwhile. Reload to see what was said."))
    given = _give(session, item, moderator, opinion)
    request.opinion_id = given.id
    detail = {"action": given.action, "label": given.label, "opinion": given.id}
    audit.write(session, "gave_opinion", moderator_id=moderator.id, post_id=item.post_id, **detail)
    return given


def pass_on(session: Session, item: QueueItem, moderator: Moderator) -> None:
    """Who leaves the post to others leaves them the question as well."""
    asked = (OpinionRequest.item_id == item.id, OpinionRequest.asked_of == moderator.id)
    session.execute(update(OpinionRequest).where(*asked, OpinionRequest.opinion_id.is_(None)).values(asked_of=None))


def _unchanged(session: Session, item_id: str, version: int) -> QueueItem:
    item = open_item(session, item_id)
    if item.version != version:
        raise Conflict(_("Somebody changed this item while you were reading. Reload to see what they did."))
    return item


def _give(session: Session, item: QueueItem, moderator: Moderator, wanted: Opinion) -> Opinion:
    """One opinion of each person, the one they gave last. Whoever said it leaves the rest to the others."""
    if not wanted.note and needs_second(session, item, wanted.action):
        raise Forbidden(
            _(
                "This post may be a cry for help, and a person in distress is never punished. Where it has to go all the "
                "same, say why in the note: a colleague has to agree before it is removed."
            )
        )
    known = next((o for o in opinions_on(session, item) if o.moderator_id == moderator.id), None)
    opinion = known or Opinion(item_id=item.id, version=item.version, moderator_id=moderator.id)
    opinion.action, opinion.label, opinion.note = wanted.action, wanted.label, wanted.note
    session.add(opinion)
    if item.claimed_by == moderator.id:
        item.let_go()
    session.flush()
    return opinion
