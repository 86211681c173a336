"""Data and a model that you hold in memory.

python examples/own_data.py
advisor search examples/own_data.py:workload --budget 1m                    # the same from the shell
"""

import sys

from sklearn.datasets import make_moons
from torch import nn

import advisor


class Net(nn.Module):
    """Any module that maps (batch, columns) to (batch, classes)."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 2))

    def forward(self, points):  # noqa: ANN001, ANN201, D102
        return self.layers(points)


workload = advisor.Workload(
    train=make_moons(2000, noise=0.2, random_state=0), model=Net, metric="f1", name="moons"
)

if __name__ == "__main__":
    study = advisor.search(workload, budget=sys.argv[1] if sys.argv[1:] else "60s")
    print(advisor.recommend(study))
