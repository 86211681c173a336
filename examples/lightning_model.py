"""A LightningModule of your own, in Lightning's Trainer.

The search picks optimizer, learning rate, schedule, batch size and your hyperparameters; a trial that is not
worth going on with is stopped by the callback:

    python examples/lightning_model.py
    advisor search examples/lightning_model.py:fit --metric accuracy --budget 1m   # the same from the shell
"""

import logging
import sys
import warnings

import lightning.pytorch as pl
import torch
from optuna.distributions import IntDistribution
from sklearn.datasets import load_digits
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

import advisor

logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
warnings.filterwarnings("ignore", message=".*does not have many workers.*")

images, digits = load_digits(return_X_y=True)
inputs, targets = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(digits)
train, valid = TensorDataset(inputs[:1200], targets[:1200]), TensorDataset(inputs[1200:], targets[1200:])


class Net(pl.LightningModule):  # noqa: D101
    def __init__(self, recipe):  # noqa: ANN001, ANN204
        super().__init__()
        self.recipe = recipe
        width = recipe.settings["width"]
        self.layers = nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, 10))

    def training_step(self, batch, batch_idx):  # noqa: ANN001, ANN201, ARG002, D102
        rows, labels = batch
        return functional.cross_entropy(self.layers(rows), labels)

    def validation_step(self, batch, batch_idx):  # noqa: ANN001, ANN201, ARG002, D102
        rows, labels = batch
        outputs = self.layers(rows)
        self.log("val_loss", functional.cross_entropy(outputs, labels))
        self.log("val_acc", (outputs.argmax(1) == labels).float().mean())

    def configure_optimizers(self):  # noqa: ANN201, D102
        return advisor.lightning.optimizers(self.recipe, self)


def fit(recipe, report, seed):  # noqa: ANN001, ANN201, ARG001, D103 - torch's generator is seeded already
    trainer = pl.Trainer(
        max_epochs=recipe.epochs,
        callbacks=[advisor.lightning.Report(report, metric="val_acc")],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    net = Net(recipe)
    batches = DataLoader(train, batch_size=recipe.batch_size, shuffle=True)
    trainer.fit(net, batches, DataLoader(valid, batch_size=600))
    return net


fit.space = {"width": IntDistribution(16, 256, log=True)}

if __name__ == "__main__":
    study = advisor.search(fit, metric="accuracy", epochs=9, budget=sys.argv[1] if sys.argv[1:] else "60s")
    print(advisor.recommend(study))
