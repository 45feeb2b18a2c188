package metric

// Rows are n rows with a label and a prediction each, as parallel slices. Those that a
// task has no use for stay nil. The fields must not change once a function has seen
// them: what metrics share, such as the order by score, is computed once and kept.
type Rows struct {
	Task Task

	// Label is what was to be predicted: 0 or 1 of a binary task, the index of the
	// class in Classes, the number of a regression or forecast, the relevance of a
	// ranking, 0 or more.
	Label []float64

	// Score is what the model gave: the score of class 1 of a binary task, where
	// higher is more likely, the predicted number, the score a group is ranked by.
	Score []float64

	// Prediction is the index of the predicted class, where the model gave classes
	// and no scores. With both, it is preferred by the metrics that name no threshold.
	Prediction []float64

	// Scores are those of a multiclass task: Scores[class][row].
	Scores [][]float64

	// Classes are the names of the classes of Label, Prediction and Scores. A binary
	// task needs none.
	Classes []string

	// Threshold is from which score on a row of a binary task is of class 1, for
	// metrics that name none; 0 means 0.5.
	Threshold float64

	// Weight of each row, finite and not negative; nil means 1 each.
	Weight []float64

	// Group tells rows that belong together, such as those of a query, user or series,
	// by equal numbers. Rankings need it; forecasts have one series without it.
	Group []uint64

	// Order is when a row of a forecast was, in any unit; nil means that each series'
	// rows come in their order.
	Order []float64

	// Season is the lag of the naive forecast that MASE compares with; 0 means 1.
	Season int

	// Naive is, for each row of a forecast, the mean absolute error of the naive
	// forecast in the data that the model learned from; nil means that of the rows
	// themselves, by series.
	Naive []float64

	// Own holds the values of own metrics by name, one for each row; see [Own].
	Own map[string][]float64

	shared shared
}

// Len returns the number of rows.
func (r *Rows) Len() int { return len(r.Label) }
