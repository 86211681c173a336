"""Studies of every kind as pages meet them, and a page run headless on one of them."""

import pkgutil
from importlib import import_module
from inspect import signature

import optuna
from streamlit.testing.v1 import AppTest

from dashboard import views
from studies.storage.journal import change_manifest, create_study
from studies.storage.manifest import StudyManifest

from records import confirmations, facts, record
from waiting import HANG_SECONDS

VIEWS = sorted(
    module.name
    for module in pkgutil.iter_modules(views.__path__)
    if list(signature(import_module(f"dashboard.views.{module.name}").show).parameters) == ["home", "name"]
)
"""Pages that show one study, by name."""
OPTIMIZERS = ("SGD", "Momentum", "AdamW")
PLAN = {
    "candidates": list(OPTIMIZERS), "metric": "accuracy", "goal": "balanced", "valid_rows": 360, "limits": {},
    "batch_size": [16, 32, 128], "dataset": "digits", "epochs": 9,
    "schedules": ["Cosine"], "budget": {"trials": 40},
    "workload": {"source": "digits", "model": "Linear", "model_fields": {}, "metric": "accuracy"},
}  # fmt: skip
RATES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2)


def adamw(number, lr, *, horizon=1.0, batch_size=32, quality=None, **fields):
    """Return a trial of AdamW whose quality is best at lr 1e-3."""
    from studies.optimizers.adamw import AdamW
    from studies.space import ranges

    spans = ranges(AdamW)
    params = {"optimizer.AdamW.lr": lr, "optimizer.AdamW.decay_horizon": horizon, "batch_size": batch_size}
    units = {
        "optimizer.lr": spans["lr"].to_unit(lr),
        "optimizer.decay_horizon": spans["decay_horizon"].to_unit(horizon),
    }
    value = 0.95 - 0.1 * abs(units["optimizer.lr"]) if quality is None else quality
    return record(number, "AdamW", value, params=params, units=units, **fields)


SWEEP = tuple(
    adamw(number, lr, horizon=horizon, batch_size=16 * 2 ** (number % 3))
    for number, (lr, horizon) in enumerate((lr, horizon) for horizon in (0.3, 3.0, 30.0) for lr in RATES)
)
"""21 whole runs over lr and weight decay."""
RACE = (
    record(0, "SGD", 0.80, stage="reference"),
    record(1, "Momentum", 0.85, stage="reference"),
    record(2, "AdamW", 0.90, stage="reference"),
    record(3, "SGD", 0.70, state="pruned"),
    adamw(4, 2e-3, quality=0.88),
    record(5, "Momentum", None, state="infeasible", error="needs 9 MiB, the limit is 8 MiB"),
    adamw(6, 5e-3, quality=0.93),
    record(7, "Momentum", None, state="failed"),
)
STUDIES = {
    "full": (*RACE, *confirmations(8, "AdamW", (0.92, 0.94, 0.93), source=6)),
    "sweep": SWEEP,
    "single": (record(0, "AdamW", 0.9, stage="reference"),),
    "pruned": (record(0, "AdamW", 0.5, state="pruned"),),
    "failed": (record(0, "AdamW", None, state="failed"), record(1, "SGD", None, state="failed")),
    "nan": (record(0, "AdamW", float("nan")),),
    "elsewhere": (
        record(0, "NotInstalled", 0.9),
        record(1, "NotInstalled", 0.8, params={"optimizer.NotInstalled.lr": 0.5}),
    ),
    "begun": (),
}


def fill(home, studies=STUDIES, **plan):
    """Write these studies into a home and return it."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for name, trials in studies.items():
        study = create_study(
            home,
            name,
            direction="maximize",
            manifest=StudyManifest.from_dict(PLAN | {"facts": facts().to_dict()} | plan),
        )
        for each in trials:
            value = each.quality if each.quality == each.quality and each.quality is not None else 0.0
            attributes = {"record": each.to_dict()}
            study.add_trial(
                optuna.trial.create_trial(value=value, params={}, distributions={}, user_attrs=attributes)
            )
        if name == "full":
            change_manifest(study, recommendation={"markdown": "", "json": "{}"})
    return home


def page(view, home, name, **address):
    """Return one page, ready to run on one study, opened at an address."""

    def script(view, home, name):
        from importlib import import_module
        from pathlib import Path

        import_module(f"dashboard.views.{view}").show(Path(home), name)

    opened = AppTest.from_function(script, args=(view, str(home), name), default_timeout=HANG_SECONDS)
    for parameter, value in address.items():
        opened.query_params[parameter.replace("_", "-")] = value
    return opened


def words(shown):
    """Return all running text of a page."""
    kinds = (
        shown.title,
        shown.header,
        shown.markdown,
        shown.caption,
        shown.info,
        shown.warning,
        shown.error,
    )
    text = "\n".join(element.value for kind in kinds for element in kind)
    return text.replace("\\", "").replace("\N{NO-BREAK SPACE}", " ")
