"""Before anything is installed: is this machine fit? Runs on any Python, so it may use nothing newer than 2.7 knows.

Its one argument are the more arguments for `pip install torch`, empty where PyPI's build is wanted.
"""

import os
import shutil
import sys

NEEDED = (3, 11)
DISK_GB = 4
DISK_GB_WITH_CUDA = 10


def problem(torch_args):
    """A sentence that says what to do, or an empty string."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        return (
            "Heed needs Python 3.11 or newer, and this is Python " + found + ". "
            "Install a newer one and name it: make run PYTHON=python3.12"
        )
    if os.name != "posix":
        return "Heed runs on Linux and macOS. On Windows, use WSL or the Docker image."
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "This Python can't make virtual environments. On Debian and Ubuntu: apt install python3-venv"
    return no_room(shutil.disk_usage(os.getcwd()).free / 1e9, torch_args)


def no_room(free, torch_args):
    """The sentence for a disk with `free` GB, or an empty string."""
    here = " GB of disk, and " + str(round(free, 1)) + " GB are free here. "
    if free < DISK_GB:
        return "Setting up needs " + str(DISK_GB) + here + "Make room and try again."
    if free < DISK_GB_WITH_CUDA and sys.platform.startswith("linux") and not torch_args.strip():
        return (
            "PyPI's torch brings CUDA along and needs " + str(DISK_GB_WITH_CUDA) + here + "Make room, or take the CPU "
            'build by the index that PyTorch\'s "get started" page names: make run TORCH_ARGS="-i <CPU index>"'
        )
    return ""


if __name__ == "__main__":
    sentence = problem(" ".join(sys.argv[1:]))
    if sentence:
        sys.stderr.write(sentence + "\n")
        sys.exit(1)
