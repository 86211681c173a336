"""Journeys in a real browser on a real `advisor dashboard`: open, ask, start, stop, come back."""

import os
import re
import shutil
import subprocess

import optuna
import pytest

from advisor.browser import BROWSERS, FLAGS
from docs.screenshots import served as page_served
from studies.child_process import command_of
from studies.storage import journal
from studies.storage.home import study_names
from studies.storage.journal import change_manifest, create_study
from studies.storage.manifest import StudyManifest

from records import confirmations, facts, record
from waiting import HANG_SECONDS, wait_until

CHROMIUM = next((path for name in BROWSERS if (path := shutil.which(name))), None)
PLAN = {
    "candidates": ["SGD", "AdamW"], "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
    "dataset": "digits", "model": "Linear", "budget": {"seconds": 20.0, "trials": None},
}  # fmt: skip
TITLES = (
    "Trade-offs", "Optimizers", "Learning curves", "Search space", "Compression", "Memory", "Evidence",
    "Trials", "Trial", "Studies", "Launch",
)  # fmt: skip
STEPS = 20
"""More than a slider has positions between no limit and one that rules AdamW out."""
MIB = 2**20
SMALL, LARGE = {"peak_bytes": 100 * MIB}, {"peak_bytes": 300 * MIB}
RACE = (
    record(0, "SGD", 0.91, stage="reference", **SMALL),
    record(1, "AdamW", 0.93, stage="reference", **LARGE),
    record(2, "SGD", 0.915, **SMALL),
    record(3, "AdamW", 0.94, **LARGE),
    *confirmations(4, "AdamW", (0.938, 0.941, 0.94), source=3, **LARGE),
    *confirmations(7, "SGD", (0.914, 0.916, 0.915), source=2, **SMALL),
)
"""AdamW is better, SGD fits into less memory."""

pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"),
    reason="no Chromium or Chrome on PATH",
)


def filled(home, name="raced"):
    """Put a finished study into a home, without training anything."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = create_study(
        home,
        name,
        direction="maximize",
        manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict()}),
    )
    for each in RACE:
        study.add_trial(optuna.trial.create_trial(value=each.quality, user_attrs={"record": each.to_dict()}))
    change_manifest(study, recommendation={"markdown": "", "json": "{}"})


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Start the page as a user does; yield its address and its home."""
    home = tmp_path_factory.mktemp("page") / "home"
    filled(home)
    with page_served(home, HANG_SECONDS) as address:
        yield address, home


@pytest.fixture
def page(served):
    sync = pytest.importorskip("playwright.sync_api")
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(1000 * HANG_SECONDS)
        yield page
        browser.close()


def opened(page, address, path):
    """Open a page and wait for its title; nothing may have gone wrong on it."""
    page.goto(f"{address}/{path}")
    page.get_by_role("heading", level=1).first.wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    return page.get_by_role("heading", level=1).first.inner_text()


def card_of(page, name):
    """Return the card of a search on the page Launch."""
    return page.locator(f".st-key-search-{name}")


def count_trials(home, name):
    """Return how many trials of a study have ended."""
    return len(journal.records(journal.open_study(home, name)))


def page_text(page):
    """Return all that the page says, the sidebar left out."""
    return page.locator("[data-testid=stMain]").inner_text()


def test_the_page_opens_on_the_answer_and_every_other_page_on_its_title(page, served):
    address, _ = served

    assert opened(page, address, "?study=raced") == "Use AdamW"
    for title in TITLES:
        page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
        page.get_by_role("heading", level=1, name=title, exact=True).wait_for()
        assert page.locator("[data-testid=stException]").count() == 0


def test_a_limit_on_memory_changes_the_answer_at_once(page, served):
    address, _ = served
    assert opened(page, address, "?study=raced") == "Use AdamW"

    memory = page.get_by_test_id("stSlider").filter(has_text="Training memory").get_by_role("slider")
    answer = page.get_by_role("heading", level=1, name="Use SGD", exact=True)
    memory.focus()
    for _ in range(STEPS):
        memory.press("ArrowLeft")
        page.wait_for_timeout(1000)
        if answer.count():
            break
    answer.wait_for()
    assert "memory=" in page.url
    page.reload()
    answer.wait_for()


