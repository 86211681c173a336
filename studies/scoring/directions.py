"""Directions by name: which way the usual metrics are better, never guessed against the sense of a name.

Standard library only, so that whatever reads records stays light.
"""

from __future__ import annotations

import re
from typing import Final

from studies.direction import MAXIMIZE, MINIMIZE, Direction
from studies.errors import BadValue, shown

HIGHER: Final = frozenset(
    """
    acc accuracy auc aucpr auroc auprc average_precision bleu chrf cider concordance_index
    cosine_similarity d2 d2_absolute_error d2_brier d2_log_loss d2_pinball d2_tweedie dice
    explained_variance f1 f2 fbeta average_precision_at_k fowlkes_mallows hit_rate iou jaccard kappa
    likelihood log_likelihood matthews matthews_corrcoef mcc mean_average_precision meteor mrr ndcg
    pearson positive_likelihood_ratio precision psnr r2 rand recall reciprocal_rank brier_skill
    rouge sensitivity silhouette snr spearman specificity ssim true_negative_rate true_positive_rate
    v_measure
    """.split()  # noqa: SIM905 - read more easily
)
"""Ends of the names of metrics of which more is better."""
LOWER: Final = frozenset(
    """
    absolute_error brier cer cost cross_entropy crossentropy deviance ece err error error_rate
    expected_calibration_error calibration_error davies_bouldin divergence fid fpr95
    false_negative_rate false_positive_rate hamming_distance edit_distance kid kl_divergence logloss
    loss lpips mae mape mase mean_squared_error misclassification_rate mse negative_likelihood_ratio
    negative_log_likelihood neg_log_likelihood nll perplexity ppl regret rmse rmsle rse smape wer
    word_error_rate
    """.split()  # noqa: SIM905 - read more easily
)
"""Ends of the names of metrics of which less is better."""
HIGHER_ALONE: Final = frozenset({"map", "ap", "reward", "return", "elbo", "completeness", "homogeneity"})
"""Names that mean a metric by themselves, and behind other words something else: `feature_map`."""
TURNING: Final = frozenset({"neg", "negative", "negated", "minus"})
UNCLEAR: Final = frozenset(
    {"anti", "complement", "d2", "inv", "inverse", "inverted", "no", "non", "not", "reciprocal", "skill"}
)
"""Words before a known end that may turn its sense."""
PARTS: Final = frozenset(
    """
    avg average best dev eval final macro mean median micro test train training val valid validation
    """.split()  # noqa: SIM905 - read more easily
)
"""Words that say of what rows, or how it is averaged."""


def direction_of(name: str, direction: str | None = None) -> Direction:
    """Return the direction of a metric: the one said, or as its name is known to go.

    Raises:
        BadValue: neither of the two, or a name that does not tell.
    """
    if direction is not None:
        return Direction(direction)
    toward = _known(_words(name))
    if toward is None:
        raise BadValue(
            f"whether {shown(name)} is made large or small is not known here; "
            "say --direction maximize or minimize (from Python: direction=)"
        )
    return toward


def _words(name: str) -> list[str]:
    """Return the words of a name, in either way of writing: `MeanSquaredError`, `mean_squared_error`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return [word for word in re.split(r"[^a-z0-9]+", apart.lower()) if word]


def _known(words: list[str]) -> Direction | None:
    """Return the direction of the longest known end of a name, turned where the words before it turn it."""
    while (
        len(words) > 1 and words[-1] == "score"
    ):  # says nothing: a Brier score is an error, an F1 score is not
        words = words[:-1]
    for first in range(len(words)):
        before, end = words[:first], "_".join(words[first:])
        if (toward := _of_end(end, before)) is not None:
            if UNCLEAR & set(before):
                return None
            turns = sum(word in TURNING for word in before)
            return (MINIMIZE if toward is MAXIMIZE else MAXIMIZE) if turns % 2 else toward
    return None


def _of_end(end: str, before: list[str]) -> Direction | None:
    if end in HIGHER or (end in HIGHER_ALONE and set(before) <= PARTS | TURNING):
        return MAXIMIZE
    return MINIMIZE if end in LOWER else None
