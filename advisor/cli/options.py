"""The arguments and options that commands share, each with its help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from advisor.cli import completion
from advisor.goals import GOALS
from studies.plans.fairness import FAIRNESS
from studies.plans.switch import AUTO, SWITCHES
from studies.precisions import PRECISIONS

Source = Annotated[
    str,
    typer.Argument(
        help="A built-in dataset (advisor list datasets), a table, .npz or .arff file, "
        "or a folder of images.",
        autocompletion=completion.dataset,
    ),
]
StudyName = Annotated[
    str, typer.Argument(help="A study's name (advisor list studies).", autocompletion=completion.study_name)
]
Kind = Annotated[
    str,
    typer.Argument(
        help="optimizers, wrappers, schedules, regularizers, distillation, pruning, "
        "finetuning, quantization, models, datasets, rules, studies, or trials with a study's name.",
        autocompletion=completion.kind,
    ),
]
Target = Annotated[str | None, typer.Option(help="The column to predict.")]
Model = Annotated[
    str | None,
    typer.Option(
        help="linear, mlp, cnn, or your own: module:name or file.py:name.",
        autocompletion=completion.one_of("linear", "mlp", "cnn"),
    ),
]
MetricName = Annotated[
    str | None,
    typer.Option(
        "--metric",
        help="accuracy, balanced_accuracy, f1, roc_auc, log_loss, rmse, mae, r2, or a scikit-learn scorer.",
    ),
]
Task = Annotated[
    str,
    typer.Option(
        help="auto, classification or regression.",
        autocompletion=completion.one_of("auto", "classification", "regression"),
    ),
]
RowKind = Annotated[
    str | None,
    typer.Option(
        help="table, image, text or signal: what a row is; else told from the data.",
        autocompletion=completion.one_of("table", "image", "text", "signal"),
    ),
]
Time = Annotated[
    str | None, typer.Option(help="A column of dates or numbers: train on the past, validate and test later.")
]
Group = Annotated[
    str | None, typer.Option(help="A column whose equal rows belong together: a group is in one part only.")
]
SplitColumn = Annotated[str | None, typer.Option(help="A column that says train, valid or test.")]
Missing = Annotated[
    list[str] | None,
    typer.Option(
        help="Words of a table that mean a gap, as in `unknown,-999`; an empty field always does. "
        "Again for another."
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help="The memory of all optimizers, not only of the likeliest.")
]
BatchSize = Annotated[
    str | None, typer.Option(help="64, full, or a range to search such as 16..256 or 1..full.")
]
SampleRows = Annotated[
    str | None,
    typer.Option(
        help="Training rows of a search trial, or none for all; by default a sample where few runs fit."
    ),
]
Epochs = Annotated[int | None, typer.Option(help="Length of one whole run.")]
Memory = Annotated[str | None, typer.Option(help="Most bytes while training, as in 512MiB.")]
ModelSize = Annotated[str | None, typer.Option(help="Most bytes of the trained model, as in 1MB.")]
Latency = Annotated[str | None, typer.Option(help="Most time of one forward pass at batch 1, as in 2ms.")]
TrainTime = Annotated[str | None, typer.Option(help="Most time of one whole training run, as in 30s.")]
BudgetText = Annotated[
    str,
    typer.Option(
        "--budget",
        help="Of the whole search: 60s, 10m, 2h, or 200trials (confirmation runs come on top).",
    ),
]
Exhaust = Annotated[
    bool,
    typer.Option(
        "--exhaust", help="Use up the budget, even where going on is expected to gain less than the noise."
    ),
]
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rule",
        help="Sparsity=off, Convergence=0.5 or my_rules.py:MyRule; again for another (advisor list rules).",
    ),
]
Goal = Annotated[
    str | None,
    typer.Option(
        help="What decides a tie: quality, speed, memory or balanced.",
        autocompletion=completion.one_of(*GOALS),
    ),
]
Optimizers = Annotated[
    str | None,
    typer.Option(help="Only these, as in AdamW,Nesterov.", autocompletion=completion.several_of("optimizer")),
]
Schedules = Annotated[
    str | None,
    typer.Option(
        help="Only these; the first is that of the reference recipes.",
        autocompletion=completion.several_of("schedule"),
    ),
]
Regularizers = Annotated[
    str | None,
    typer.Option(help="Only these, or none.", autocompletion=completion.several_of("regularizers")),
]
Wrappers = Annotated[
    str | None,
    typer.Option(
        help="Only these (EMA, Lookahead, SAM, Cautious), or none.",
        autocompletion=completion.several_of("wrappers"),
    ),
]
Direction = Annotated[
    str | None,
    typer.Option(
        help="maximize or minimize: of your own metric, when its name does not tell.",
        autocompletion=completion.one_of("maximize", "minimize"),
    ),
]
ClassWeights = Annotated[
    str,
    typer.Option(
        help="none, or balanced: rare classes count as much as frequent ones in training.",
        autocompletion=completion.one_of("none", "balanced"),
    ),
]
Runs = Annotated[
    Path | None,
    typer.Option(
        "--records", help="A CSV of anybody's runs: optimizer, the metric, and whatever else is known."
    ),
]
Pretrained = Annotated[
    bool, typer.Option("--pretrained", help="Your model starts from trained weights: this is fine-tuning.")
]
OpenEnded = Annotated[
    bool, typer.Option("--open-ended", help="How long the real run will be is not known in advance.")
]
EarlierStudies = Annotated[
    bool, typer.Option(help="Start also from the best recipes of your earlier similar studies.")
]
Portfolio = Annotated[
    bool, typer.Option(help="Open with recipes that did well in recorded runs of this class of problems.")
]
StartFrom = Annotated[
    str | None,
    typer.Option(help="A study whose best recipes it starts from, similar or not: imported runs too."),
]
Starts = Annotated[
    list[str] | None,
    typer.Option(help="A recipe file, as in an export's recipe.toml, to start from too. Again for another."),
]
Compression = Annotated[
    str,
    typer.Option(
        help="off; after: the finalists, in 40 % of the budget; "
        "joint: along with training, under a size limit.",
        autocompletion=completion.one_of("off", "after", "joint"),
    ),
]
Passes = Annotated[
    str | None,
    typer.Option(
        help="Passes that a compression may try, as in Channels,WeightOnly; by default all that are offered."
    ),
]
CompressionBudget = Annotated[
    str | None,
    typer.Option("--budget", help="Of the compression alone, a total: 60s, 10m, 200trials; by default 5m."),
]
Students = Annotated[
    list[str] | None,
    typer.Option(
        "--student", help="A model to distil into; again for another (and smaller ones of your own)."
    ),
]
Teacher = Annotated[
    str | None, typer.Option(help="file.py:name of a function that returns a trained model to distil from.")
]
NewStudy = Annotated[
    str | None, typer.Option("--study", help="A name for the study; by default the dataset's with a number.")
]
Home = Annotated[Path | None, typer.Option(help="Where studies live; by default $ADVISOR_HOME or .advisor.")]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        help="Where MLflow runs go; by default $MLFLOW_TRACKING_URI, else mlflow.db in the home; `off`: none."
    ),
]
Register = Annotated[
    str | None,
    typer.Option(help="Register the recommended model in MLflow under this name, when the search is over."),
]
Retrain = Annotated[
    str,
    typer.Option(help="all: train once more, on the rows that trained and those that validated."),
]
Ensemble = Annotated[bool, typer.Option("--ensemble", help="Average the answers of all confirmation seeds.")]
Device = Annotated[
    str,
    typer.Option(
        help="auto, cpu, cuda or mps.", autocompletion=completion.one_of("auto", "cpu", "cuda", "mps")
    ),
]
Workers = Annotated[
    str | None,
    typer.Option(
        help="Trials that train at a time: auto for as many as the machine bears, or a number; 0 trains "
        "in this process, for a debugger. $ADVISOR_WORKERS says it too.",
        autocompletion=completion.one_of("auto"),
        show_default="auto",
    ),
]
TrialTime = Annotated[
    str | None,
    typer.Option(
        help="Longest time of a whole run, such as 10m; one that takes longer is ended and counts as failed.",
        show_default="many times what others took",
    ),
]
Fair = Annotated[
    str,
    typer.Option(
        help="What an optimizer gets before its recipes may be stopped: contention (one recipe at the first "
        "rung, whole runs while it may still win) or strict (whole runs, and as many as every other).",
        autocompletion=completion.one_of(*FAIRNESS),
    ),
]
Precision = Annotated[
    str,
    typer.Option(
        help="Of the products in training passes: float32, bf16, or auto, which is bf16 where a GPU is "
        "measured to gain by it. Weights and validation stay in 32 bits.",
        autocompletion=completion.one_of(AUTO, *PRECISIONS),
    ),
]
Compiling = Annotated[
    str,
    typer.Option(
        help="Whether torch compiles the training passes: on, off, or auto, which does where a GPU is "
        "measured to gain by it.",
        autocompletion=completion.one_of(*SWITCHES),
    ),
]
Lockstep = Annotated[
    str,
    typer.Option(
        help="Whether small models train as one stack, step by step together: auto (measured where all "
        "trials have one batch size and one worker, or a GPU), on (at one batch size), or off.",
        autocompletion=completion.one_of(*SWITCHES),
    ),
]
Seed = Annotated[int, typer.Option(help="Of the split, the weights and the proposals.")]
TuneModel = Annotated[
    bool | None,
    typer.Option(help="Search the model's own fields too; by default only those of your own model."),
]
Config = Annotated[
    Path | None,
    typer.Option(help="A TOML file with any of these options; what is typed here goes before it."),
]
SaveConfig = Annotated[
    Path | None, typer.Option(help="Write all of these options, as they are now, to a TOML file.")
]
AllowCode = Annotated[
    bool,
    typer.Option(
        "--allow-code", help="Run the rules and optimizers that the study names as code (file.py:name)."
    ),
]
Full = Annotated[
    bool,
    typer.Option("--full", help="The whole answer: every reason, alternative and check, and the recipe."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
