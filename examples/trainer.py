"""A transformer in Hugging Face's Trainer: random weights, rows in memory, nothing is downloaded.

The search picks optimizer, learning rate, schedule and batch size; a trial that is not worth going on with is
stopped by the callback:

    python examples/trainer.py
    advisor search examples/trainer.py:fit --metric accuracy --budget 1m   # the same from the shell
"""

import sys
import tempfile

import torch
from torch.utils.data import Dataset
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    PrinterCallback,
    Trainer,
    TrainingArguments,
)

import advisor

CONFIG = BertConfig(
    vocab_size=24,
    hidden_size=32,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=64,
    max_position_embeddings=8,
    num_labels=3,
)


class Sentences(Dataset):
    """Sentences of eight words; the class is which of the words 1, 2 and 3 occurs."""

    def __init__(self, rows, seed):  # noqa: ANN001, ANN204
        draw = torch.Generator().manual_seed(seed)
        self.words = torch.randint(4, 24, (rows, 8), generator=draw)
        self.labels = torch.randint(3, (rows,), generator=draw)
        self.words[torch.arange(rows), torch.randint(8, (rows,), generator=draw)] = self.labels + 1

    def __len__(self):  # noqa: ANN204
        return len(self.labels)

    def __getitem__(self, row):  # noqa: ANN001, ANN204
        return {"input_ids": self.words[row], "labels": self.labels[row]}


train, valid = Sentences(600, seed=0), Sentences(200, seed=1)


def accuracy(prediction):  # noqa: ANN001, ANN201, D103
    return {"accuracy": float((prediction.predictions.argmax(1) == prediction.label_ids).mean())}


def fit(recipe, report, seed):  # noqa: ANN001, ANN201, D103
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=recipe.epochs,
            per_device_train_batch_size=recipe.batch_size,
            eval_strategy="epoch",
            save_strategy="no",
            max_grad_norm=0.0,  # the Trainer clips at 1 unasked; the recipe says what is clipped
            seed=seed,
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
        )
        model = BertForSequenceClassification(CONFIG)
        trainer = Trainer(
            model,
            arguments,
            train_dataset=train,
            eval_dataset=valid,
            compute_metrics=accuracy,
            optimizers=advisor.transformers.optimizers(
                recipe, model, advisor.transformers.steps(arguments, len(train))
            ),
            callbacks=[advisor.transformers.Report(report, metric="eval_accuracy")],
        )
        trainer.remove_callback(PrinterCallback)  # it would print every measurement of every trial
        trainer.train()
    return model


if __name__ == "__main__":
    study = advisor.search(fit, metric="accuracy", epochs=9, budget=sys.argv[1] if sys.argv[1:] else "60s")
    print(advisor.recommend(study))
