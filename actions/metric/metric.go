package metric

// Better tells which way a metric is better; the words are those of records.
type Better string

const (
	Higher Better = "higher"
	Lower  Better = "lower"
	Zero   Better = "" // neither: the nearer to 0
)

// A Need is what rows must have for a metric, of sets of bits.
type Need uint8

const (
	NeedScore       Need = 1 << iota // scores, or predicted numbers
	NeedProbability                  // scores within 0 and 1
	NeedClass                        // predicted classes, or scores to make them from
	NeedGroup                        // groups
)

// A Kind is what arithmetic a metric is, from which follows how its noise is known.
// Value is the same as what the pieces give for the kind.
type Kind uint8

const (
	// Mean is the weighted mean of PerRow.
	Mean Kind = iota + 1
	// Smooth is a smooth function, OfMeans, of the weighted means of Parts.
	Smooth
	// Cells is a function, OfCells, of the confusion matrix of Label and Predict.
	Cells
	// Area is Offset + Factor × the area under the ROC curve, whose variance is that of
	// DeLong. It also has OfBins.
	Area
	// GroupMean is the weighted mean over groups of PerGroup.
	GroupMean
	// Binned is a function, OfBins, of how many rows of each label there are at each score.
	Binned
	// Whole is none of these: resample by [Rows.Reweigh] and [Value].
	Whole
)

// A Metric is a way to say in one number what predictions are worth. Which of the
// functions are set is told by Kind. They take rows that [Metric.Check] has nothing
// against, and the numbers they return are NaN where the metric has no value.
type Metric struct {
	Name    string // for gates and records: letters, digits and _, such as f1_at_0_5
	Display string // for people, such as "F1 at 0.5"; [Find] knows it too
	Family  string // the name without an argument, such as f1
	Tasks   []Task
	Better  Better
	Unit    string // "" for a plain number; "label" for the unit of the labels, "label²" for its square
	Low     float64
	High    float64 // the range of values; may be infinite
	Doc     string  // one sentence
	Formula string
	Source  string // where the definition is from
	Edge    string // ties, one class only, weights of zero: what happens then
	Needs   Need
	Arg     Arg

	Kind Kind

	// PerRow returns a value for each row. Of kind Mean.
	PerRow func(*Rows) []float64

	// Parts returns k values for each row, Parts[k][row]; OfMeans is a function of
	// their weighted means, and Gradient its k derivatives there. Of kind Smooth.
	Parts    func(*Rows) [][]float64
	OfMeans  func(means []float64) float64
	Gradient func(means []float64) []float64

	// Predict returns the class that each row is predicted to have. Of kind Cells; accuracy,
	// which is of kind Mean, has both too.
	Predict func(*Rows) []int32
	OfCells func(Confusion) float64

	// PerGroup returns a value and a weight for each group, in the order in which
	// the groups first appear. Of kind GroupMean.
	PerGroup func(*Rows) (values, weights []float64)

	// Bin deals the rows into at most n bins, of falling scores, equal scores into one,
	// and returns that of each row; bins may be empty. With [Rows.Bins] and OfBins it
	// gives Value exactly if there are no more than n different scores, and else nearly
	// so. Of kinds Binned and Area.
	Bin    func(r *Rows, n int) []int32
	OfBins func(Bins) float64

	// Offset and Factor of kind Area.
	Offset, Factor float64

	check   func(*Rows) error
	value   func(*Rows) float64 // of kind Whole
	why     Reason              // why it is NaN on rows that are sound, if it is
	ownBins bool                // it is defined by its bins, not by scores
}
