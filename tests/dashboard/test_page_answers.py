"""Pages Recommendation, Trade-offs and Optimizers: figures as plain values, pages on every kind of study."""

import json
import math

import optuna
import pytest

from advisor.evidence import Evidence
from advisor.report.axis_marks import reach
from advisor.report.optimizer_styles import COLOURS, COMMON, styles
from dashboard import whatif
from dashboard.charts import optimizers, plots, tradeoffs, trials
from dashboard.snapshot import Study
from studies import catalogue
from studies.column_reading import ColumnReading
from studies.direction import MAXIMIZE, MINIMIZE
from studies.limits import Limits
from studies.storage.journal import change_manifest, create_study
from studies.storage.manifest import StudyManifest

from pages import page, words
from records import compressions, confirmations, deployed, facts, record, study

OPTIMIZERS = ("SGD", "Momentum", "AdamW")
PLAN = {
    "candidates": list(OPTIMIZERS), "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
    "budget": {"seconds": 60.0, "trials": None}, "facts": facts().to_dict(),
}  # fmt: skip
RACE = (
    record(0, "SGD", 0.80, stage="reference", train_seconds=0.9),
    record(1, "Momentum", 0.85, stage="reference"),
    record(2, "AdamW", 0.90, stage="reference", train_seconds=2.5),
    record(3, "SGD", 0.70, state="pruned"),
    record(4, "AdamW", 0.88),
    record(5, "Momentum", None, state="infeasible"),
    record(6, "AdamW", 0.93),
)
CONFIRMED = confirmations(7, "AdamW", (0.92, 0.94, 0.93), source=6)
SMALL = (
    *compressions(10, CONFIRMED, loss=(0.0,)),
    *compressions(13, CONFIRMED, loss=(0.001,), done={"quantization": "StaticInt8"}, file_bytes=11_000),
)
STUDIES = {
    "full": (*RACE, *CONFIRMED),
    "small": (*RACE, *CONFIRMED, *SMALL),
    "other": study({"SGD": (0.8, 0.82), "AdamW": (0.7, 0.75), "Momentum": (0.81,)}),
    "losses": study({"SGD": (0.8, 0.7), "AdamW": (0.3,)}, direction="minimize"),
    "single": (record(0, "AdamW", 0.9, stage="reference"),),
    "pruned": (record(0, "AdamW", 0.5, state="pruned"),),
    "failed": (record(0, "AdamW", None, state="failed"), record(1, "SGD", None, state="failed")),
    "begun": (),
}
LOOKS = styles(OPTIMIZERS)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    home = tmp_path_factory.mktemp("home")
    for name, made in STUDIES.items():
        minimized = {"metric": "rmse"} if name == "losses" else {}
        opened = create_study(
            home,
            name,
            direction="minimize" if minimized else "maximize",
            manifest=StudyManifest.from_dict(PLAN | minimized),
        )
        for trial_record in made:
            attributes = {"record": trial_record.to_dict()}
            trial = optuna.trial.create_trial(
                value=trial_record.quality or 0.0, params={}, distributions={}, user_attrs=attributes
            )
            opened.add_trial(trial)
        if name in {"full", "small"}:
            change_manifest(opened, recommendation={"markdown": "", "json": "{}"})
    return home


def figures(page):
    """Return what each chart of a page draws."""
    return [json.loads(element.proto.spec) for element in page.get("plotly_chart")]


@pytest.mark.parametrize("view", ["recommendation", "tradeoffs", "optimizers", "trials"])
@pytest.mark.parametrize("name", STUDIES)
def test_every_page_shows_every_kind_of_study(view, name, home):
    shown = page(view, home, name).run()
    assert [error.message for error in shown.exception] == []
    assert len(shown.title) == 1
    assert f"Study {name}" in words(shown)


@pytest.mark.parametrize("view", ["tradeoffs", "optimizers"])
@pytest.mark.parametrize("name", ["begun", "failed", "pruned"])
def test_a_page_without_a_whole_run_says_which_command_fills_it(view, name, home):
    shown = page(view, home, name).run()
    assert shown.code[0].value.startswith(f"advisor resume {name} --budget 120s --home ")
    assert figures(shown) == []


def test_a_slider_answers_again_and_says_what_changed(home):
    shown = page("recommendation", home, "full").run()
    assert shown.title[0].value == "Use AdamW"
    assert not shown.info
    places = whatif.positions(Study.read(home, "full").evidence, whatif.SLIDERS[0])
    tight = next(place for place in places if place > 120_000)
    shown.select_slider[0].set_value(tight).run()
    assert shown.title[0].value == "Use SGD"
    assert "Asked otherwise than in the study: training memory at most" in words(shown)
    assert shown.query_params["memory"] in (str(round(tight)), [str(round(tight))])
    shown.select_slider[0].set_value(math.inf).run()
    assert shown.title[0].value == "Use AdamW"
    assert not shown.info