def go(page, title):
    """Follow the link to a page and wait for its title."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=title, exact=True).click()
    page.get_by_role("heading", level=1, name=title, exact=True).wait_for()


def test_a_point_of_the_trade_offs_opens_its_trial_and_back_returns(page, served):
    address, _ = served
    assert opened(page, address, "trade-offs?study=raced") == "Trade-offs"

    points = page.locator(".js-plotly-plot .scatterlayer .points path")
    points.first.wait_for()
    page.wait_for_timeout(2000)
    points.last.click(force=True)
    page.get_by_role("heading", level=1, name="Trial", exact=True).wait_for()
    assert re.search(r"/trial\?study=raced&trial=\d+", page.url)
    page.get_by_text("The same recipe with other seeds").wait_for()

    page.go_back()
    page.get_by_role("heading", level=1, name="Trade-offs", exact=True).wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_back_leaves_a_page_at_the_first_press_whatever_was_chosen_on_it(page, served):
    address, _ = served
    page.goto("about:blank")
    opened(page, address, "?study=raced")
    go(page, "Learning curves")
    for toggle in ("Log quality axis", "Log time axis"):
        page.get_by_text(toggle).click()
        page.wait_for_url(re.compile("log-y=yes" if "quality" in toggle else "log-x=yes"))

    page.go_back()
    page.get_by_role("heading", level=1, name="Use AdamW", exact=True).wait_for()
    page.wait_for_timeout(1000)
    page.go_back()
    assert page.url == "about:blank"


@pytest.mark.slow
def test_a_limit_is_kept_from_page_to_page(page, served):
    address, _ = served
    opened(page, address, "?study=raced&memory=209715200")
    page.get_by_role("heading", level=1, name="Use SGD", exact=True).wait_for()

    go(page, "Trade-offs")
    page.wait_for_url(re.compile("trade-offs.*memory=209715200"))
    page.get_by_test_id("stSidebar").get_by_role("link", name="Recommendation", exact=True).click()
    page.get_by_role("heading", level=1, name="Use SGD", exact=True).wait_for()


@pytest.mark.slow
def test_a_row_of_the_trials_opens_its_trial(page, served):
    address, _ = served
    assert opened(page, address, "trials?study=raced") == "Trials"

    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(2000)
    table.click(position={"x": 120, "y": 55})
    page.get_by_role("heading", level=1, name="Trial", exact=True).wait_for()
    assert re.search(r"/trial\?study=raced&trial=0", page.url)


@pytest.mark.slow
def test_choices_follow_from_page_to_page_and_stay_with_their_study(page, served):
    address, home = served
    if "other" not in study_names(home):
        filled(home, "other")
    opened(page, address, "learning-curves?study=raced")
    page.get_by_text("Log quality axis").click()
    page.wait_for_url(re.compile("log-y=yes"))

    go(page, "Trials")
    page.wait_for_url(re.compile("trials.*log-y=yes"))
    picker = page.get_by_test_id("stSidebar").get_by_role("combobox", name="Study")
    for name, follows in (("other", False), ("raced", True)):
        picker.click()
        page.get_by_role("option", name=name, exact=True).click()
        page.get_by_text(re.compile(f"^Study {name},")).wait_for()
        wait_until(lambda follows=follows: ("log-y=yes" in page.url) == follows, "the choices of the study")


def test_an_uploaded_file_is_looked_at_searched_and_answered(page, served, tmp_path):
    address, home = served
    rows = "".join(
        f"{each % 7}.5,{'rb'[each % 3 > 0]},{'lily' if each % 7 > 3 else 'rose'}\n" for each in range(150)
    )
    (tmp_path / "flowers.csv").write_text(f"width,colour,species\n{rows}")
    assert opened(page, address, "launch") == "Launch"

    page.locator("input[type=file]").set_input_files(tmp_path / "flowers.csv")
    page.get_by_text("150 rows of 3 columns; 'species' is predicted as 2 classes.").wait_for()
    page.get_by_label("Budget", exact=True).fill("soon")
    page.get_by_label("Budget", exact=True).press("Enter")
    page.get_by_text("Budget: budget 'soon' is not understood").wait_for()
    assert page.get_by_role("button", name="Start", exact=True).is_disabled()
    page.get_by_label("Budget", exact=True).fill("12trials")
    page.get_by_label("Budget", exact=True).press("Enter")
    page.get_by_text("More settings").click()
    page.get_by_text("Keep the runs in MLflow too").click()
    page.locator(
        "code", has_text="--target=species --budget=12trials --study=flowers-1 --tracking-uri=off"
    ).wait_for()
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Stop").wait_for()
    card = card_of(page, "flowers-1")
    card.get_by_role("link", name="The whole recommendation").click()
    page.wait_for_url(re.compile("study=flowers-1"))
    page.get_by_role("heading", level=1).first.wait_for()

    assert [path.name[:8] for path in (home / "uploads").iterdir()] == ["flowers-"]
    assert count_trials(home, "flowers-1") >= 12


@pytest.mark.slow
def test_a_search_of_a_shell_is_stopped_by_the_page_and_gone_on_with_without_a_new_budget(page, served):
    address, home = served
    command = command_of("advisor", "search", "iris", "--budget=2h", "--exhaust", "--study=shelled")
    process = subprocess.Popen(
        [*command, f"--home={home}", "--tracking-uri=off"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(lambda: "shelled" in study_names(home), "the search begins")
    opened(page, address, "launch")

    card = card_of(page, "shelled")
    card.get_by_text(re.compile(r"of 2.h, [1-9]")).wait_for()
    card.get_by_role("button", name="Stop").click()
    card.get_by_text(re.compile(r"Stopped by you; 1\d\d\.\d.min of 2.h are left\.")).wait_for()
    output, errors = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 0, errors
    assert output
    assert re.search(
        r"stopped as asked; 1\d\d\.\d min of 2 h are left; go on with: advisor resume shelled", errors
    )
    before = count_trials(home, "shelled")

    page.reload()
    card_of(page, "shelled").get_by_role("button", name="Resume").click()
    wait_until(lambda: count_trials(home, "shelled") > before, "the search goes on")
    card_of(page, "shelled").get_by_role("button", name="Stop").click()
    card_of(page, "shelled").get_by_text("Stopped by you").wait_for()
