"""Screenshots: a picture of every page of the dashboard, light and dark, wide and narrow. `make screenshots`.

A small search with compression is made first, in a folder that is thrown away, or in the home that is named
as an argument, unless it is there. The pictures go to docs/screenshots/; Git keeps only those that the README
shows.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from advisor.browser import BROWSERS, FLAGS

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "screenshots"
FIRST_PAGE: Final = "recommendation"
"""The page that the site opens on; each other one lies at its name."""
PAGES: Final = (
    FIRST_PAGE,
    "trade-offs",
    "optimizers",
    "learning-curves",
    "search-space",
    "compression",
    "memory",
    "evidence",
    "trials",
    "trial",
    "studies",
    "launch",
)
WIDTHS: Final = (1280, 800)
THEMES: Final = ("light", "dark")
TALLEST: Final = 3000
SETTLING_MS: Final = 4000
"""Charts are drawn after the page has loaded."""
PATIENCE_SECONDS: Final = 120.0
SEARCHES: Final = (
    ("digits", "--study=digits", "--budget=150s", "--compression=after"),
    ("breast_cancer", "--study=breast_cancer", "--budget=20s"),
)


def main() -> None:
    """Search, serve, take the pictures."""
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit("no browser is here to take the pictures; install chromium")
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1]).resolve() if sys.argv[1:] else Path(folder) / ".advisor"
        if not home.exists():
            for search in SEARCHES:
                subprocess.run(
                    _advisor("search", *search, "--tracking-uri=off", f"--home={home}"), check=True, cwd=ROOT
                )
        with served(home) as address:
            take(chromium, address)


@contextmanager
def served(home: Path, patience: float = PATIENCE_SECONDS) -> Iterator[str]:
    """Serve the page of a home for as long as the block lasts; yield its address once it answers.

    Raises:
        TimeoutError: it has not answered for that many seconds.
        ChildProcessError: it has ended before it answered.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # a page shows the home as it is named: the pictures tell no path of this machine
    command = _advisor("dashboard", f"--port={port}", f"--home={home.name}")
    server = subprocess.Popen(command, cwd=home.parent, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + patience
        while not _answers(port):
            _check(server, end)
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _check(server: subprocess.Popen[bytes], end: float) -> None:
    """Raise an error when a server that does not answer yet never will."""
    if server.poll() is not None:
        raise ChildProcessError(f"the page ended with status {server.returncode} before it answered")
    if time.monotonic() > end:
        raise TimeoutError("the page does not answer; try again when the machine is less busy")


def take(chromium: str, address: str) -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for theme in THEMES:
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                page.set_default_timeout(1000 * PATIENCE_SECONDS)
                for name in PAGES:
                    page.set_viewport_size({"width": width, "height": 900})
                    page.goto(f"{address}/{'' if name == FIRST_PAGE else name}?study=digits")
                    _shoot(page, width, FOLDER / f"{name}-{theme}-{width}.png")
                page.close()
        browser.close()


def _shoot(page: Any, width: int, out: Path) -> None:
    """Take one picture, as tall as the page is."""
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_timeout(SETTLING_MS)
    page.mouse.move(width - 2, 2)  # off the charts, whose bars of buttons follow the mouse
    tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": width, "height": min(TALLEST, max(900, tall))})
    page.wait_for_timeout(SETTLING_MS // 4)
    page.screenshot(path=out)
    sys.stdout.write(f"{out.relative_to(ROOT)}\n")


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _advisor(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "advisor", *arguments]


if __name__ == "__main__":
    main()
