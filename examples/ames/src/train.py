"""Learns prices from a part of the houses and predicts those of the others."""

import argparse
import pathlib

import pandas as pd
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
import numpy as np

PRICE = "Sale_Price"
SHOWN = ["Neighborhood", "Bldg_Type", "Year_Built", "Gr_Liv_Area", "Overall_Cond", "Central_Air"]


def build(args):
    """Returns an untrained model of the logarithm of the price."""
    encoded = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), make_column_selector(dtype_include=object)),
        remainder="passthrough",
    )
    trees = HistGradientBoostingRegressor(
        learning_rate=args.learning_rate, max_iter=args.max_iter, max_leaf_nodes=args.max_leaf_nodes,
        early_stopping=False, random_state=args.seed,
    )
    return TransformedTargetRegressor(make_pipeline(encoded, trees), func=np.log, inverse_func=np.exp)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--test-size", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--max-iter", type=int, required=True)
    parser.add_argument("--max-leaf-nodes", type=int, required=True)
    args = parser.parse_args()

    houses = pd.read_csv(args.data)
    # The source has no key. The row number is one, as long as rows are only appended.
    houses.insert(0, "id", [f"h{row:04d}" for row in range(1, len(houses) + 1)])
    train, test = train_test_split(houses, test_size=args.test_size, random_state=args.seed)
    print(f"{len(train):,} houses to learn from, {len(test):,} to predict")
    model = build(args).fit(train.drop(columns=["id", PRICE]), train[PRICE])
    predicted = model.predict(test.drop(columns=["id", PRICE]))

    args.out.parent.mkdir(parents=True, exist_ok=True)
    table = test[["id", PRICE, *SHOWN]].assign(predicted=predicted.round(0))
    table.sort_values("id").to_csv(args.out, index=False)


if __name__ == "__main__":
    main()
