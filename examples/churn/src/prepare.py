"""Cleans the customer table and splits it into train, valid and test.

The split is stratified by the label and depends on the seed alone, so equal
inputs give equal files, byte for byte.
"""

import argparse
import json
import pathlib

import pandas as pd
from sklearn.model_selection import train_test_split

LABEL = "churn"


def load(path):
    """Returns the table with an id column and the label as 0 and 1."""
    table = pd.read_csv(path)
    unknown = sorted(set(table[LABEL]) - {"Yes", "No"})
    if unknown:
        raise SystemExit(f"{path}: column {LABEL} holds {unknown}, expected Yes and No")
    table[LABEL] = (table[LABEL] == "Yes").astype(int)
    # The source has no key. The row number is one, as long as rows are only appended.
    table.insert(0, "id", [f"c{row:05d}" for row in range(1, len(table) + 1)])
    return table


def split(table, test_size, valid_size, seed):
    """Returns name -> rows; sizes are shares of the whole table."""
    rest, test = train_test_split(
        table, test_size=test_size, stratify=table[LABEL], random_state=seed
    )
    train, valid = train_test_split(
        rest,
        test_size=valid_size / (1 - test_size),
        stratify=rest[LABEL],
        random_state=seed,
    )
    return {"train": train, "valid": valid, "test": test}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--test-size", type=float, required=True)
    parser.add_argument("--valid-size", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()

    table = load(args.data)
    nulls = table.isna().sum()
    print(f"{args.data}: {len(table):,} customers, {table.shape[1] - 2} features")
    for column, count in nulls[nulls > 0].items():
        print(f"  {column}: {count} nulls, imputed in training")

    args.out.mkdir(parents=True, exist_ok=True)
    parts = split(table, args.test_size, args.valid_size, args.seed)
    for name, part in parts.items():
        path = args.out / f"{name}.csv"
        part.sort_values("id").to_csv(path, index=False)
        print(f"{path}: {len(part):,} rows, {part[LABEL].mean():.1%} left")

    metrics = {f"rows_{name}": len(part) for name, part in parts.items()}
    metrics["null_cells"] = int(nulls.sum())
    metrics["churn_rate"] = round(float(table[LABEL].mean()), 6)
    (args.out / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")


if __name__ == "__main__":
    main()
