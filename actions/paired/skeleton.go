package paired

// AUC estimates the area under the ROC curve, the probability that a positive row
// has a higher score than a negative one, ties counting half. It is NaN for one class.
func (r *Rows) AUC(label []bool, a, b Scores) (Estimate, error) { return Estimate{}, nil }

// Mean estimates the mean of a value per row, for instance a loss.
func (r *Rows) Mean(a, b []float64) (Estimate, error) { return Estimate{}, nil }

// Means estimates a smooth function of means of several values per row:
// a[k][row] is the k-th value of a row. RMSE is the root of the mean of squares.
func (r *Rows) Means(f func(means []float64) float64, a, b [][]float64) (Estimate, error) {
	return Estimate{}, nil
}

// An Influence is a metric by its value and how each row moves it: the
// derivative of the value by the row's share of the weight, less its
// mean (which is taken off here, so that any constant may be added).
// The metric of n equal rows moves by about Rows[i]/n if row i is there once more.
type Influence struct {
	Value float64
	Rows  []float64
}

// Influence estimates a metric from its influence function. Nil Rows of b: one model.
func (r *Rows) Influence(a, b Influence) (Estimate, error) { return Estimate{}, nil }

// Cells are the eight cells label × A × B of two binary classifiers, with how
// they vary between clusters: all that a metric of decisions needs, whatever the
// number of rows.
type Cells struct{}

// Binary counts the cells. A nil b is for one model.
func (r *Rows) Binary(label, a, b []bool) (*Cells, error) { return &Cells{}, nil }

// Of estimates a metric that is a function of true and false positives and
// negatives, in rows (or weight).
func (c *Cells) Of(metric func(tp, fp, tn, fn float64) float64) Estimate { return Estimate{} }

// Accuracy is Of the share of right decisions, with McNemar's exact p (mid-p)
// where rows are independent and count the same.
func (c *Cells) Accuracy() Estimate { return Estimate{} }

// Confusion is the same of more than two classes.
type Confusion struct{}

// Classes counts the classes 0 <= class < k of labels and decisions.
func (r *Rows) Classes(k int, label, a, b []uint16) (*Confusion, error) { return &Confusion{}, nil }

// Of estimates a metric that is a function of the confusion matrix
// counts[label*k+decision].
func (c *Confusion) Of(metric func(counts []float64) float64) Estimate { return Estimate{} }

// AveragePrecision estimates the area under the precision-recall curve as scikit-learn's
// average_precision_score: the sum of precision × step of recall.
func (r *Rows) AveragePrecision(label []bool, a, b Scores) (Estimate, error) {
	return Estimate{}, nil
}

// KS estimates the largest distance between the distributions of the scores of both classes.
func (r *Rows) KS(label []bool, a, b Scores) (Estimate, error) { return Estimate{}, nil }

// Lift estimates how many times as many positives are among the share of
// the rows with the highest scores as among all; rows tied at the edge count in part.
func (r *Rows) Lift(label []bool, share float64, a, b Scores) (Estimate, error) {
	return Estimate{}, nil
}

// Calibration estimates the expected calibration error of probabilities in
// bins of equal width, each (low, high] and the first with its 0.
func (r *Rows) Calibration(label []bool, bins int, a, b []float64) (Estimate, error) {
	return Estimate{}, nil
}

// Sums adds what a row contributes to the sufficient statistics of a model.
type Sums func(row int, weight float64, into []float64)

// Buckets estimates any function of sums over rows by a bootstrap of at most 1,000 buckets of
// clusters: statistic gets size sums, each added up by a or b. Up to a few
// hundred sums it is quick.
func (r *Rows) Buckets(size int, statistic func(sums []float64) float64, a, b Sums) (Estimate, error) {
	return Estimate{}, nil
}

// Bootstrap estimates any statistic of weighted rows by resampling them
// (or their clusters) whole: for few rows. The statistic must not keep the weights.
func (r *Rows) Bootstrap(a, b func(weight []float64) float64) (Estimate, error) {
	return Estimate{}, nil
}
