"""docs/performance.md, made of performance.json: tables, and figures drawn beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.performance import pictures
from benchmarks.performance.sizing import sizing
from classifiers.backends import CUDA, batch_tokens

DOCS = Path(__file__).parents[2] / "docs"
HEAD = """# Performance

Written by `make bench` on {day}: {processor}, {cores} cores, {bf16}, load {load} before it began. {versions}.
Everything ran on this one machine, senders and databases included. Ways that are compared took turns in one run; numbers are medians of the rounds with the least and the
most in brackets, and ratios are of the same round. The verdict, not the time, is what must not change: what roundings change stands beside each time.
"""
NOT_YET = """# Performance

Nothing is recorded yet: `make bench` measures and writes this page (ten minutes on a quiet machine with two cores).
"""
WORKLOAD = """{posts} posts made of the corpus's test threads, as long as patients' posts are (seed {seed}): tokens of each {median} in the median, {mean} in
the mean, {high} at the 95th percentile, at most {most}. One takes {operations:.2f} GFLOP in the smaller model, padding left out."""
ENCODER = """Every back end that fits the machine reads the same batches. The limit is what the processor does of matrix products of the encoder's own shapes
and nothing else, in {fp32} GFLOP/s (fp32) and {bf16} (bf16), measured beside each round. *Encoder* is the network alone, *text to findings* all of
`Classifier.read`: reading, tokens, patterns, spans, evidence; *Python* is what that takes beside the network."""
END_TO_END = """Signed posts go in over HTTP and verdicts are stored: Heed by `heed up` with SQLite (`synchronous=FULL`), one classify worker and the smaller model, the policy
applied, spans and evidence marked, the queue item and the callback queued (sending is held still). The baselines are what one would write first (`benchmarks/baselines/`): Flask under the same gunicorn, HMAC, the same
durable SQLite, one RQ job for each post, three Hugging Face pipelines with an encoder each of the same size; RQ's default worker forks and loads them in each job, SimpleWorker has them
loaded. Their heads are untrained: time alone is compared. Saturated is from the first request to the last verdict; latency is from the moment a post was due, by a Poisson process at a share of the way's own capacity."""
INTAKE = """Requests a second with the classify workers held still: Heed (signature, checks, revision and digest, storage, wake-up) beside a bare Flask route that
stores the same row (the text's, in a table of the same columns and indexes), same gunicorn (2 processes, 8 threads), same database settings. The sender has the same cores."""
ON_GPU = """`cuda` reads longer batches than the others, of {tokens:,} tokens, on {gpu}; its limit, in bf16, is {limit:.0f} GFLOP/s."""
PERSONAL = """Posts a second on one core. What each finds is compared in [the evaluation](evaluation.md)."""
GROWTH = """Readers that sleep {milliseconds:.0f} ms a post stand in for models on as many machines: what is left is what the queue, the database and Heed's own code cost, all of it on
these few cores. With the database elsewhere, and cores for each worker, more of them go on helping."""
BACKLOG = "Milliseconds to take a post in (one transaction) and to claim a batch, while so many wait, and with so many posts that have their verdicts:"
SIZING = """Reckoned from the tables above, with the smaller model. Classify workers and web processes are added on as many machines as it takes: they share nothing but the database and the queue. The
database is the one part that is not: with more than it bears, forums are parted over several Heeds, for no post of one forum concerns another."""
MEMORY = "Resident memory of the classify worker, models included, beside the posts it has read: {rows}. From start to the first verdict: {first} s."


def write(figures: dict[str, Any], folder: Path) -> Path:
    """Write the page and its figures into `folder`; returns the page."""
    drawn = pictures.draw(figures, folder / "figures")
    page = folder / "performance.md"
    page.write_text("\n\n".join(_parts(figures, drawn)) + "\n", encoding="utf-8")
    return page


def _parts(figures: dict[str, Any], drawn: dict[str, str]) -> Iterable[str]:
    if not figures:
        yield NOT_YET.strip()
        return
    yield _head(figures["machine"])
    if found := figures.get("encoder"):
        yield from _encoder(found, drawn, figures["machine"])
    if found := figures.get("end_to_end"):
        yield from _end_to_end(found, drawn)
    if found := figures.get("intake"):
        yield from ("## Intake", INTAKE, _intake_table(found))
    if found := figures.get("growth"):
        yield from _growth(found)
    if rows := list(sizing(figures)):
        yield from ("## What it takes", SIZING, _table(("what", "so many"), rows))
    if found := figures.get("personal_data"):
        yield from ("## Personal data", PERSONAL, _ways("posts a second", found["posts a second"]))


def _head(machine: dict[str, Any]) -> str:
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("torch", "openvino", "transformers", "rq") if name in machine
    )
    return HEAD.format(
        day=machine["day"],
        processor=machine["processor"],
        cores=machine["cores"],
        bf16="with bf16" if machine["bf16"] else "without bf16",
        load=machine["load before"],
        versions=versions,
    ).strip()


