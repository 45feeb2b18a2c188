package metric

import "math"

var inf = math.Inf(1)

// binaryFamilies are the metrics of scores of two classes.
func binaryFamilies() []family {
	one := []Task{Binary}
	return []family{
		{Metric: Metric{Name: "auc", Display: "AUC", Tasks: one, Better: Higher, High: 1, Needs: NeedScore,
			Doc:     "Area under the ROC curve: how often a row of class 1 has a higher score than one of class 0.",
			Formula: "P(s₁ > s₀) + P(s₁ = s₀) / 2", Source: "Fawcett, An introduction to ROC analysis (2006)",
			Edge: "Equal scores count half. One class only: no value.", why: OneClass},
			aliases: []string{"roc_auc"}, with: area2(0, 1)},
		{Metric: Metric{Name: "gini", Display: "Gini", Tasks: one, Better: Higher, Low: -1, High: 1, Needs: NeedScore,
			Doc:     "Gini coefficient of the scores, also called accuracy ratio or Somers' D.",
			Formula: "2 AUC − 1", Source: "Somers, A new asymmetric measure of association (1962)",
			Edge: "As AUC.", why: OneClass}, with: area2(-1, 2)},
		{Metric: Metric{Name: "pr_auc", Display: "PR-AUC", Tasks: one, Better: Higher, High: 1, Needs: NeedScore,
			Doc:     "Average precision: the area under the precision-recall curve as a sum of steps.",
			Formula: "Σ (recallᵢ − recallᵢ₋₁) precisionᵢ over thresholds", Source: "scikit-learn, average_precision_score",
			Edge: "Equal scores are one threshold. No label of 1: no value.", why: NoPositive},
			aliases: []string{"average_precision", "ap", "prauc"}, with: binned(averagePrecision)},
		{Metric: Metric{Name: "logloss", Display: "Log-loss", Tasks: []Task{Binary, Multiclass}, Better: Lower, High: inf, Unit: "nat", Needs: NeedProbability,
			Doc:     "Mean negative logarithm of the probability that was given to what came true.",
			Formula: "mean(−ln p(label))", Source: "Good, Rational decisions (1952)",
			Edge: "Probabilities are kept 2⁻⁵² away from 0 and 1, and those of several classes divided by their sum. One class only is no matter."},
			aliases: []string{"log_loss", "cross_entropy"}, with: mean(logLoss)},
		{Metric: Metric{Name: "brier", Display: "Brier", Tasks: one, Better: Lower, High: 1, Needs: NeedProbability,
			Doc:     "Mean squared distance of the probability from the label.",
			Formula: "mean((p − label)²)", Source: "Brier, Verification of forecasts expressed in terms of probability (1950)",
			Edge: "One class only is no matter."},
			aliases: []string{"brier_score"}, with: mean(brier)},
		{Metric: Metric{Name: "ece", Display: "ECE", Tasks: one, Better: Lower, High: 1, Needs: NeedProbability, Arg: Arg{Kind: Count},
			Doc:     "Expected calibration error: how far the share of label 1 is from the mean score, over bins of equal width; 15 of them, or as many as are named.",
			Formula: "Σ weight(bin) |rate(bin) − mean score(bin)|", Source: "Naeini et al., Obtaining well calibrated probabilities using Bayesian binning (2015)",
			Edge: "A bin holds its upper bound, the first one also 0. It is above 0 by chance alone, the more so the fewer rows there are."},
			aliases: []string{"calibration_error"}, named: "ece_*", shown: "ECE of * bins", with: calibrated(binByWidth)},
		{Metric: Metric{Name: "ece_adaptive", Display: "Adaptive ECE", Tasks: one, Better: Lower, High: 1, Needs: NeedProbability, Arg: Arg{Kind: Count},
			Doc:     "Calibration error over bins of about equal weight; 15 of them, or as many as are named.",
			Formula: "Σ weight(bin) |rate(bin) − mean score(bin)|", Source: "Nguyen and O'Connor, Posterior calibration and exploratory analysis for natural language processing models (2015)",
			Edge: "Rows of equal score are of one bin, that of the middle of their weight."},
			aliases: []string{"adaptive_ece"}, named: "ece_adaptive_*", shown: "Adaptive ECE of * bins", with: calibrated(binByWeight)},
		{Metric: Metric{Name: "ks", Display: "KS", Tasks: one, Better: Higher, High: 1, Needs: NeedScore,
			Doc:     "Kolmogorov–Smirnov distance between the scores of the two classes.",
			Formula: "max |TPR − FPR| over thresholds", Source: "Thomas, Edelman and Crook, Credit scoring and its applications (2002)",
			Edge: "Equal scores are one threshold. One class only: no value.", why: OneClass},
			aliases: []string{"kolmogorov_smirnov"}, with: binned(kolmogorov)},
		{Metric: Metric{Name: "lift", Display: "Lift", Tasks: one, Better: Higher, High: inf, Needs: NeedScore, Arg: Arg{Kind: Share},
			Doc:     "How many times as frequent label 1 is among the share of rows with the highest scores as among all; 10% if no share is named.",
			Formula: "P(label = 1 | score in top share) / P(label = 1)", Source: "Provost and Fawcett, Data science for business (2013)",
			Edge: "Of equal scores at the edge a part is taken. No label of 1: no value.", why: NoPositive},
			named: "lift_at_*", usual: 0.1, with: func(m *Metric) { binned(lift(m.Arg.Value))(m) }},
	}
}

func area2(offset, factor float64) func(*Metric) {
	return func(m *Metric) {
		m.Kind, m.Offset, m.Factor, m.Bin = Area, offset, factor, binByScore
		m.OfBins = func(b Bins) float64 { return offset + factor*area(b) }
	}
}

func binned(of func(Bins) float64) func(*Metric) {
	return func(m *Metric) { m.Kind, m.Bin, m.OfBins = Binned, binByScore, of }
}

func mean(perRow func(*Rows) []float64) func(*Metric) {
	return func(m *Metric) { m.Kind, m.PerRow = Mean, perRow }
}

// usualBins is how many bins calibration errors have: those of Guo et al., On calibration of
// modern neural networks (2017).
const usualBins = 15

// calibrated deals rows into bins of the metric's own number.
func calibrated(deal func(*Rows, int) []int32) func(*Metric) {
	return func(m *Metric) {
		n := usualBins
		if m.Arg.Given {
			n = int(m.Arg.Value)
		}
		m.Kind, m.OfBins, m.ownBins = Binned, calibrationError, true
		m.Bin = func(r *Rows, _ int) []int32 { return deal(r, n) }
	}
}
