"""What does this text say? Text in, findings out; knows no web, no queue, no database."""

import os

for _cache in ("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "LRU_CACHE_CAPACITY"):
    # oneDNN, and ideep between it and PyTorch, hold ready what they made for each shape of a batch; every batch has its own, and
    # the 1,024 they keep cost a worker hundreds of megabytes. One of them looks here while torch is imported: so before that.
    os.environ.setdefault(_cache, "8")
