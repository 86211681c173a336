"""Odd modules made small: each way works on them, or says in one line that it cannot, and why."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from studies import catalogue
from studies.compression.checkpoint import Checkpoint
from studies.deployment.export import run, session
from studies.infeasible import CannotCompress
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.train import Training

from odd_modules import CLASSES, KINDS, ROWS, workload_of

pytest.importorskip("onnxruntime")
pytestmark = [
    pytest.mark.filterwarnings("ignore:Sparse invariant checks"),
    pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Exporting a model while it is in training mode"),
]
COMPUTED = ("weight norm, hook", "weight norm", "spectral norm, hook", "spectral norm", "orthogonal")
REFUSED = {
    "scripted": "it is scripted, which torch cannot export; give it unscripted",
    "locked": "it cannot be copied: cannot pickle '_thread.lock' object",
    "stateful": "count rows in the forward pass with x.shape[0]",
    "meddling": "it answers the same rows otherwise|does not run|otherwise than torch",
}


def checkpoint_of(kind):
    """Return a module of a kind as a search would leave it."""
    workload = workload_of(KINDS[kind])
    recipe = Recipe(optimizer=AdamW(lr=0.02), model=workload.model, epochs=3, batch_size=10)
    training = Training(recipe, workload, seed=0)
    training.advance(3)
    training.restore_best()
    return Checkpoint(
        number=0, recipe=recipe, seed=0, model=training.model.eval(), workload=workload,
        device=torch.device("cpu"),
    )  # fmt: skip


def answers(model):
    with torch.no_grad():
        return model.eval()(torch.from_numpy(ROWS)).numpy()


@pytest.mark.parametrize("kind", COMPUTED)
def test_computed_weights_are_made_plain_in_a_copy_that_answers_alike(kind):
    checkpoint = checkpoint_of(kind)
    before = answers(checkpoint.model)
    for _ in range(2):  # the first copy does not take the second one's weights
        trained = checkpoint.trained_model()
        assert trained.notes == ["weights that norms or parametrizations compute were made plain ones"]
        np.testing.assert_allclose(answers(trained.model), before, atol=1e-5)
        assert len(trained.weights) == 2
        assert not list(trained.model[0]._forward_pre_hooks.values())[1:]
    assert np.array_equal(answers(checkpoint.model), before)


@pytest.mark.parametrize("kind", ["double", "bfloat16"])
def test_a_module_of_another_float_type_is_made_small_in_float32(kind):
    checkpoint = checkpoint_of(kind)
    trained = checkpoint.trained_model()

    assert {weight.dtype for weight in trained.model.parameters()} == {torch.float32}
    assert "it was made 32-bit floats throughout" in trained.notes
    small = catalogue.find("quantization", "DynamicInt8")().quantize(checkpoint.exported)
    assert run(session(small.SerializeToString()), ROWS).shape == (len(ROWS), CLASSES)
    assert {weight.dtype for weight in checkpoint.model.parameters()} != {torch.float32}


@pytest.mark.parametrize("quantization", catalogue.choices("quantization"))
def test_a_table_that_is_the_output_layer_too_is_quantized_to_a_file_that_runs_or_refused(quantization):
    quantized_or_refused(checkpoint_of("tied"), quantization)


def outcome(call):
    """Return what a call returns, or None and its refusal."""
    try:
        return call(), ""
    except CannotCompress as error:
        return None, str(error)


def quantized_or_refused(checkpoint, name):
    way = catalogue.find("quantization", name)()
    if not hasattr(way, "quantize"):
        return
    small, reason = outcome(lambda: way.quantize(checkpoint.exported))
    assert "\n" not in reason
    if small is not None:
        outputs = run(session(small.SerializeToString()), ROWS)
        assert outputs.shape == (len(ROWS), CLASSES)
        assert np.isfinite(outputs).all()


def pruned_or_refused(checkpoint, name):
    trained = checkpoint.trained_model()
    _, reason = outcome(lambda: catalogue.find("pruning", name)().prune(trained))
    assert "\n" not in reason
    assert reason or answers(trained.model).shape == (len(ROWS), CLASSES)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_made_small_is_refused_with_the_reason(kind):
    with pytest.raises(CannotCompress) as caught:
        _ = checkpoint_of(kind).exported

    assert any(words in str(caught.value) for words in REFUSED[kind].split("|"))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_way_works_on_every_kind_of_module_or_refuses_and_leaves_it_as_it_was(kind):
    checkpoint = checkpoint_of(kind)
    before = {name: value.clone() for name, value in checkpoint.model.state_dict().items()}
    if outcome(checkpoint.trained_model)[1]:
        return
    for name in catalogue.choices("pruning"):
        pruned_or_refused(checkpoint, name)
    _, reason = outcome(lambda: checkpoint.exported)
    assert "\n" not in reason
    for name in () if reason else catalogue.choices("quantization"):
        quantized_or_refused(checkpoint, name)
    after = checkpoint.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items() if name != "passes")
