"""A request is typed, and says in one line what is wrong with it; people write it more plainly."""

import numpy as np
import pytest

from advisor.jobs.request import Request
from studies.errors import BadValue
from studies.limits import Budget, Limits


def test_a_request_is_read_as_people_write_it():
    written = Request.of(
        "digits",
        budget="10m",
        memory="512MiB",
        latency="2ms",
        optimizers=["sgd", "AdamW"],
        regularizers="none",
        batch_size=np.int64(64),
        seed=np.int64(3),
        schedules="Cosine, Constant",
        wrappers=(),
    )
    assert written == Request(
        source="digits",
        budget=Budget(seconds=600.0),
        limits=Limits(train_bytes=2**29, latency_seconds=0.002),
        optimizers=("sgd", "AdamW"),
        regularizers=(),
        batch_size="64",
        seed=3,
        schedules=("Cosine", "Constant"),
        wrappers=(),
    )


def test_a_metric_of_the_users_own_is_named():
    assert Request.of("digits", metric=_judge).metric.endswith(":_judge")


def _judge(outputs, targets):
    return 0.0


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("epochs", "9", "epochs is str; give a whole number or None"),
        ("epochs", True, "epochs is bool; give a whole number or None"),
        ("seed", 1.5, "seed is float; give a whole number"),
        ("pretrained", "yes", "pretrained is str; give True or False"),
        ("target", 3, "target is int; give a text or None"),
        ("optimizers", "AdamW", "optimizers is str; give names"),
        ("rules", (1,), "rules is tuple; give names"),
        ("wrappers", ["EMA"], "wrappers is list; give names or None"),
        ("limits", "1MiB", "limits is str; give an advisor.Limits"),
        ("budget", "10m", "budget is str; give an advisor.Budget"),
        ("batch_size", 64, "batch_size is int; give a text or None"),
    ],
)
def test_a_field_of_another_type_is_refused_in_one_line(option, value, line):
    with pytest.raises(BadValue) as refused:
        Request(source="digits", **{option: value})
    assert str(refused.value) == line


def test_an_option_that_is_not_there_is_said_with_the_nearest():
    with pytest.raises(BadValue, match="there is no option 'epoch'; did you mean 'epochs'"):
        Request.of("digits", epoch=3)


@pytest.mark.parametrize(
    ("option", "value"), [("budget", "soon"), ("memory", "much"), ("epochs", "9"), ("seed", None)]
)
def test_what_cannot_be_read_is_refused(option, value):
    with pytest.raises(BadValue):
        Request.of("digits", **{option: value})


def test_a_class_weight_that_means_nothing_is_refused():
    with pytest.raises(BadValue, match="class weights 'Balanced' is not one of none, balanced"):
        Request.of("iris", class_weights="Balanced")
