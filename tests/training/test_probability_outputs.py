"""Models whose outputs are probabilities already: told where the loss makes them so once more."""

from __future__ import annotations

import pytest
from torch import nn

from studies.workload import Workload

from loss_forms import LABELS, MANY_LABELS, TABLE, opened


class EndsInSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 2), nn.Softmax(dim=1))


class EndsInLogSoftmax(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 2), nn.LogSoftmax(dim=1))


class EndsInSigmoid(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(5, 3), nn.Sigmoid())


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        (Workload(train=(TABLE, LABELS), model=EndsInSoftmax), "applies a softmax once more"),
        (Workload(train=(TABLE, LABELS), model=EndsInLogSoftmax), "log-probabilities"),
        (
            Workload(train=(TABLE, LABELS), model=EndsInSoftmax, loss=nn.CrossEntropyLoss()),
            "softmax once more",
        ),
        (Workload(train=(TABLE, MANY_LABELS), model=EndsInSigmoid, loss=nn.BCEWithLogitsLoss()), "one more"),
    ],
)
def test_outputs_that_are_probabilities_already_are_told(workload, said):
    assert any(said in note for note in opened(workload).notes)


def test_logits_and_probabilities_for_a_loss_that_wants_them_are_not_remarked():
    quiet = (
        Workload(train=(TABLE, LABELS), model=lambda: nn.Linear(5, 2)),
        Workload(train=(TABLE, MANY_LABELS), model=EndsInSigmoid, loss=nn.BCELoss()),
        Workload(train=(TABLE, LABELS), model=EndsInLogSoftmax, loss=nn.NLLLoss()),
    )
    assert not any(
        "probabilities" in note or "Sigmoid" in note for each in quiet for note in opened(each).notes
    )
