"""The page Compression: figures as plain values, and the page on every kind of study, run headless."""

import math

import optuna
import pytest
from streamlit.testing.v1 import AppTest

from advisor.decide.compressed import compressed_models
from dashboard.charts import axes, plots, sensitivity
from dashboard.charts import compression as charts
from dashboard.snapshot import Study
from studies.storage.journal import change_manifest, create_study
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import Layer

from pages import words
from records import compressions, confirmations, deployed, facts, record
from waiting import HANG_SECONDS

PLAN = {
    "candidates": ["SGD", "AdamW"], "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
    "budget": {"seconds": 60.0, "trials": None},
}  # fmt: skip
TRAINED = (record(0, "SGD", 0.90, stage="reference"), record(1, "AdamW", 0.93, stage="reference"))
SEEDS = confirmations(2, "AdamW", (0.93, 0.94), source=1)
INT8 = {"quantization": "StaticInt8"}
PRUNED = {"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8}
COMPRESSED = (
    *compressions(4, SEEDS),
    *compressions(
        6, SEEDS, loss=(0.001,), done=INT8, file_bytes=11_000, compressed_bytes=10_000, seconds=4e-5
    ),
    *compressions(8, SEEDS, loss=(0.002,), done=PRUNED, compressed_bytes=9_000),
    *compressions(
        10, SEEDS, loss=(0.3,), done=PRUNED | INT8, file_bytes=12_000, compressed_bytes=11_000, seconds=6e-5
    ),
)
LAYERS = [
    {"name": "0.weight", "size": 640, "before": 0.1, "levels": [0.5, 0.9, 0.99],
     "losses": [0.2, 0.6, math.inf]},
    {"name": "encoder.layers.11.self_attention.out_projection.weight", "size": 64, "before": 0.1,
     "levels": [0.5, 0.9, 0.99], "losses": [0.1, 0.11, 0.3]},
]  # fmt: skip
STUDIES = {
    "full": (*TRAINED, *SEEDS, *COMPRESSED),
    "alone": (*TRAINED, *SEEDS, deployed(4, SEEDS[0], 0.93)),
    "failed": (*TRAINED, deployed(2, TRAINED[1], None, state="failed", done=INT8)),
    "searched": TRAINED,
    "single": TRAINED[:1],
    "begun": (),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    home = tmp_path_factory.mktemp("home")
    for name, trials in STUDIES.items():
        study = create_study(
            home,
            name,
            direction="maximize",
            manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict()}),
        )
        for each in trials:
            study.add_trial(
                optuna.trial.create_trial(value=each.quality or 0.0, user_attrs={"record": each.to_dict()})
            )
        if name == "full":
            change_manifest(study, recommendation={"markdown": "", "json": "{}"}, sensitivity=LAYERS)
    return home


def opened(home, name):
    def script(home, name):
        from pathlib import Path

        from dashboard.views import compression

        compression.show(Path(home), name)

    return AppTest.from_function(script, args=(str(home), name), default_timeout=HANG_SECONDS).run()


def entries(home, name="full"):
    return compressed_models(Study.read(home, name).evidence)


@pytest.mark.parametrize("name", STUDIES)
def test_the_page_shows_every_kind_of_study(home, name):
    page = opened(home, name)

    assert (len(page.exception), [title.value for title in page.title]) == (0, ["Compression"])
    assert f"Study {name}" in words(page)


@pytest.mark.parametrize("name", ["searched", "single", "begun", "failed"])
def test_an_empty_page_says_which_command_fills_it(home, name):
    page = opened(home, name)

    assert page.code[0].value.startswith(f"advisor compress {name}")
    assert ("The last one: cannot compress: boom" in words(page)) == (name == "failed")


@pytest.mark.parametrize("finished", [False, True])
def test_a_compression_that_is_to_come_is_said_to_come_until_the_study_is_finished(home, finished):
    entry = {"budget": {"seconds": 24.0, "trials": None}, "ended": False}
    later = {"compression": "after", "compression_study": entry, "facts": facts().to_dict()}
    name = f"later-{finished}"
    study = create_study(home, name, direction="maximize", manifest=StudyManifest.from_dict(PLAN | later))
    if finished:
        change_manifest(study, recommendation={"markdown": "", "json": "{}"})
    page = opened(home, name)

    assert ("Not compressed yet" in words(page)) != finished
    assert [code.value.split(" --home")[0] for code in page.code] == [f"advisor compress {name}"] * finished


def test_a_training_function_is_said_to_hold_nothing_to_compress(home):
    spec = {"form": "function", "source": "loop.py:train", "model": "function", "metric": "accuracy"}
    create_study(
        home,
        "function",
        direction="maximize",
        manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict(), "workload": spec}),
    )
    page = opened(home, "function")

    assert "there is nothing to compress" in words(page)
    assert not page.code


