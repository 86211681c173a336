"""An Optuna study of your own: advice on its trials, and a search that starts from the best of them.

    python examples/import_optuna.py [budget]

Your own study stays as it is: which param is the optimizer and which the learning rate is told from their
names.
"""

import sys

import optuna
import torch
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional

import advisor
from advisor.jobs.importing import import_runs
from advisor.jobs.runs.sources.optuna_study import OptunaStudy
from studies.storage.home import default_home

rows, labels = load_iris(return_X_y=True)
parts = train_test_split(torch.tensor(rows, dtype=torch.float32), torch.tensor(labels), random_state=0)
train_rows, valid_rows, train_labels, valid_labels = parts


def objective(trial: optuna.Trial) -> float:
    """Train a small net as anybody might, and return its accuracy on the validation rows."""
    name = trial.suggest_categorical("optimizer", ["Adam", "SGD"])
    lr = trial.suggest_float("learning_rate", 1e-3, 0.3, log=True)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = getattr(torch.optim, name)(model.parameters(), lr=lr)
    for epoch in range(20):
        optimizer.zero_grad()
        functional.cross_entropy(model(train_rows), train_labels).backward()
        optimizer.step()
        accuracy = float((model(valid_rows).argmax(1) == valid_labels).float().mean())
        trial.report(accuracy, epoch)
    return accuracy


optuna.logging.set_verbosity(optuna.logging.WARNING)
sampler = optuna.samplers.TPESampler(seed=0)
study = optuna.create_study(direction="maximize", study_name="my-nets", sampler=sampler)
study.optimize(objective, n_trials=12)

print(advisor.recommend(study, metric="accuracy"))

# kept as a study; on the command line: advisor import optuna sqlite:///my.db --study my-nets
imported = import_runs(default_home(), OptunaStudy(where=study))
budget = sys.argv[1] if len(sys.argv) > 1 else "1m"
options = {"optimizers": ("Adam", "SGD"), "tracking_uri": "off"}
name = advisor.search("iris", budget=budget, start_from=imported.study, **options)
print(advisor.recommend(name))
