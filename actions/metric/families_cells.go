package metric

// cellFamilies are the metrics of predicted classes, at a threshold in a binary task.
func cellFamilies() []family {
	both, one := []Task{Binary, Multiclass}, []Task{Binary}
	const fawcett = "Fawcett, An introduction to ROC analysis (2006)"
	at := func(m Metric, of func(Confusion) float64, best bool, aliases ...string) family {
		m.Better, m.High, m.Needs, m.Arg = Higher, 1, NeedClass, Arg{Kind: Threshold}
		return family{Metric: m, best: best, aliases: aliases, with: cells(of)}
	}
	return []family{
		at(Metric{Name: "accuracy", Display: "Accuracy", Tasks: both,
			Doc: "Share of rows whose predicted class is their label.", Formula: "(TP + TN) / n", Source: fawcett,
			Edge: "One class only is no matter."}, accuracy, true, "acc"),
		at(Metric{Name: "balanced_accuracy", Display: "Balanced accuracy", Tasks: both,
			Doc: "Mean recall of the classes.", Formula: "mean(TPₖ / labelsₖ) over classes k", Source: "Brodersen et al., The balanced accuracy and its posterior distribution (2010)",
			Edge: "Classes without labels are left out. One class only: no value.", why: OneClass}, balancedAccuracy, true, "bacc"),
		at(Metric{Name: "precision", Display: "Precision", Tasks: one,
			Doc: "Share of the rows predicted to be of class 1 that are.", Formula: "TP / (TP + FP)", Source: fawcett,
			Edge: "No row predicted to be of class 1: no value.", why: NonePredicted}, precision, false, "ppv"),
		at(Metric{Name: "recall", Display: "Recall", Tasks: one,
			Doc: "Share of the rows of class 1 that are predicted to be.", Formula: "TP / (TP + FN)", Source: fawcett,
			Edge: "No label of 1: no value.", why: NoPositive}, recall, false, "tpr", "sensitivity", "true_positive_rate"),
		at(Metric{Name: "specificity", Display: "Specificity", Tasks: one,
			Doc: "Share of the rows of class 0 that are predicted to be.", Formula: "TN / (TN + FP)", Source: fawcett,
			Edge: "No label of 0: no value.", why: NoNegative}, specificity, false, "tnr", "true_negative_rate"),
		at(Metric{Name: "f1", Display: "F1", Tasks: one,
			Doc: "Harmonic mean of precision and recall.", Formula: "2 TP / (2 TP + FP + FN)", Source: "van Rijsbergen, Information retrieval (1979)",
			Edge: "0 if nothing is right. No label of 1 and none predicted: no value.", why: NoPositive}, f1, true, "f1_score"),
		at(Metric{Name: "mcc", Display: "MCC", Tasks: both, Low: -1,
			Doc: "Matthews' correlation of labels and predicted classes.", Formula: "cov(label, class) / √(cov(label, label) cov(class, class))", Source: "Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient (2004)",
			Edge: "0 if all rows are predicted to be of one class. One class only among the labels: no value.", why: OneClass}, mcc, true, "matthews_corrcoef"),
	}
}

// cells makes a metric of a function of the confusion matrix at its threshold.
func cells(of func(Confusion) float64) func(*Metric) {
	return func(m *Metric) {
		m.Kind, m.OfCells, m.Predict = Cells, of, (*Rows).Guess
		switch t := m.Arg.Value; {
		case m.Arg.Best:
			m.Kind, m.Predict, m.Bin = Binned, nil, binByScore
			m.OfBins = func(b Bins) float64 { _, v := bestCut(b, of); return v }
			m.Edge += " The threshold is the best of the scores that occur, the highest of equal ones, which flatters small data."
		case m.Arg.Given:
			m.Predict = func(r *Rows) []int32 { return above(r.Score, t) }
		}
		if m.Arg.Given || m.Arg.Best {
			m.Tasks, m.Needs = []Task{Binary}, NeedScore
		}
		if m.Family == "accuracy" && m.Kind == Cells {
			m.Kind, m.PerRow = Mean, hits(m.Predict)
		}
	}
}

// classFamilies are the metrics of several classes only.
func classFamilies() []family {
	many := []Task{Multiclass}
	out := averages()
	return append(out,
		family{Metric: Metric{Name: "top_accuracy", Display: "Top accuracy", Tasks: many, Better: Higher, High: 1, Needs: NeedScore, Arg: Arg{Kind: Count},
			Doc:     "Share of rows whose label is among the k classes with the highest scores.",
			Formula: "mean(rank(label) ≤ k)", Source: "Russakovsky et al., ImageNet large scale visual recognition challenge (2015)",
			Edge: "Of equal scores the first classes are taken; scikit-learn takes the last."},
			aliases: []string{"top", "top_k_accuracy"}, named: "top*_accuracy", shown: "Top-* accuracy", usual: 3, must: "top3 accuracy",
			with: func(m *Metric) { mean(topHits(int(m.Arg.Value)))(m) }},
		whole(Metric{Name: "auc_macro", Display: "AUC, macro", Tasks: many, Better: Higher, High: 1, Needs: NeedScore,
			Doc:     "Mean over classes of the area under the ROC curve of the class against the rest.",
			Formula: "mean(AUCₖ) over classes k", Source: "Provost and Domingos, Tree induction for probability-based ranking (2003)",
			Edge: "A class without labels, or with all of them: no value.", why: NoClass}, areas(false), "auc_ovr", "auc_ovr_macro"),
		whole(Metric{Name: "auc_weighted", Display: "AUC, weighted", Tasks: many, Better: Higher, High: 1, Needs: NeedScore,
			Doc:     "As the macro one, each class by the weight of its labels.",
			Formula: "Σ share(k) AUCₖ", Source: "Provost and Domingos, Tree induction for probability-based ranking (2003)",
			Edge: "A class without labels, or with all of them: no value.", why: NoClass}, areas(true), "auc_ovr_weighted"),
	)
}

func whole(m Metric, value func(*Rows) float64, aliases ...string) family {
	m.Kind, m.value = Whole, value
	return family{Metric: m, aliases: aliases}
}

// averages are precision, recall and F1 over classes, in three ways.
func averages() []family {
	var out []family
	for _, s := range []struct {
		name, display, formula string
		of                     share
	}{{"precision", "Precision", "TPₖ / predictedₖ", precisionOf}, {"recall", "Recall", "TPₖ / labelsₖ", recallOf}, {"f1", "F1", "2 TPₖ / (labelsₖ + predictedₖ)", f1Of}} {
		for _, a := range []struct {
			name, doc, formula string
			of                 func(Confusion) float64
		}{
			{"macro", "the plain mean over classes", "mean(" + s.formula + ")", macro(s.of)},
			{"micro", "over all rows together, which makes it the accuracy", "Σ TPₖ / n", accuracy},
			{"weighted", "the mean over classes by the weight of their labels", "Σ share(k) " + s.formula, weighted(s.of)},
		} {
			m := Metric{Name: s.name + "_" + a.name, Display: s.display + ", " + a.name, Tasks: []Task{Multiclass}, Better: Higher, High: 1, Needs: NeedClass,
				Doc: s.display + ": " + a.doc + ".", Formula: a.formula, Source: "Sokolova and Lapalme, A systematic analysis of performance measures for classification tasks (2009)",
				Edge: "Classes that are neither label nor prediction are left out; a share of nothing is 0."}
			out = append(out, family{Metric: m, aliases: []string{a.name + "_" + s.name}, with: cells(a.of)})
		}
	}
	return out
}
