"""Scores the test customers with the chosen model. What the scores are worth is
told by the next job: predictions in, metrics with intervals out."""

import argparse
import pathlib

import joblib
import pandas as pd

LABEL = "churn"
SHOWN = ["female", "senior_citizen", "tenure", "internet_service", "contract", "payment_method", "monthly_charges"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()

    test = pd.read_csv(args.test)
    model = joblib.load(args.model)
    scores = model.predict_proba(test.drop(columns=["id", LABEL]))[:, 1]
    print(f"{len(test):,} customers the model has not seen")

    args.out.parent.mkdir(parents=True, exist_ok=True)
    test[["id", LABEL, *SHOWN]].assign(score=scores.round(6)).to_csv(args.out, index=False)


if __name__ == "__main__":
    main()
