package slice

// Decisions are what was decided of each row and what was true.
type Decisions struct {
	Selected []bool // the model said yes
	// Truth is 1 where yes was right, 0 where no was, and -1 where it is unknown; nil if
	// nowhere is known.
	Truth    []int8
	Weights  []float64 // as in [Rows]
	Clusters []int32   // as in [Rows]
}

// FairnessOptions of [Fairness]. Its zero value has the defaults.
type FairnessOptions struct {
	Rows       int     // that a rate of a group needs to be judged; 0 is 30
	FourFifths float64 // the least ratio that is fair; 0 is 0.8
	Difference float64 // the largest difference that is fair; 0 is 0.1
}

// A Verdict on fairness is decided by the interval, not by the value.
type Verdict string

// The verdicts.
const (
	Fair     Verdict = "fair"
	Unfair   Verdict = "unfair"
	CantTell Verdict = "can't tell"
)

// A Rate is a share of rows.
type Rate struct {
	Value     float64 // NaN of no rows
	Low, High float64 // 95 % interval of Wilson
	Of        int     // rows that it is a share of
	Small     bool    // too few of them to be judged
}

// A Group is the rows with one value of the attribute.
type Group struct {
	Value     string
	Rows      int
	Selection Rate // selected, of all
	TPR       Rate // selected, of those where yes was right; also called recall
	FPR       Rate // selected, of those where no was right
	// Impact is the selection rate divided by the highest of all groups that are judged.
	Impact Disparity
}

// A Disparity is a difference or a ratio of two rates.
type Disparity struct {
	Value     float64 // NaN if fewer than two groups can be judged
	Low, High float64 // 95 % interval
	Lowest    string  // the groups that it is between
	Highest   string
	Verdict   Verdict
	Note      string // why nothing can be told, what was left out
}

// A FairnessReport compares the groups of one attribute. The names are those of
// Fairlearn's metrics.
type FairnessReport struct {
	Attribute string
	Groups    []Group

	DemographicParityDifference Disparity // highest - lowest selection rate
	DemographicParityRatio      Disparity // lowest / highest: disparate impact, with the four-fifths rule
	EqualOpportunityDifference  Disparity // highest - lowest TPR
	EqualizedOddsDifference     Disparity // the larger of those of TPR and of FPR
	EqualizedOddsRatio          Disparity // the smaller of those of TPR and of FPR
}

// Fairness compares groups. Groups that are too small are listed and not judged.
func Fairness(attribute Feature, d Decisions, o FairnessOptions) (*FairnessReport, error) {
	panic("to do")
}
