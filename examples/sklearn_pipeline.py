"""Passengers of a ship in a scikit-learn pipeline: columns chosen first, then a search behind `fit`.

    python examples/sklearn_pipeline.py            # a budget of 30 trials
    python examples/sklearn_pipeline.py 3trials

Prints the recommendation, how good it is on rows that were kept away from it, and predictions for new rows.
"""

import sys

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

from advisor.sklearn import AdvisedClassifier

BUDGET = sys.argv[1] if len(sys.argv) > 1 else "30trials"


def passengers(rows: int = 300) -> tuple[pd.DataFrame, pd.Series]:
    """Return made-up passengers, with gaps, and whether each was saved."""
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "deck": draw.choice(["upper", "middle", "lower"], rows),
            "age": np.where(draw.random(rows) < 0.2, np.nan, draw.integers(1, 80, rows)),
            "fare": draw.lognormal(3, 1, rows).round(2),
            "boarded": pd.Timestamp("1912-04-01") + pd.to_timedelta(draw.integers(0, 10, rows), unit="D"),
            "ticket": [f"A{number}" for number in range(rows)],
        }
    )
    chance = (frame["deck"] == "upper") * 0.5 + (frame["age"] < 15) * 0.3 + 0.1
    saved = pd.Series(np.where(draw.random(rows) < chance, "saved", "lost"), name="fate")
    return frame, saved


def main() -> None:
    """Fit, score, predict."""
    frame, fate = passengers()
    train, test, train_fate, test_fate = train_test_split(frame, fate, random_state=0, stratify=fate)
    without_ticket = make_column_transformer(("drop", ["ticket"]), remainder="passthrough")
    without_ticket.set_output(transform="pandas")  # the columns keep their names and kinds
    pipeline = make_pipeline(without_ticket, AdvisedClassifier(budget=BUDGET, epochs=10, random_state=0))

    pipeline.fit(train, train_fate)
    print(pipeline[-1].recommendation_)
    print(f"\naccuracy on {len(test)} other rows: {pipeline.score(test, test_fate):.3f}")
    print("first of them:", *pipeline.predict(test.head()))

    quick = make_pipeline(without_ticket, AdvisedClassifier(budget="2trials", epochs=5, random_state=0))
    print("two folds:", cross_val_score(quick, train, train_fate, cv=2).round(3))


if __name__ == "__main__":
    main()
