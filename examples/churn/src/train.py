"""Trains one gradient boosting model and measures it on the validation rows."""

import argparse
import json
import pathlib
import time

import joblib
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

LABEL = "churn"


def features(path):
    """Returns the features and the labels of a split."""
    table = pd.read_csv(path)
    return table.drop(columns=["id", LABEL]), table[LABEL]


def build(args):
    """Returns the untrained pipeline: nulls, categories, trees."""
    numbers = SimpleImputer(strategy="median", add_indicator=True)
    categories = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="unknown"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_include=object)),
    )
    trees = HistGradientBoostingClassifier(
        max_depth=args.depth,
        learning_rate=args.learning_rate,
        max_iter=args.max_iter,
        l2_regularization=args.l2,
        early_stopping=False,
        random_state=args.seed,
    )
    return make_pipeline(columns, trees)


def report_progress(model, rows, labels):
    """Prints how the validation loss falls as trees are added."""
    columns, trees = model[:-1], model[-1]
    encoded = columns.transform(rows)
    for count, scores in enumerate(trees.staged_predict_proba(encoded), start=1):
        if count % 25 == 0 or count == trees.n_iter_:
            print(f"  {count:4d} trees: valid log loss {log_loss(labels, scores[:, 1]):.4f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--depth", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--max-iter", type=int, required=True)
    parser.add_argument("--l2", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()

    rows, labels = features(args.split / "train.csv")
    valid_rows, valid_labels = features(args.split / "valid.csv")
    print(f"training on {len(rows):,} customers: depth {args.depth}, rate {args.learning_rate}")
    began = time.monotonic()
    model = build(args).fit(rows, labels)
    print(f"trained in {time.monotonic() - began:.1f} s")
    report_progress(model, valid_rows, valid_labels)

    scores = model.predict_proba(valid_rows)[:, 1]
    metrics = {
        "val_auc": roc_auc_score(valid_labels, scores),
        "val_log_loss": log_loss(valid_labels, scores),
    }
    print(f"valid: auc {metrics['val_auc']:.4f}, log loss {metrics['val_log_loss']:.4f}")

    args.out.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, args.out / "churn.joblib", compress=3)
    (args.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
