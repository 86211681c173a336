"""From a CSV to predictions for rows that were not there yet.

python examples/csv_to_predictions.py
advisor search wine.csv --target target; advisor predict wine-1 new.csv --out predictions.csv       # the same
"""

import sys

from sklearn.datasets import load_wine

import advisor

if __name__ == "__main__":
    wines = load_wine(as_frame=True).frame.sample(frac=1, random_state=0)
    wines.iloc[:150].to_csv("wine.csv", index=False)
    new = wines.iloc[150:].drop(columns="target")

    study = advisor.search("wine.csv", target="target", budget=sys.argv[1] if sys.argv[1:] else "20s")
    print(advisor.recommend(study))

    bundle = advisor.load(study)
    predictions = bundle.predict(new)
    new.assign(prediction=predictions.values).to_csv("predictions.csv", index=False)
    print(f"{len(predictions)} new rows, as {bundle.about.weights}:", ", ".join(predictions.values[:5]))
    bundle.save("wine-bundle")  # predicts without the study: advisor predict wine-bundle new.csv
