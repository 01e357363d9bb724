"""What teachers make of posts: soft targets for a student whose tokenizer cuts the same pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch

from classifiers import weights
from training.corpus import LabelledPost
from training.passes import outputs
from training.targets import Example, Soft, examples


def soften(
    taught: Sequence[tuple[LabelledPost, list[Example]]], teachers: Sequence[weights.Model], cache: Path
) -> None:
    """Give each example the mean of the teachers' logits. What was read once is kept in the folder `cache`.

    Raises ValueError where a teacher's tokenizer cuts a post otherwise than the student's.
    """
    known = [_Memory(cache / f"{teacher.manifest['sha256'][:12]}.pt", teacher) for teacher in teachers]
    posts = [post for post, _ in taught]
    read = list(zip(*(memory.of(posts) for memory in known), strict=True))
    for (post, made), answers in zip(taught, read, strict=True):
        for number, example in enumerate(made):
            mine = [answer[number] for answer in answers]
            if any(len(soft.claims) != len(example.window.ids) for soft in mine):
                raise ValueError(f"a teacher cuts post {post.id} into other pieces than the student")
            example.soft = Soft(
                *(torch.stack([getattr(s, name).float() for s in mine]).mean(0).half() for name in Soft.__slots__)
            )


class _Memory:
    """One teacher's answers by post, also on disk."""

    def __init__(self, path: Path, teacher: weights.Model) -> None:
        self.path, self.teacher = path, teacher
        self.answers: dict[str, list[tuple]] = torch.load(path, weights_only=True) if path.exists() else {}

    def of(self, posts: Sequence[LabelledPost]) -> list[list[Soft]]:
        """The teacher's word on each window of each post."""
        keys = [_key(post) for post in posts]
        new = {key: post for key, post in zip(keys, posts, strict=True) if key not in self.answers}
        self._read(new)
        return [[Soft(*answer) for answer in self.answers[key]] for key in keys]

    def _read(self, posts: dict[str, LabelledPost]) -> None:
        cut = [
            (key, example.window) for key, post in posts.items() for example in examples(self.teacher.tokenizer, post)
        ]
        pad = self.teacher.tokenizer.pad_token_id
        found = outputs(self.teacher.network, [window for _, window in cut], pad, "teacher reads")
        for (key, _), output in zip(cut, found, strict=True):
            # Cloned, or each of them would keep its whole batch.
            answer = tuple(part.half().clone() for part in (output.labels, output.claims, output.personal))
            self.answers.setdefault(key, []).append(answer)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(self.answers, self.path)


def _key(post: LabelledPost) -> str:
    return hashlib.sha256("\0".join((post.title, post.parent, post.text)).encode()).hexdigest()[:24]
