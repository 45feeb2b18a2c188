package metric

// regressionFamilies are the metrics of predicted numbers.
func regressionFamilies() []family {
	number := func(m Metric, with func(*Metric), aliases ...string) family {
		m.Tasks, m.Needs = []Task{Regression, Forecast}, NeedScore
		if m.Better == Lower {
			m.High = inf
		}
		return family{Metric: m, aliases: aliases, with: with}
	}
	const hyndman = "Hyndman and Koehler, Another look at measures of forecast accuracy (2006)"
	q := number(Metric{Name: "quantile_loss", Display: "Quantile loss", Better: Lower, Unit: "label", Arg: Arg{Kind: Quantile},
		Doc: "Pinball loss, least where the prediction is the quantile.", Formula: "mean(max(q (y − ŷ), (q − 1) (y − ŷ)))",
		Source: "Koenker and Bassett, Regression quantiles (1978)", Edge: "At 0.5 it is half the mean absolute error."},
		func(m *Metric) { mean(pinball(m.Arg.Value))(m) }, "pinball", "pinball_loss", "quantile")
	q.named, q.shown, q.usual, q.must = "quantile_loss_*", "Quantile loss *", 0.9, "quantile loss 0.9"
	return []family{
		number(Metric{Name: "mae", Display: "MAE", Better: Lower, Unit: "label",
			Doc: "Mean absolute error.", Formula: "mean(|ŷ − y|)", Source: hyndman, Edge: "None."}, mean(absolute), "mean_absolute_error"),
		number(Metric{Name: "mse", Display: "MSE", Better: Lower, Unit: "label²",
			Doc: "Mean squared error.", Formula: "mean((ŷ − y)²)", Source: hyndman, Edge: "None."}, mean(squared), "mean_squared_error"),
		number(Metric{Name: "rmse", Display: "RMSE", Better: Lower, Unit: "label",
			Doc: "Root of the mean squared error.", Formula: "√mean((ŷ − y)²)", Source: hyndman, Edge: "None."},
			smooth(func(r *Rows) [][]float64 { return [][]float64{squared(r)} }, root, rootGradient), "root_mean_squared_error"),
		number(Metric{Name: "r2", Display: "R²", Better: Higher, Low: -inf, High: 1,
			Doc: "Share of the variance of the labels that is explained.", Formula: "1 − Σ(ŷ − y)² / Σ(y − mean(y))²", Source: "Draper and Smith, Applied regression analysis (1998)",
			Edge: "All labels equal: no value.", check: varied("r2")}, smooth(spreadParts, explained, explainedGradient), "r²", "r_squared"),
		number(Metric{Name: "mape", Display: "MAPE", Better: Lower,
			Doc: "Mean absolute error as a share of the label.", Formula: "mean(|ŷ − y| / |y|)", Source: hyndman,
			Edge: "A label of 0: no value; scikit-learn divides by 2⁻⁵².", check: noZeroLabel("mape")}, mean(relative), "mean_absolute_percentage_error"),
		number(Metric{Name: "wape", Display: "WAPE", Better: Lower,
			Doc: "Sum of the absolute errors as a share of the sum of the labels' sizes.", Formula: "Σ|ŷ − y| / Σ|y|", Source: "Kolassa and Schütz, Advantages of the MAD/mean ratio over the MAPE (2007)",
			Edge: "All labels 0: no value.", why: ZeroLabel}, smooth(sizeParts, quotient, quotientGradient)),
		number(Metric{Name: "smape", Display: "sMAPE", Better: Lower,
			Doc: "Mean absolute error as a share of the mean size of label and prediction.", Formula: "mean(2 |ŷ − y| / (|y| + |ŷ|))", Source: "Makridakis, Accuracy measures (1993)",
			Edge: "0 where both are 0. At most 2."}, mean(symmetric), "symmetric_mape").upTo(2),
		number(Metric{Name: "bias", Display: "Bias", Low: -inf, High: inf, Unit: "label",
			Doc: "Mean of prediction less label; the nearer to 0 the better.", Formula: "mean(ŷ − y)", Source: hyndman, Edge: "None."}, mean(misses), "mean_error", "me"),
		number(Metric{Name: "median_absolute_error", Display: "Median absolute error", Better: Lower, Unit: "label",
			Doc: "Median of the absolute errors.", Formula: "median(|ŷ − y|)", Source: hyndman,
			Edge: "With weights, where half of the weight is reached, or between the two errors that each have half.", Kind: Whole, value: medianAbsolute}, nil, "medae"),
		q,
	}
}

func smooth(parts func(*Rows) [][]float64, of func([]float64) float64, gradient func([]float64) []float64) func(*Metric) {
	return func(m *Metric) { m.Kind, m.Parts, m.OfMeans, m.Gradient = Smooth, parts, of, gradient }
}

func (f family) upTo(high float64) family {
	f.High = high
	return f
}

// rankingFamilies are the metrics of an order within groups.
func rankingFamilies() []family {
	type perGroup = func(*Rows) (values, weights []float64)
	ranked := func(m Metric, of func(k int) perGroup, aliases ...string) family {
		m.Tasks, m.Better, m.High, m.Needs, m.Arg = []Task{Ranking}, Higher, 1, NeedScore|NeedGroup, Arg{Kind: Count}
		m.Edge = "Of rows with equal scores, the mean over their orders. A group without relevant rows counts 0. A group's weight is the mean of its rows'."
		return family{Metric: m, aliases: aliases, shown: m.Display + "@*", with: func(m *Metric) {
			m.Kind, m.PerGroup = GroupMean, of(int(m.Arg.Value))
		}}
	}
	return []family{
		ranked(Metric{Name: "ndcg", Display: "NDCG",
			Doc:     "Discounted gain of the first k rows of a group as a share of the best there can be; the relevance itself is the gain.",
			Formula: "Σ relevanceᵢ / log₂(i + 1), over its maximum", Source: "Järvelin and Kekäläinen, Cumulated gain-based evaluation of IR techniques (2002)"}, ndcg),
		ranked(Metric{Name: "mrr", Display: "MRR",
			Doc:     "Mean of 1 / the rank of the first relevant row of a group, 0 behind rank k.",
			Formula: "mean(1 / rank of the first relevance > 0)", Source: "Voorhees, The TREC-8 question answering track report (1999)"}, reciprocal, "mean_reciprocal_rank"),
		ranked(Metric{Name: "map", Display: "MAP",
			Doc:     "Mean over groups of the average precision at the ranks of relevant rows, up to rank k.",
			Formula: "mean(Σ precision(i) / min(k, relevant rows)) over ranks i ≤ k of relevant rows", Source: "Manning, Raghavan and Schütze, Introduction to information retrieval (2008)"}, meanPrecision, "mean_average_precision"),
	}
}

// forecastFamilies are the metrics of forecasts only.
func forecastFamilies() []family {
	return []family{{Metric: Metric{Name: "mase", Display: "MASE", Tasks: []Task{Forecast}, Better: Lower, High: inf, Needs: NeedScore,
		Doc:     "Mean absolute error as a multiple of that of the naive forecast, which repeats the value of one season ago.",
		Formula: "mean(|ŷ − y| / mean(|yₜ − yₜ₋ₘ|))", Source: "Hyndman and Koehler, Another look at measures of forecast accuracy (2006)",
		Edge:  "The naive error is that in the data learned from if the rows have it, else that of the series' own labels. A series no longer than the season, or without naive error: no value.",
		check: scalable("mase")}, aliases: []string{"mean_absolute_scaled_error"}, with: mean(scaled)}}
}
