"""Browser that is there already: Chromium or Chrome, run once without a window, for pictures and PDF."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from studies.errors import BadValue

BROWSERS: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a sandbox, since nothing but our own page is opened and a container's root has none."""
PATIENCE_SECONDS: Final = 120.0


def find_browser() -> str:
    """Return the browser to draw with: `$BROWSER_PATH`, else the first Chromium or Chrome on the path.

    Raises:
        BadValue: there is none.
    """
    named = os.environ.get("BROWSER_PATH")
    browser = next((path for name in ([named] if named else BROWSERS) if (path := shutil.which(name))), None)
    if browser is None:
        problem = (
            f"'{named}' (BROWSER_PATH) is no program" if named else "no Chromium or Chrome is here to draw it"
        )
        raise BadValue(f"{problem}; install chromium, or write to a file that ends with .html")
    return browser


def run_browser(browser: str, page: Path, *flags: str) -> str:
    """Open a page that is a file, and return what the browser prints.

    Raises:
        BadValue: it does not start, or does not end.
    """
    profile = f"--user-data-dir={page.parent / 'profile'}"
    command = [browser, *FLAGS, profile, *flags, page.as_uri()]
    try:
        process = subprocess.run(  # noqa: S603 - a browser of this system on our own page
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BadValue(
            f"{browser} does not draw ({type(error).__name__}); write to a file that ends with .html"
        ) from None
    return process.stdout


def pdf(page: str) -> bytes:
    """Return a page of HTML as the bytes of a PDF file.

    Raises:
        BadValue: no browser is there, or it fails.
    """
    browser = find_browser()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        source, printed = Path(folder) / "page.html", Path(folder) / "page.pdf"
        source.write_text(page, encoding="utf-8")
        run_browser(browser, source, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
        if not printed.exists():
            raise BadValue(f"{browser} prints nothing; write to a file that ends with .html")
        return printed.read_bytes()