def test_limits_in_the_address_are_asked_for(home):
    shown = page("recommendation", home, "full", memory="170000", goal="memory").run()
    assert shown.title[0].value == "Use Momentum"  # SGD is lighter, and was not confirmed
    assert (
        "training memory at most 166 KiB (in the study without a limit) "
        "and goal memory (in the study balanced)" in words(shown)
    )
    assert "Under its own limits and goal the answer is AdamW." in words(shown)
    commands = [code.value for code in shown.code if code.value.startswith("advisor recommend")]
    assert commands[0].startswith("advisor recommend full --memory 170KB --goal memory")
    assert shown.query_params["memory"] in ("170000", ["170000"])
    next(button for button in shown.button if button.label.startswith("Back")).click().run()
    assert shown.title[0].value == "Use AdamW"
    assert "memory" not in shown.query_params


def test_the_goal_is_kept_in_the_address(home):
    shown = page("recommendation", home, "full").run()
    shown.selectbox[0].set_value("speed").run()
    assert shown.query_params["goal"] in ("speed", ["speed"])
    assert "goal speed (in the study balanced)" in words(shown)


def test_when_nothing_fits_the_page_says_what_to_relax_and_keeps_its_sliders(home):
    shown = page("recommendation", home, "full", memory="1000").run()
    assert shown.title[0].value == "No optimizer fits"
    assert "Raise --memory to" in words(shown)
    assert "Under its own limits and goal the answer is AdamW." in words(shown)
    assert len(shown.select_slider) == 4
    assert not shown.exception


def test_the_recommendation_says_what_to_do_to_the_trained_model(home):
    shown = page("recommendation", home, "small").run()
    assert "Compression" in [heading.value for heading in shown.header]
    assert "Deploy its model with static int8" in words(shown)
    assert any("through gzip" in table.value.columns for table in shown.dataframe)


def test_the_recommendation_shows_what_each_column_of_the_data_became(tmp_path):
    column = ColumnReading(name="price", kind="number", done="read as numbers, '$1' as 1; scaled")
    manifest = StudyManifest.from_dict(PLAN | {"columns": [column.to_dict()]})
    create_study(tmp_path, "prices", direction=MAXIMIZE, manifest=manifest)

    shown = page("recommendation", tmp_path, "prices").run()

    assert any("price" in str(table.value) and "'$1' as 1" in str(table.value) for table in shown.dataframe)


def test_a_trade_off_names_the_cost_in_the_address_and_shows_a_recipe(home):
    shown = page("tradeoffs", home, "full", cost="memory", trial="6").run()
    assert shown.selectbox[0].value == "memory"
    assert "Trial 6" in words(shown)
    assert "AdamW: lr 0.001" in shown.code[0].value
    assert list(shown.dataframe[0].value["front"])[:2] == [True, True]
    shown.selectbox[0].set_value("state").run()
    assert shown.query_params["cost"] in ("state", ["state"])
    assert figures(shown)[0]["layout"]["xaxis"]["title"]["text"] == "optimizer state (KiB)"


@pytest.mark.parametrize(
    "query", [{"cost": "glory"}, {"trial": "999"}, {"trial": "x"}, {"target": "x", "in": "moons"}]
)
def test_an_address_that_makes_no_sense_breaks_nothing(home, query):
    for view in ("tradeoffs", "optimizers", "recommendation"):
        assert not page(view, home, "full", **query).run().exception


def test_the_front_is_drawn_from_the_cheapest_up():
    cost = tradeoffs.BY_NAME["time"]
    assert [point.number for point in tradeoffs.front(STUDIES["full"], cost, MAXIMIZE)] == [0, 8]
    figure = tradeoffs.quality_by_cost(STUDIES["full"], LOOKS, cost, metric="accuracy", direction=MAXIMIZE)
    line = figure.data[0]
    assert (line.name, line.line.shape) == ("the front", "hv")
    assert list(line.y) == [0.80, 0.94]
    assert (
        figure.layout.title.text.replace("<br>", " ")
        == "accuracy 0.8 costs 900 ms (SGD), 0.94 costs 1.8 s (AdamW)"
    )
    assert {row["front"] for row in tradeoffs.rows(STUDIES["full"], cost, MAXIMIZE)[:2]} == {True}


@pytest.mark.parametrize("allowed", [150_000, 400_000])
def test_a_limit_is_a_wall_with_everything_beyond_it_shaded(allowed):
    cost, limits = tradeoffs.BY_NAME["memory"], Limits(train_bytes=allowed)
    shown = {"metric": "accuracy", "direction": MAXIMIZE, "limits": limits}
    figure = tradeoffs.quality_by_cost(STUDIES["full"], LOOKS, cost, **shown)
    shade, wall = figure.layout.shapes
    assert shade.x0 == wall.x0 == wall.x1 == allowed / 2**10
    assert shade.x1 == figure.layout.xaxis.range[1]
    over = sum(point.peak_bytes > allowed for point in tradeoffs.measured(STUDIES["full"], cost))
    broken = f"{over} of 8 runs break the limit" if over else "no run breaks the limit"
    assert broken in figure.layout.title.text.replace("<br>", " ")


