"""Report of a study: valid, whole and harmless for every study there may be, in HTML, Markdown and PDF."""

import gzip
import re
import shlex
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advisor import browser
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.jobs.reports import FORMS, reported, write_report
from advisor.report.elements import VOID, element
from advisor.study_report.markdown_page import markdown
from advisor.study_report.model_card import model_card
from advisor.study_report.page import page
from advisor.study_report.reported import ReportedStudy
from studies.column_reading import ColumnReading
from studies.errors import BadValue, NothingFeasible, StudyNotFound
from studies.limits import Limits
from studies.storage.home import journal_path
from studies.yardstick import Yardstick

from made_studies import evidences
from pages import STUDIES, fill
from records import compressions, facts, record

CHROMIUM = next((path for name in browser.BROWSERS if (path := shutil.which(name))), None)
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a|b\nc", "</title>", "\x00\ud800")
EARLIER = Path(__file__).parents[1] / "storage" / "iris-0.1.journal.gz"


class Outline(HTMLParser):
    """Elements of a page: those still open, and the texts and attributes that it has."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.text, self.attributes = [], [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def outline(study):
    shown = Outline(page(study))
    assert not shown.open
    return shown


def study_of(evidence, **fields):
    try:
        answer, problem = recommend(evidence), ""
    except NothingFeasible as error:
        answer, problem = None, str(error)
    name = fields.pop("name", "s")
    return ReportedStudy(name=name, evidence=evidence, recommendation=answer, problem=problem, **fields)


@pytest.fixture
def home(tmp_path):
    return fill(tmp_path / "home")


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_every_study_has_a_valid_page_with_one_title_and_every_sentence_of_its_answer(evidence):
    study = study_of(evidence)
    shown = outline(study)

    assert shown.tags.count("h1") == 1
    assert shown.tags[:5] == ["html", "head", "meta", "meta", "meta"]
    text = " ".join(shown.text)
    if (answer := study.recommendation) is not None:
        sentences = (answer.headline, *answer.reasons, *answer.alternatives, *answer.would_change)
        assert all(str(sentence) in text for sentence in sentences)
        assert all(check.message in text for check in answer.checklist)


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_a_page_is_the_same_each_time_needs_no_network_and_is_small(evidence):
    study = study_of(evidence)
    source = page(study)

    assert source == page(study)
    assert not re.search(r"https?://[^\"'\s]*\.(js|css|woff2?)|<script|<link|@import|src=", source)
    assert len(source.encode()) < 2_000_000


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_every_chart_says_in_words_what_it_shows_and_no_place_in_it_is_no_number(evidence):
    shown = outline(study_of(evidence))
    charts = [value for name, value in shown.attributes if name == "aria-label"]

    assert all(charts)
    assert shown.tags.count("figure") <= len(charts)
    assert not any("nan" in value or "inf" in value for name, value in shown.attributes if name in PLACES)


PLACES = {"x", "y", "x1", "x2", "y1", "y2", "d", "points", "width", "height"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(evidences(), st.sampled_from(HOSTILE), st.text(min_size=1, max_size=8))
def test_names_and_errors_never_become_markup(evidence, hostile, text):
    columns = tuple(ColumnReading(name=name, kind="number", done=text) for name in (hostile, text))
    failed = record(999, "AdamW", None, state="failed", error=f"{hostile} {text}")
    evidence = replace(
        evidence,
        records=(*evidence.records, failed),
        columns=columns,
        yardsticks=(Yardstick(model=hostile, quality=0.5),),
        command=shlex.join(["advisor", "search", hostile]),
    )
    study = study_of(evidence, name=hostile, dataset=text, notes=(hostile,), repeat=((hostile, text),))
    shown, written = outline(study), markdown(study) + model_card(study)

    assert not {"script", "img"} & set(shown.tags)
    assert not any(name.startswith("on") for name, _ in shown.attributes)
    outside_code = re.sub(r"```.*?```", "", written, flags=re.DOTALL)
    assert "<script" not in outside_code
    assert "<img" not in outside_code
    page(study).encode()
    written.encode()


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(evidences())
def test_every_row_of_a_markdown_table_has_as_many_cells_as_its_head(evidence):
    written = markdown(study_of(evidence))
    for table in re.findall(r"(?:^\|.*\n)+", written, flags=re.MULTILINE):
        cells = [len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()]
        assert len(set(cells)) == 1


@pytest.mark.parametrize("name", STUDIES)
def test_every_kind_of_study_is_written_in_every_form_that_needs_no_browser(home, tmp_path, name):
    for suffix in (".html", ".md"):
        write_report(home, name, tmp_path / f"r{suffix}")
        assert "AdamW" in (tmp_path / f"r{suffix}").read_text()
    assert Outline((tmp_path / "r.html").read_text()).tags


def test_a_study_without_a_whole_run_says_so_and_how_to_go_on(home):
    text = " ".join(outline(reported(home, "begun")).text)

    assert "Start with" in text
    assert "No whole run of it stands behind this" in text
    assert "No trial has ended yet." in text
    assert "The search is not finished; go on with: advisor resume begun" in text


def test_where_nothing_fits_the_page_says_what_to_relax(tmp_path):
    home = fill(tmp_path / "tight", {"full": STUDIES["full"]}, limits={"train_bytes": 1000})
    text = " ".join(outline(reported(home, "full")).text)

    assert "No optimizer fits" in text
    assert reported(home, "full").problem in text
    assert "All trials (11)" in text


def test_a_study_of_version_0_1_is_reported(tmp_path):
    path = journal_path(tmp_path, "iris-0.1")
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.decompress(EARLIER.read_bytes()))
    study = reported(tmp_path, "iris-0.1")

    assert "The search is finished." in " ".join(outline(study).text)
    assert dict(study.repeat)["seed"] == "0"
    assert study.recommendation.metric in model_card(study)


def test_compressed_models_stand_in_a_table():
    trained = (record(0, "AdamW", 0.9), record(1, "SGD", 0.8))
    made = compressions(2, trained)
    evidence = Evidence(facts=facts(), records=(*trained, *made), candidates=("AdamW", "SGD"))
    study = study_of(replace(evidence, compression="after", compression_ended=True))

    assert study.recommendation.compressed
    for row in study.recommendation.compression_table.rows():
        assert row[0] in " ".join(outline(study).text)


def test_ten_thousand_trials_fit_on_a_page_of_under_two_megabytes():
    records = tuple(record(number, "AdamW", 0.9 - number * 1e-6, epochs=3) for number in range(10_000))
    study = study_of(Evidence(facts=facts(), records=records, candidates=("AdamW",)))
    source = page(study)

    assert len(source.encode()) < 2_000_000
    assert "The last 1,000 are shown." in source


def test_a_recommendation_under_other_limits_moves_the_mark_of_the_advised_one(home):
    study = reported(home, "full")
    limits = Limits(train_bytes=180_000)
    tighter = replace(study.evidence, limits=limits)
    other = replace(study, evidence=tighter, recommendation=recommend(tighter))

    assert study.recommendation.optimizer == "AdamW"
    assert other.recommendation.optimizer != "AdamW"
    assert "AdamW, ruled out" in " ".join(outline(other).text)


def test_the_card_gives_model_data_metric_with_interval_caveats_search_baselines_use_and_versions(home):
    study = replace(reported(home, "full"), notes=("Rows were shuffled.",))
    baseline = replace(study.evidence, yardsticks=(Yardstick(model="a linear model", quality=0.87),))
    card = model_card(replace(study, evidence=baseline), usage="predict(rows)")

    headings = re.findall(r"^## (.*)$", card, flags=re.MULTILINE)
    assert headings == [
        "Model details",
        "How to use",
        "Limits and caveats",
        "Training data",
        "Training procedure",
        "How it was searched",
        "Evaluation",
        "Versions",
    ]
    assert plainly(study.recommendation.reached) in plainly(card)
    assert all(
        plainly(str(check)) in plainly(card) for check in study.recommendation.checklist if not check.passed
    )
    assert "| a linear model | 0.87 |" in card
    assert "predict(rows)" in card


def plainly(text):
    return text.replace("\\", "").replace("&lt;", "<").replace("&amp;", "&")


def test_the_command_writes_html_by_default_and_markdown_to_stdout(inside, home, tmp_path):
    done = inside("report", "full", "--home", str(home))
    assert (done.returncode, done.stdout) == (0, "full-report.html\n")
    assert (tmp_path / "full-report.html").read_text().startswith("<!doctype html>")

    done = inside("report", "full", "--home", str(home), "--out", "-")
    assert done.stdout == markdown(reported(home, "full"))


def test_wrong_names_and_files_are_refused_in_one_line(inside, home, tmp_path):
    for words in (("nobody",), ("full", "--out", "x.txt"), ("full", "--out", str(tmp_path / "no" / "x.md"))):
        done = inside("report", *words, "--home", str(home))
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
    with pytest.raises(BadValue, match=re.escape(", ".join(FORMS))):
        write_report(home, "full", tmp_path / "x")
    with pytest.raises(StudyNotFound):
        write_report(home, "nobody", tmp_path / "x.html")


def test_without_a_browser_a_pdf_is_refused_in_one_line_that_names_another_form(home, tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "/no/such/browser")
    with pytest.raises(BadValue, match=r"install chromium, or write to a file that ends with \.html"):
        write_report(home, "full", tmp_path / "x.pdf")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is here")
def test_a_pdf_has_pages(home, tmp_path):
    write_report(home, "full", tmp_path / "x.pdf")
    content = (tmp_path / "x.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) > 1


def test_text_is_escaped_where_it_enters_an_element_and_markup_is_not():
    cell = element("td", "<b>", element("br"), title='"&')
    assert cell == '<td title="&quot;&amp;">&lt;b&gt;<br></td>'
