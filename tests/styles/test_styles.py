"""Scripts for Lightning and for the Trainer: the written files reach what the study's own runs reach."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys

import numpy as np
import pytest

import advisor
from studies.recipe import Recipe
from studies.script.frame import About
from studies.script.literals import CannotWrite
from studies.script.parts import parts_of
from studies.script.styles import STYLES, style_of
from studies.train import Training
from studies.workload_opening import open_source

from waiting import HANG_SECONDS

DATA = '''import numpy as np
import torch


def load(path, device):
    """Return inputs and targets of each part."""
    arrays = np.load(path)

    def part(name):
        return [torch.from_numpy(arrays[f"{name}_{place}"]).to(device) for place in (0, 1)]

    return {name: part(name) for name in ("train", "valid", "test")}
'''
WITHOUT_US = """import sys


class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"advisor", "studies", "dashboard", "optuna"}:
            raise ImportError(name)


sys.meta_path.insert(0, Barred())
"""
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
    arrays = {
        f"{part}_{place}": values
        for part in ("train", "valid", "test")
        for place, values in enumerate(
            (getattr(workload.dataset, part).inputs, getattr(workload.dataset, part).targets)
        )
    }
    np.savez(folder / "rows.npz", **arrays)
    (folder / "data.py").write_text(DATA)
    (folder / "sitecustomize.py").write_text(WITHOUT_US)
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