def test_before_and_after_are_of_the_same_runtime(home):
    page = opened(home, "full")
    table = next(element.value for element in page.markdown if element.value.startswith("|"))
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.replace("\\", "").splitlines()]

    assert rows[0] == ["of the model", "uncompressed", "compressed", "change"]
    cells = {row[0]: [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row[1:]] for row in rows[2:]}
    assert cells["file"] == ["39.1 KiB", "10.7 KiB", "3.6 x smaller"]
    assert cells["latency, one row"] == ["50 µs", "40 µs", "1.2 x faster"]
    assert cells["latency, 64 rows"] == ["400 µs", "320 µs", "1.2 x faster"]
    assert cells["validation accuracy"][:2] == ["0.935", "0.934"]


def test_the_front_is_listed_and_the_rest_on_request(home):
    page = opened(home, "full")
    assert len(page.dataframe[0].value) == 3

    page.toggle(key="every").set_value(True).run()
    assert len(page.dataframe[0].value) == 4
    assert page.dataframe[0].value["advised"].tolist().count("yes") == 1


def test_what_a_reader_would_share_is_in_the_address(home):
    page = opened(home, "full")
    assert "gzip" not in page.query_params

    page.toggle(key="gzip").set_value(True).run()
    assert page.query_params["gzip"] in ("1", ["1"])


def test_bytes_and_latency_share_one_axis_of_quality(home):
    figure = charts.tradeoff(entries(home), metric="accuracy")

    assert [figure.layout[axis].title.text for axis in ("xaxis", "xaxis2")] == [
        "file (KiB)",
        "latency, one row (µs)",
    ]
    assert figure.layout.yaxis.title.text == "validation accuracy (higher is better)"
    assert figure.layout.yaxis2.matches == "y"
    by_name = {trace.name: trace for trace in figure.data if trace.xaxis == "x"}
    assert by_name["quantized"].x == (11_000 / 1024,)
    assert by_name["quantized"].marker.opacity == by_name["uncompressed"].marker.opacity == 1
    assert by_name["pruned and quantized"].marker.opacity < 1
    gzipped = charts.tradeoff(entries(home), metric="accuracy", gzip=True)
    assert {trace.name: trace.x for trace in gzipped.data if trace.xaxis == "x"}["pruned"] == (9_000 / 1024,)
    assert gzipped.layout.xaxis.title.text == "file through gzip (KiB)"


def test_the_title_states_what_is_advised(home):
    entry = next(entry for entry in entries(home) if charts.kind(entry) == "quantized")
    title = charts.tradeoff(entries(home), entry, metric="accuracy").layout.title.text.replace("<br>", " ")

    assert title == "Advised: static int8, 3.6 x smaller, -0.1 points of accuracy" or title.startswith(
        "Advised: static int8, 3.6 x smaller, -0.1 +- "
    )


def test_what_is_far_worse_does_not_press_the_rest_flat(home):
    low, high = charts.tradeoff(entries(home), metric="accuracy").layout.yaxis.range

    assert 0.9 < low < 0.93
    assert 0.935 < high < 0.95


def test_a_chart_without_anything_compressed_says_so():
    assert charts.tradeoff((), metric="accuracy").layout.title.text == "Nothing has been compressed yet"


SPANS = [
    (1e-5,),
    (1.01e-5, 1.52e-5),
    (2e-6, 4e-3),
    (0.9, 1.1),
    (40_000, 40_000),
    (11_000, 56_000),
    (900, 5e8),
]


@pytest.mark.parametrize("values", SPANS)
def test_an_axis_has_some_marks_in_view_and_not_too_many(values):
    bounds = axes.log_scale(values)
    low, high = (10**end for end in bounds["range"])

    assert low < min(values) <= max(values) < high
    assert 2 <= len([mark for mark in bounds["tickvals"] if low <= mark <= high]) <= 9
    assert len(set(bounds["ticktext"])) == len(bounds["ticktext"])


def test_kinds_differ_in_colour_and_in_symbol():
    styles = charts.STYLES.values()

    assert len({style.colour for style in styles}) == len({style.symbol for style in styles}) == len(styles)


def test_the_sensitivity_names_the_layer_that_bears_least():
    figure = sensitivity.sensitivity(tuple(map(Layer.from_dict, LAYERS)))

    assert figure.layout.title.text.startswith("0.weight bears least")
    assert list(figure.data[0].text[0]) == ["+0.1", "+0.5", "not finite"]
    assert all(math.isfinite(depth) for row in figure.data[0].z for depth in row)
    assert all(len(name) <= sensitivity.LAYER for name in figure.layout.yaxis.ticktext)
    assert len(sensitivity.rows(tuple(map(Layer.from_dict, LAYERS)))) == 6


def test_the_shell_draws_both_figures(home):
    for kind in ("compression", "sensitivity"):
        for name in ("full", "begun"):
            assert plots()[kind](Study.read(home, name)).layout.title.text
