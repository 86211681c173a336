"""Scripts for Lightning and for the Trainer: the written files reach what the study's own runs reach."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys

import pytest

import advisor
from studies.recipe import Recipe
from studies.script.data_rows import write_rows
from studies.script.frame import About
from studies.script.literals import CannotWrite
from studies.script.parts import parts_of
from studies.script.styles import STYLES, style_of
from studies.train import Training
from studies.workload_opening import open_source

from barred_packages import BARRING
from waiting import HANG_SECONDS

OPT, REG, PLAN, WRAP = advisor.optimizers, advisor.regularizers, advisor.schedules, advisor.wrappers
RECIPES = {
    "AdamW": ("iris", "mlp", {"optimizer": OPT.AdamW(lr=5e-3), "epochs": 12}),
    "Muon, mixed rows, EMA": (
        "digits",
        "cnn",
        {
            "optimizer": OPT.Muon(),
            "schedule": PLAN.Cosine(warmup=0.1),
            "epochs": 3,
            "regularizers": (REG.LabelSmoothing(), REG.Mixup(), REG.GradientClipping()),
            "wrappers": (WRAP.EMA(),),
        },
    ),
    "Schedule-Free": (
        "diabetes",
        "mlp",
        {"optimizer": OPT.ScheduleFreeAdamW(), "schedule": PLAN.Constant(), "epochs": 9},
    ),
    "Plateau, SAM": (
        "iris",
        "mlp",
        {
            "optimizer": OPT.Nesterov(lr=0.05),
            "schedule": PLAN.Plateau(patience=2),
            "epochs": 12,
            "regularizers": (REG.L2(), REG.EarlyStopping(patience=4)),
            "wrappers": (WRAP.SAM(), WRAP.Lookahead()),
        },
    ),
    "Sophia": ("iris", "mlp", {"optimizer": OPT.Sophia(), "epochs": 9}),
    "L-BFGS": ("iris", "mlp", {"optimizer": OPT.LBFGS(), "epochs": 9, "batch_size": 90}),
}


def opened(name):
    dataset, model, fields = RECIPES[name]
    workload = open_source(dataset, model=model)
    return Recipe(model=workload.model, **fields), workload


def written(name, style, folder):
    """Write the files of a recipe in a style into a folder."""
    recipe, workload = opened(name)
    write_rows(workload.dataset, folder)
    (folder / "sitecustomize.py").write_text(BARRING)
    text = style_of(style).write(parts_of(recipe, workload), recipe, workload, About(title=f"Train {name}."))
    (folder / "train.py").write_text(text)
    return text


def seeds_of(name):
    """Return what the study's own runs of some seeds reach."""
    recipe, workload = opened(name)
    runs = [Training(recipe, workload, seed=seed) for seed in (3, 4, 5, 6)]
    for run in runs:
        run.advance(recipe.epochs)
    return [run.quality for run in runs]


@pytest.mark.parametrize(
    "name",
    [name if place < 2 else pytest.param(name, marks=pytest.mark.slow) for place, name in enumerate(RECIPES)],
)
@pytest.mark.parametrize("style", ["lightning", "transformers"])
def test_a_script_reaches_what_the_studys_runs_reach(style, name, tmp_path):
    if (name, style) == ("L-BFGS", "transformers"):
        with pytest.raises(
            CannotWrite, match="which the Trainer does not do; take --style plain or lightning"
        ):
            written(name, style, tmp_path)
        return
    written(name, style, tmp_path)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py", "--seed", "5"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANG_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    reached = float(re.search(r"^valid: loss \S+, \w+ (\S+)$", done.stdout, flags=re.MULTILINE)[1])
    seeds = seeds_of(name)
    rows = opened(name)[1].dataset.valid.rows
    middle, spread = statistics.mean(seeds), statistics.stdev(seeds)
    assert abs(reached - middle) <= 3 * spread + 3 * middle / rows
    assert (tmp_path / "weights.pt").exists()


@pytest.mark.parametrize("style", STYLES)
def test_a_script_says_nothing_of_where_it_was_written(style, tmp_path):
    text = written("AdamW", style, tmp_path)
    assert "advisor" not in text
    assert "studies" not in text
    assert max(map(len, text.splitlines())) <= 110