def _encoder(found: dict[str, Any], drawn: dict[str, str], machine: dict[str, Any]) -> Iterable[str]:
    load = found["workload"]
    yield "## What is read"
    yield WORKLOAD.format(
        posts=load["posts"],
        seed=load["seed"],
        median=load["tokens, median"],
        mean=load["tokens, mean"],
        high=load["tokens, 95th percentile"],
        most=load["tokens, most"],
        operations=found["operations a post"] / 1e9,
    )
    yield "## The classifier"
    limits = found["limit, GFLOP/s"]
    yield ENCODER.format(fp32=f"{limits['fp32']['median']:.0f}", bf16=f"{limits['bf16']['median']:.0f}")
    if limit := limits.get(CUDA):
        yield ON_GPU.format(tokens=batch_tokens(CUDA), gpu=machine["gpu"], limit=limit["median"])
    yield from _picture(drawn, "encoder", "Posts a second by back end, and the limit")
    times = ("tokens a second", "posts a second, encoder alone", "posts a second, text to findings", "Python, ms a post",
             "share of the limit", "times as quick as torch")  # fmt: skip
    yield _table(
        ("back end", *times), [(name, *(_number(row[t]) for t in times)) for name, row in found["back ends"].items()]
    )
    shares = ("same action", "same labels", "same spans")
    rows = [
        (name, *(f"{row[share]:.2%}" for share in shares), f"{row['largest difference of a score']:.4f}")
        for name, row in found["back ends"].items()
    ]
    yield "Beside fp32 torch, on the same posts and by the default policy:"
    yield _table(("back end", *shares, "largest difference of a score"), rows)


def _end_to_end(found: dict[str, Any], drawn: dict[str, str]) -> Iterable[str]:
    yield "## From the webhook to the stored verdict"
    yield END_TO_END
    yield from _picture(drawn, "end-to-end", "Posts a second from webhook to stored verdict")
    faster = found["heed, times as quick"]
    yield _table(
        ("way", "posts a second, saturated", "Heed is so many times as quick", "posts a round"),
        [
            (name, _number(rate), _number(faster[name]) if name in faster else "", str(found["posts a round"][name]))
            for name, rate in found["posts a second, saturated"].items()
        ],
    )
    yield "Milliseconds to the verdict:"
    yield from _picture(drawn, "latency", "Milliseconds to the verdict at half and at four fifths of the capacity")
    yield _table(
        ("way", "load", "p50", "p95", "p99"),
        [
            (name, load, *(f"{cuts[p]:.0f}" for p in ("p50", "p95", "p99")))
            for name, loads in found["latency, ms"].items()
            for load, cuts in loads.items()
        ],
    )
    rows = ", ".join(f"{row['MB']} MB after {row['posts']:,}" for row in found["memory of the classify worker"])
    yield MEMORY.format(rows=rows, first=found["seconds from start to the first verdict"])


def _intake_table(found: dict[str, Any]) -> str:
    rows = [
        (
            name,
            *(_number(row["requests a second"][way]) for way in ("heed", "bare")),
            _number(row["share of the bare route"]),
            *(f"{row['latency, ms']['heed'][cut]:.1f}" for cut in ("p50", "p99")),
        )
        for name, row in found.items()
    ]
    return _table(("database", "Heed", "bare route", "share", "Heed, ms p50", "p99"), rows)


def _growth(found: dict[str, Any]) -> Iterable[str]:
    yield "## As it grows"
    yield GROWTH.format(milliseconds=1000 * found["model seconds a post"])
    yield _table(
        ("database", "workers", "posts a second", "share of what their readers would do alone"),
        [
            (name, workers, _short(row["posts a second"]), f"{row['share of the models']:.0%}")
            for name, rows in found["workers"].items()
            for workers, row in rows.items()
        ],
    )
    yield BACKLOG
    yield _table(
        ("database", "what there is", "accept, ms", "claim, ms", "a post's way but for the model, ms"),
        [
            (name, f"{int(size):,} {what}", _number(row["accept, ms"]), _number(row["claim, ms"]),
             _short(row["all but the model, ms a post"]) if "all but the model, ms a post" in row else "")
            for kind, what in (("backlog", "wait"), ("table", "read"))
            for name, rows in found[kind].items()
            for size, row in rows.items()
        ],
    )  # fmt: skip


def _ways(what: str, found: dict[str, Any]) -> str:
    return _table(("way", what), [(name, _number(row)) for name, row in found.items()])


def _picture(drawn: dict[str, str], name: str, words: str) -> Iterable[str]:
    if name in drawn:
        yield f"![{words}]({drawn[name]})"


def _number(spread: dict[str, float]) -> str:
    median, least, most = (_short(spread[name]) for name in ("median", "least", "most"))
    return f"{median} ({least} to {most})"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
