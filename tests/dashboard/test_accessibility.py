"""Accessibility of the pages in a real Chromium, by the rules of axe-core."""

import os
import shutil

import pytest

from advisor.browser import BROWSERS, FLAGS
from docs.screenshots import FIRST_PAGE, PAGES, THEMES, served

from pages import STUDIES, fill
from waiting import HANG_SECONDS

CHROMIUM = next((path for name in BROWSERS if (path := shutil.which(name))), None)
ALLOWED = {
    # Streamlit's own area to drop a file on: named, but of a role that takes no name; its button has one too
    ("presentation-role-conflict", "stFileUploaderDropzone"),
}
"""Findings in what we cannot mend: the rule, and what tells the element."""
WIDE, NARROW = 1440, 390
SHOWN = ("full", "sweep", "pruned", "begun")
"""Studies with an answer, with all charts, without any whole run, without any trial."""
DONE = "[data-testid=stApp][data-test-script-state=notRunning]"
SETTLING_MS = 1500
"""From when the page's script has run until all of it is drawn."""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no Chromium or Chrome on PATH",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    home = fill(tmp_path_factory.mktemp("seen") / "home", {name: STUDIES[name] for name in SHOWN})
    with served(home, HANG_SECONDS) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def findings(chromium, address, theme, width, names, study):
    """Return what axe says of some pages, a line an element; what is allowed is left out."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
    page.set_default_timeout(1000 * HANG_SECONDS)
    said = []
    for name in names:
        page.goto(f"{address}/{'' if name == FIRST_PAGE else name}?study={study}")
        page.get_by_role("heading", level=1).first.wait_for()
        page.locator(DONE).wait_for()
        page.wait_for_timeout(SETTLING_MS)
        for broken in axe.run(page).response["violations"]:
            said += [
                f"{name}: {broken['id']}: {node['html'][:200]}"
                for node in broken["nodes"]
                if not is_allowed(broken["id"], node["html"])
            ]
    page.close()
    return said


def is_allowed(rule, element):
    return any(rule == allowed and part in element for allowed, part in ALLOWED)


@pytest.mark.parametrize(("theme", "width"), [("light", WIDE), ("dark", NARROW)])
def test_the_answer_and_the_trials_break_no_rule_of_axe(chromium, address, theme, width):
    assert findings(chromium, address, theme, width, (FIRST_PAGE, "trials"), "full") == []


@pytest.mark.slow
@pytest.mark.parametrize("study", SHOWN)
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("theme", THEMES)
def test_no_page_of_any_study_breaks_a_rule_of_axe(chromium, address, theme, width, study):
    assert findings(chromium, address, theme, width, PAGES, study) == []