def test_compressed_models_are_hollow_and_only_where_the_model_costs():
    shown = {"metric": "accuracy", "direction": MAXIMIZE}
    by_size = tradeoffs.quality_by_cost(STUDIES["small"], LOOKS, tradeoffs.BY_NAME["size"], **shown)
    by_time = tradeoffs.quality_by_cost(STUDIES["small"], LOOKS, tradeoffs.BY_NAME["time"], **shown)
    marks = {
        name: [mark for trace in figure.data[1:] for mark in trace.marker.symbol]
        for name, figure in (("size", by_size), ("time", by_time))
    }
    assert sum(mark.endswith("-open") for mark in marks["size"]) == len(SMALL)
    assert not any(mark.endswith("-open") for mark in marks["time"])


def test_the_trials_page_leaves_compressed_models_out():
    better = deployed(99, CONFIRMED[0], 0.99, train_seconds=0.1)
    for draw in (trials.quality_by_seconds, trials.best_so_far):
        with_it = draw((*STUDIES["full"], better), LOOKS, metric="accuracy")
        assert with_it == draw(STUDIES["full"], LOOKS, metric="accuracy")


def test_optimizers_are_compared_with_intervals_odds_budgets_and_times(home):
    shown = page("optimizers", home, "full").run()
    best, matrix, tuning, target, *_ = figures(shown)
    assert "**AdamW is advised: accuracy 0.93 (mean of 3 seeds)" in words(shown)
    assert sum("error_x" in trace for trace in best["data"]) == 1
    assert matrix["data"][0]["x"][0] == "AdamW"
    assert matrix["data"][0]["z"][0][0] is None
    assert all(not drawn["layout"]["title"].get("text") for drawn in (best, matrix, tuning, target))
    assert "**With one trial each" in words(shown)
    assert target["layout"]["xaxis"]["title"]["text"].startswith("training time (s) until accuracy 0.92")


def test_a_target_and_its_unit_come_from_the_address_and_go_back_to_it(home):
    shown = page("optimizers", home, "full", target="0.9", **{"in": "steps"}).run()
    assert shown.slider[0].value == pytest.approx(0.9)
    assert figures(shown)[3]["layout"]["xaxis"]["title"]["text"] == "optimizer steps until accuracy 0.9"
    shown.slider[0].set_value(0.88).run()
    assert shown.query_params["target"] in ("0.88", ["0.88"])


def test_a_profile_leaves_out_studies_that_are_judged_the_other_way(home):
    shown = page("optimizers", home, "full", studies="full,other,losses,single").run()
    assert "losses (rmse is to minimize)" in words(shown)
    assert "single (whole runs of 1 optimizer)" in words(shown)
    profile = figures(shown)[-1]
    assert "**AdamW and SGD have the least loss each in 1 of 2 studies**" in words(shown)
    assert {trace["name"] for trace in profile["data"]} == set(OPTIMIZERS)
    shown.multiselect[0].set_value(["full"]).run()
    assert "needs two studies or more" in words(shown)


def test_an_optimizer_looks_the_same_in_every_study():
    for names in (("AdamW", "SGD"), ("SGD", "Lion", "AdamW"), ("Adam", "AdamW", "Mine", "SGD")):
        assert styles(names)["SGD"] == LOOKS["SGD"]
        assert styles(names)["AdamW"] == LOOKS["AdamW"]


def test_those_that_enter_most_often_have_a_colour_to_themselves_and_no_two_of_ours_look_the_same():
    assert len({look.colour for look in styles(COMMON).values()}) == len(COLOURS)
    every = styles([*catalogue.choices("optimizer"), "Mine", "Yours"])
    assert len({(look.colour, look.symbol) for look in every.values()}) == len(every)
    assert set(COMMON) <= set(catalogue.choices("optimizer"))


def test_a_few_bad_marks_do_not_press_the_others_into_a_line():
    low, high = reach([0.1, 0.9, 0.91, 0.92, 0.93, 0.94], MAXIMIZE)
    assert (0.1 < low < 0.9, high > 0.94) == (True, True)
    low, high = reach([9.0, 1.0, 1.1, 1.2, 1.3, 1.25], MINIMIZE)
    assert (low < 1.0, 1.3 < high < 9) == (True, True)
    assert reach([0.90, 0.91, 0.92, 0.93, 0.94], MAXIMIZE) is None
    assert reach([0.9], MAXIMIZE) is None


@pytest.mark.parametrize(
    "kind", ["optimizers", "beats", "tuning", "time-to-target", "steps-to-target", "quality-by-size"]
)
@pytest.mark.parametrize("name", STUDIES)
def test_every_figure_is_drawn_of_every_kind_of_study(kind, name, home):
    draw = plots()[kind]
    assert draw(Study.read(home, name)).layout.title.text


def test_nobody_s_limits_count_when_optimizers_are_compared():
    assert optimizers.without_limits(Evidence(limits=Limits(train_bytes=1))).limits == Limits()


def test_limits_in_the_address_are_walls_too(home):
    shown = page("tradeoffs", home, "full", cost="memory", memory="150000").run()
    drawn = figures(shown)[0]
    assert [shape["x0"] for shape in drawn["layout"]["shapes"]] == [150_000 / 2**10] * 2
    assert "break the limit of 150 KB" in words(shown)
