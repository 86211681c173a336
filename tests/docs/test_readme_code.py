"""The blocks of docs/guides/from-code.md run as they stand, with the names that they leave to the reader."""

import re
from pathlib import Path

import torch
from sklearn.datasets import load_iris
from torch import nn
from torch.nn import functional

import advisor

DOCUMENT = Path(__file__).parents[2] / "docs" / "guides" / "from-code.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
ROWS, LABELS = load_iris(return_X_y=True)
INPUTS, TARGETS = torch.tensor(ROWS, dtype=torch.float32), torch.tensor(LABELS)


def run(holding, replace, **names):
    """Run the block that holds some text, with names of the reader's own, in seconds rather than minutes."""
    (block,) = [block for block in BLOCKS if holding in block]
    namespace = {"advisor": advisor, **names}
    exec(replace(block), namespace)  # noqa: S102 - the document is ours
    return namespace


def test_the_workload_is_searched():
    def net(inputs, outputs):
        return nn.Linear(inputs, outputs)

    names = run(
        'metric="f1"',
        lambda block: block.replace('budget="5m"', 'budget="2trials", epochs=1, tracking_uri="off"'),
        rows=ROWS,
        labels=LABELS,
        Net=net,
    )
    assert advisor.recommend(names["study"]).metric == "f1"


def test_the_own_loss_is_searched():
    images = torch.randn(40, 1, 6, 6)
    names = run(
        "masks_of_images",
        lambda block: block.replace('budget="5m"', 'budget="2trials", epochs=1, tracking_uri="off"'),
        nn=nn,
        images=images,
        masks=(images[:, 0] > 0).long(),
        Segmenter=lambda: nn.Conv2d(1, 2, 3, padding=1),
    )
    assert advisor.recommend(names["study"]).metric == "loss"


def test_the_training_loop_is_searched():
    def make_model(width):
        return nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 3))

    def train_an_epoch(model, optimizer, schedule, batch_size):
        for rows in torch.randperm(150).split(batch_size):
            optimizer.zero_grad()
            functional.cross_entropy(model(INPUTS[rows]), TARGETS[rows]).backward()
            optimizer.step()
            schedule.step()

    def accuracy(model):
        return (model(INPUTS).argmax(1) == TARGETS).float().mean()

    names = run(
        "def fit(",
        lambda block: block.replace('budget="5m"', 'budget="2trials", epochs=9, tracking_uri="off"'),
        make_model=make_model,
        train_an_epoch=train_an_epoch,
        accuracy=accuracy,
        total_steps=100,
    )
    assert advisor.recommend(names["study"]).quality > 0.5
