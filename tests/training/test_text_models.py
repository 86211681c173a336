"""Models of text: padding, empty rows, the order of words, sparse gradients."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from studies.optim.routing import route

from model_inputs import KINDS, LENGTH, MODELS, TEXT, build, dense, rows


@pytest.mark.parametrize("choice", TEXT)
@pytest.mark.parametrize("mode", ["eval", "train"])
def test_padding_does_not_change_what_a_text_model_says(choice, mode):
    module = build(choice(), KINDS["text"])
    module.train(mode == "train")
    short = rows(KINDS["text"], 4)[:, :5]
    padded = functional.pad(short, (0, LENGTH - 5))

    torch.testing.assert_close(module(padded), module(short))


@pytest.mark.parametrize("choice", TEXT)
def test_a_text_without_words_is_answered_and_trained_on(choice):
    module = build(choice(), KINDS["text"])
    texts = rows(KINDS["text"], 3)
    texts[1] = 0
    outputs = module(texts)
    outputs.sum().backward()

    assert outputs.isfinite().all()
    assert all(dense(parameter.grad).isfinite().all() for parameter in module.parameters())


def test_attention_is_never_left_without_a_word_to_attend_to():
    module = build(MODELS["Transformer"](), KINDS["text"])
    masks = []
    module.blocks[0].register_forward_pre_hook(lambda block, arguments: masks.append(arguments[1]))
    module(torch.tensor([[3, 4, 0], [0, 0, 0]]))

    assert masks[0].tolist() == [[False, False, True], [False, False, False]]


def test_the_order_of_words_matters_to_the_transformer_and_not_to_the_bag():
    texts = rows(KINDS["text"], 4)
    bag, transformer = (build(MODELS[name](), KINDS["text"]).eval() for name in ("Bag", "Transformer"))

    torch.testing.assert_close(bag(texts), bag(texts.flip(1)))
    assert not torch.allclose(transformer(texts), transformer(texts.flip(1)), atol=1e-4)


@pytest.mark.parametrize(("sparse", "role"), [(True, "sparse table"), (False, "table")])
def test_the_gradient_of_a_bag_is_sparse_if_asked(sparse, role):
    module = build(MODELS["Bag"](sparse=sparse), KINDS["text"])
    module(rows(KINDS["text"], 4)).sum().backward()
    table = route(module).of(role)

    assert len(table) == 1
    assert table[0].grad.is_sparse == sparse
    assert not dense(table[0].grad)[0].any()


def test_a_sparse_and_a_dense_bag_learn_the_same_gradient():
    batch, targets = rows(KINDS["text"], 8), torch.arange(8) % 5
    left, right = (build(MODELS["Bag"](sparse=sparse), KINDS["text"]) for sparse in (True, False))
    for module in (left, right):
        functional.cross_entropy(module(batch), targets).backward()

    for a, b in zip(left.parameters(), right.parameters(), strict=True):
        torch.testing.assert_close(dense(a.grad), b.grad)
