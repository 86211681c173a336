"""A training loop of your own.

The search picks optimizer, learning rate, schedule, batch size and your hyperparameters:

    python examples/own_loop.py
    advisor search examples/own_loop.py:fit --metric accuracy --budget 1m       # the same from the shell

`recipe` says what to train with; `report` hands over what was measured and says when to stop. What the
function does not read of the recipe is not searched: one that never looks at `recipe.schedule` keeps its
learning rate constant.
"""

import sys

import torch
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional

import advisor

images, digits = load_digits(return_X_y=True)
inputs, targets = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(digits)
TRAIN = 1200


def fit(recipe, report, seed):  # noqa: ANN001, ANN201, ARG001, D103 - torch's generator is seeded already
    width = recipe.settings["width"]
    model = nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Dropout(recipe.settings["dropout"]), nn.Linear(width, 10)
    )
    steps = TRAIN // recipe.batch_size
    optimizer = recipe.optimizer.build(model, steps * recipe.epochs)
    schedule = recipe.schedule.build(optimizer, steps * recipe.epochs)
    for epoch in range(recipe.epochs):
        model.train()
        for rows in torch.randperm(TRAIN).split(recipe.batch_size)[:steps]:
            optimizer.zero_grad()
            functional.cross_entropy(model(inputs[rows]), targets[rows]).backward()
            optimizer.step()
            schedule.step()
        with recipe.optimizer.evaluating(model), torch.no_grad():
            accuracy = (model(inputs[TRAIN:]).argmax(1) == targets[TRAIN:]).float().mean()
        if report(epoch + 1, accuracy):
            break
    return model


fit.space = {"width": IntDistribution(16, 256, log=True), "dropout": FloatDistribution(0, 0.5)}

if __name__ == "__main__":
    study = advisor.search(fit, metric="accuracy", budget=sys.argv[1] if sys.argv[1:] else "60s")
    print(advisor.recommend(study))
