"""Costs: one row each, and every table that lists costs shows every row."""

from dataclasses import fields, replace

import pytest

from advisor.decide.recipe_costs import costs_of
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.objects import evidence_from
from advisor.jobs.runs.sources.csv_file import CsvFile
from advisor.report.units import unit_of
from dashboard import trials_table, whatif
from dashboard.charts import tradeoffs
from dashboard.widgets import candidates
from dashboard.widgets.parts import cost_columns
from studies.costs import COSTS
from studies.limits import LIMITED_COST, Limits
from studies.memory_forecast import Forecast
from studies.record import Record
from studies.storage.annotations import TrialAnnotations
from studies.tracking.entries import MEASURED, metrics_of

from records import record, study

MANY = Limits(**dict.fromkeys(LIMITED_COST, 10**9))
EVERY = [pytest.param(cost, id=cost.field) for cost in COSTS]
LIMITED = [pytest.param(cost, id=cost.limit) for cost in LIMITED_COST.values()]
SPENT = {cost.field: 1.5 if cost.in_seconds else 4096 for cost in COSTS}


@pytest.mark.parametrize("cost", EVERY)
def test_a_cost_is_a_field_of_a_record(cost):
    assert cost.field in {field.name for field in fields(Record)}
    assert cost.part_of in {"", *(other.field for other in COSTS)}
    assert not cost.forecast or hasattr(Forecast, cost.forecast)


@pytest.mark.parametrize("key", ["field", "name", "label"])
def test_no_two_costs_are_called_the_same(key):
    assert len({getattr(cost, key) for cost in COSTS}) == len(COSTS)


def test_every_limit_meets_one_cost():
    assert list(LIMITED_COST) == [field.name for field in fields(Limits)]
    assert {cost.limit for cost in COSTS if cost.limit} == set(LIMITED_COST)
    assert all(cost.limited and cost.flag.startswith("--") for cost in LIMITED_COST.values())


@pytest.mark.parametrize("cost", LIMITED)
def test_a_limit_is_broken_by_its_own_cost_alone(cost):
    limits = replace(MANY, **{cost.limit: cost.whole(10)})
    assert limits.broken_by(replace(record(0), **SPENT | {cost.field: cost.whole(20)})) == {cost.limit: 2.0}
    assert (getattr(limits.while_training, cost.limit) is None) == cost.of_model


@pytest.mark.parametrize("cost", EVERY)
def test_a_value_is_read_as_it_is_written(cost):
    assert cost.parse(cost.write(32.0)) == 32
    for value in (1e-5, 5e-3, 32.0, 4096.0, 5e6, 3e10):
        unit = unit_of([value], seconds=cost.in_seconds)
        assert unit.per == cost.parse(f"1{unit.name}")


@pytest.mark.parametrize("cost", EVERY)
def test_of_several_times_the_median_counts_and_of_several_sizes_the_largest(cost):
    assert cost.over([1, 9, 2]) == (2 if cost.in_seconds else 9)
    assert cost.over([]) is None


@pytest.mark.parametrize("cost", EVERY)
def test_every_table_shows_every_cost(cost, tmp_path):
    run = replace(record(0), **SPENT)
    advice = recommend(Evidence(records=(run,)))
    csv = tmp_path / "runs.csv"
    csv.write_text(f"optimizer,accuracy,{cost.field}\nAdamW,0.9,7\n")

    assert cost.field in costs_of(Evidence(records=(run,)), run.optimizer, run)
    assert f"- {cost.label}" in str(advice)
    assert (
        getattr(evidence_from(CsvFile(where=csv), RunsRequest(metric="accuracy")).records[0], cost.field) == 7
    )
    assert cost.field in MEASURED
    assert cost.field in {metric.key for metric in metrics_of(run, "accuracy", 0)[0]}
    assert cost.field in trials_table.columns([trials_table.row(run, TrialAnnotations())])
    assert cost_columns()[cost.field]["label"].startswith(cost.label)
    assert cost.field in tradeoffs.rows([run], cost, advice.direction)[0]
    assert f"quality-by-{cost.name}" in tradeoffs.PLOTS


@pytest.mark.parametrize("cost", LIMITED)
def test_every_limit_has_a_slider(cost):
    slider = next(slider for slider in whatif.SLIDERS if slider.limit == cost.limit)
    assert (slider.cost, slider.parameter) == (cost.field, cost.flag.removeprefix("--"))


def test_candidates_show_what_is_known_of_them():
    advice = recommend(Evidence(records=study({"AdamW": (0.9, 0.8), "SGD": (0.7,)})))
    shown = set(candidates.columns("accuracy", ()))
    assert all(hasattr(advice.contenders[0], field) for field in shown)
    assert shown & {cost.field for cost in COSTS} == {"train_seconds", "peak_bytes", "optimizer_state_bytes"}
