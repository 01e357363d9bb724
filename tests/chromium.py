"""The Chromium that the tests drive; HEED_CHROMIUM names another."""

import os
import shutil

PATH = os.environ.get("HEED_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
).split()
