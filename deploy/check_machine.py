"""Before anything is installed: is this machine fit? Runs on any Python, so it may use nothing newer than 2.7 knows."""

import os
import shutil
import sys

NEEDED = (3, 11)
DISK_GB = 3


def problem():
    """A sentence that says what to do, or an empty string."""
    if sys.version_info < NEEDED:
        found = ".".join(str(part) for part in sys.version_info[:3])
        return (
            "Heed needs Python 3.11 or newer, and this is Python " + found + ". "
            "Install a newer one and name it: make run PYTHON=python3.12"
        )
    if os.name != "posix":
        return "Heed runs on Linux and macOS. On Windows, use WSL or the Docker image."
    free = shutil.disk_usage(os.getcwd()).free / 1e9
    if free < DISK_GB:
        return "Setting up needs %d GB of disk, and %.1f GB are free here. Make room and try again." % (DISK_GB, free)
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        return "This Python can't make virtual environments. On Debian and Ubuntu: apt install python3-venv"
    return ""


if __name__ == "__main__":
    sentence = problem()
    if sentence:
        sys.stderr.write(sentence + "\n")
        sys.exit(1)
