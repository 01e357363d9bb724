"""A container's health check: does a worker of this machine still beat its heart in Redis?

`python -m workers.healthy classify` exits 0 where it does, 1 where it does not. It loads no model.
"""

from __future__ import annotations

import os
import sys

from redis.exceptions import RedisError

from service.errors import ConfigurationError
from service.wakeup import living_workers


def beating(queue: str, machine: str) -> bool:
    """Whether a worker of `queue` lives on `machine`."""
    return any(name.startswith(f"{queue}-{machine}-") for name in living_workers(queue))


def main(arguments: list[str]) -> int:
    if arguments not in (["classify"], ["deliver"]):
        print("Say which worker: python -m workers.healthy classify|deliver", file=sys.stderr)
        return 2
    try:
        if beating(arguments[0], os.uname().nodename):
            return 0
        print(f"No {arguments[0]} worker beats here.", file=sys.stderr)
    except (RedisError, OSError) as error:
        print(f"Redis does not answer ({type(error).__name__}). Check HEED_REDIS_URL.", file=sys.stderr)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
