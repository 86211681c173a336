"""Take a picture of every page of the dashboard, light and dark, wide and narrow: `make screenshots`.

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

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDER: Final = ROOT / "docs" / "screenshots"
PAGES: Final = {
    "recommendation": "", "trade-offs": "trade-offs", "optimizers": "optimizers", "learning-curves": "learning-curves",
    "search-space": "search-space", "compression": "compression", "memory": "memory", "evidence": "evidence", "trials": "trials",
    "studies": "studies", "launch": "launch",
}  # fmt: skip
"""Names of the pictures, and where the pages are; the first is the one that the site opens on."""
WIDTHS: Final = (1280, 800)
THEMES: Final = ("light", "dark")
TALLEST: Final = 3000
SETTLING_MS: Final = 4000
"""Charts are drawn after the page has loaded."""
SECONDS: Final = 120
SEARCHES: Final = (
    ("digits", "--study=digits", "--budget=150s", "--compression=after"),
    ("breast_cancer", "--study=breast_cancer", "--budget=20s"),
)
BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars",
)  # fmt: skip


def main() -> None:
    """Search, serve, take the pictures."""
    chromium = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if chromium is None:
        sys.exit(f"no browser: install one of {', '.join(BROWSERS)}")
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
def served(home: Path) -> Iterator[str]:
    """Serve the page for as long as the block lasts; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = _advisor(
        "dashboard", f"--port={port}", f"--home={home.name}"
    )  # the pictures show no path of this machine
    page = subprocess.Popen(command, cwd=home.parent, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + SECONDS
        while not _answers(port) and time.monotonic() < end:
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        page.terminate()
        page.wait()


def take(chromium: str, address: str) -> None:
    """Take every picture."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for theme in THEMES:
            for width in WIDTHS:
                page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
                page.set_default_timeout(1000 * SECONDS)
                for name, path in PAGES.items():
                    page.set_viewport_size({"width": width, "height": 900})
                    page.goto(f"{address}/{path}?study=digits")
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
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _advisor(*words: str) -> list[str]:
    return [sys.executable, "-m", "advisor", *words]


if __name__ == "__main__":
    main()
