"""A forum whose authors appeal, and what it was told."""

from sqlalchemy import select

from service.store.models import Appeal, Delivery, Post, QueueItem, Verdict

WORDS = "My clinic told me to, I have the letter here.\n<b>Please</b> read it again."
MEDICAL, DOSING, FORMS, CRISIS = 2, 13, 5, 0
"""Places of samples: held for stopping a treatment, flagged for a dose, held for an address, somebody in danger."""


class Author:
    """Appeals through the forum's API, by the place of the sample."""

    def __init__(self, client, forum):
        self.client, self.key = client, {"Authorization": f"Bearer {forum.api_key}"}

    def appeal(self, place: int, id: str = "a-1", text: str = WORDS, **more):
        return self.client.post(
            f"/v1/posts/{place + 1}/appeals", json={"id": id, "text": text, **more}, headers=self.key
        )

    def withdraw(self, place: int, id: str = "a-1"):
        return self.client.delete(f"/v1/posts/{place + 1}/appeals/{id}", headers=self.key)

    def standing(self, place: int) -> dict:
        return self.client.get(f"/v1/posts/{place + 1}", headers=self.key).json


def told(store, place: int) -> list[dict]:
    """What the forum was told of the post since the models' verdict, in order."""
    query = select(Delivery).join(Post, Post.id == Delivery.post_id).where(Post.external_id == str(place + 1))
    with store.read() as session:
        found = session.scalars(query.order_by(Delivery.created_at, Delivery.id))
        return [each.payload["data"] for each in found if each.event == "post.decision"]


def appeals_of(store, place: int) -> list[Appeal]:
    query = select(Appeal).join(Post, Post.id == Appeal.post_id).where(Post.external_id == str(place + 1))
    with store.read() as session:
        return list(session.scalars(query.order_by(Appeal.created_at, Appeal.id)))


def item_of(store, place: int) -> QueueItem:
    with store.read() as session:
        return session.scalar(select(QueueItem).join(Post).where(Post.external_id == str(place + 1)))


def current(store, place: int) -> Verdict:
    with store.read() as session:
        return session.scalar(select(Verdict).join(Post).where(Post.external_id == str(place + 1), Verdict.current))
