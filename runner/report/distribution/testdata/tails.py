"""Writes tails.json: tails as SciPy has them.  python3 tails.py > tails.json"""
import json
from scipy import stats

chi2 = [[x, df, stats.chi2.sf(x, df)] for df in (0.5, 1, 2, 3, 4.5, 9, 30, 100, 1000, 20000)
        for x in (1e-6, 0.01, df / 3, df * 0.9, df, df + 1, df * 1.3, df * 2, df + 60) if stats.chi2.sf(x, df) > 1e-290]
kolmogorov = [[x, stats.kstwobign.sf(x)] for x in (0.05, 0.2, 0.3, 0.5, 0.8, 0.99, 1, 1.01, 1.3, 1.95, 3, 5, 11)]
print(json.dumps({"chi2": chi2, "kolmogorov": kolmogorov}, indent=1))
