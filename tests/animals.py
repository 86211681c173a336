"""A table of animals with columns of every kind, and the study of it."""

import numpy as np
import pandas as pd

import advisor


def animals(rows=90):
    generator = np.random.default_rng(0)
    size = generator.gamma(2.0, 3.0, rows).round(2)
    colour = generator.choice(["red", "green", "blue"], rows)
    return pd.DataFrame(
        {
            "size": size,
            "price": [f"${1000 + 10 * value:,.0f}" for value in size],
            "colour": colour,
            "born": pd.date_range("2020-01-01", periods=rows, freq="37h").astype(str),
            "tame": generator.choice(["yes", "no"], rows),
            "weight": (3.0 * size + (colour == "red") + generator.normal(0, 0.1, rows)).round(3),
            "sort": np.where(size > 5, "large", np.where(colour == "red", "small red", "small")),
        }
    )


def study_of(folder, target, **options):
    animals().to_csv(folder / "animals.csv", index=False)
    settings = {"budget": "3trials", "epochs": 3, "optimizers": "AdamW", "tracking_uri": "off"}
    return advisor.search(str(folder / "animals.csv"), target=target, home=folder, **settings | options)
