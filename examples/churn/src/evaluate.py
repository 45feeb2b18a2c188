"""Scores the test customers with the chosen model and writes what it is worth."""

import argparse
import json
import pathlib

import joblib
import pandas as pd
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

LABEL = "churn"


def measure(labels, scores, threshold):
    """Returns the metrics of scores (probabilities to leave) against labels (0, 1)."""
    called = (scores >= threshold).astype(int)
    return {
        "auc": roc_auc_score(labels, scores),
        "accuracy": accuracy_score(labels, called),
        "f1": f1_score(labels, called),
        "log_loss": log_loss(labels, scores),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--test", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--threshold", type=float, required=True)
    args = parser.parse_args()

    test = pd.read_csv(args.test)
    model = joblib.load(args.model)
    scores = model.predict_proba(test.drop(columns=["id", LABEL]))[:, 1]
    metrics = measure(test[LABEL], scores, args.threshold)
    print(f"{len(test):,} customers the model has not seen")
    for name, value in metrics.items():
        print(f"  {name:<9} {value:.4f}")
    for contract, part in test.assign(score=scores).groupby("contract"):
        print(f"  auc of {contract}: {roc_auc_score(part[LABEL], part['score']):.4f} ({len(part):,} rows)")

    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    kept = test[["id", LABEL, "contract", "internet_service", "tenure"]]
    kept.assign(score=scores.round(6)).to_csv(args.out / "predictions.csv", index=False)


if __name__ == "__main__":
    main()
