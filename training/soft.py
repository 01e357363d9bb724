"""What teachers make of posts: soft targets for a student whose tokenizer cuts the same pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from rich.progress import track

from classifiers import weights
from classifiers.network import collate
from training.corpus import LabelledPost
from training.targets import Example, Soft, examples


def soften(
    taught: Sequence[tuple[LabelledPost, list[Example]]], teachers: Sequence[weights.Model], cache: Path
) -> None:
    """Give each example the mean of the teachers' logits. What was read once is kept in the folder `cache`.

    Raises ValueError where a teacher's tokenizer cuts a post otherwise than the student's.
    """
    known = [_Memory(cache / f"{teacher.manifest['sha256'][:12]}.pt", teacher) for teacher in teachers]
    # One context around all of it: autocast keeps the weights it has put into bf16 until it is left.
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        read = [[memory.of(post) for memory in known] for post, _ in track(taught, description="teachers read")]
    for (post, made), answers in zip(taught, read, strict=True):
        for number, example in enumerate(made):
            mine = [answer[number] for answer in answers]
            if any(len(soft.claims) != len(example.window.ids) for soft in mine):
                raise ValueError(f"a teacher cuts post {post.id} into other pieces than the student")
            example.soft = Soft(
                *(torch.stack([getattr(s, name).float() for s in mine]).mean(0).half() for name in Soft.__slots__)
            )
    for memory in known:
        memory.keep()


class _Memory:
    """One teacher's answers by post, also on disk."""

    def __init__(self, path: Path, teacher: weights.Model) -> None:
        self.path, self.teacher = path, teacher
        self.answers: dict[str, list[tuple]] = torch.load(path, weights_only=True) if path.exists() else {}

    def of(self, post: LabelledPost) -> list[Soft]:
        key = hashlib.sha256("\0".join((post.title, post.parent, post.text)).encode()).hexdigest()[:24]
        if key not in self.answers:
            self.answers[key] = self._read(post)
        return [Soft(*answer) for answer in self.answers[key]]

    def _read(self, post: LabelledPost) -> list[tuple]:
        windows = [example.window for example in examples(self.teacher.tokenizer, post)]
        answers = []
        for window in windows:
            out = self.teacher.network(collate([window], self.teacher.tokenizer.pad_token_id))
            answers.append((out.labels[0].half(), out.claims[0].half(), out.personal[0].half()))
        return answers

    def keep(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(self.answers, self.path)
