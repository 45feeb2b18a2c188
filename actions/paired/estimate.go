package paired

// A Value is a number with its noise and where the true one lies.
type Value struct {
	Value     float64
	SE        float64 // standard error; NaN if unknown
	Low, High float64 // the interval of the design's level; NaN if unknown
}

// An Estimate is a metric of two models on the same rows. Of one model alone
// B, Diff and P are NaN.
type Estimate struct {
	A, B Value // the candidate's and the baseline's own
	Diff Value // A − B
	// P is how probable a difference of this size or more is if there is
	// none, two-sided: exact or of the normal or t distribution, as Method says.
	P        float64
	DF       float64 // degrees of freedom of the difference's t; +Inf for the normal distribution
	Level    float64 // of the intervals
	N        int     // rows that count
	Clusters int     // independent clusters among them; N if each row is one
	Method   string  // of Diff, or of A if there is no B: "DeLong", "paired t", …
	Reason   string  // why something is NaN; "" if nothing is
}

// Back is the estimate as those see it for whom lower is better: all
// values, and so the difference, with the opposite sign.
func (e Estimate) Back() Estimate { return e }

// A Word is an answer.
type Word string

// The words of [Estimate.Verdict]. The other questions are answered Yes, No or CantTell.
const (
	Better   Word = "better"
	Same     Word = "same"
	Worse    Word = "worse"
	CantTell Word = "can't tell"
	Yes      Word = "yes"
	No       Word = "no"
)

// An Answer is what an estimate says to a question about its true difference.
type Answer struct {
	Word Word
	// P is how probable data as favourable as these are if the answer is not yes: one-sided,
	// small for a yes. It is for corrections of many answers
	// (distribution.Holm): a yes is a P up to half of 1 - Level. NaN without an interval.
	P float64
}

// Better tells whether A is more than B by more than margin.
func (e Estimate) Better(margin float64) Answer { return Answer{} }

// NotWorse tells whether A is less than B by no more than margin: non-inferiority.
func (e Estimate) NotWorse(margin float64) Answer { return Answer{} }

// Same tells whether A and B differ by no more than margin: equivalence by
// two one-sided tests (D. Schuirmann, Journal of Pharmacokinetics and
// Biopharmaceutics 15, 1987), each at half of 1 - Level.
func (e Estimate) Same(margin float64) Answer { return Answer{} }

// Verdict is Better, Worse, Same (within a margin > 0, or with an interval of no width)
// or CantTell, where more is better; see [Estimate.Back]. A difference that is
// certain and within the margin is Same.
func (e Estimate) Verdict(margin float64) Word { return CantTell }

// Needs returns about how many more rows would decide Verdict(margin)
// with the given power in (0, 1), 0 if it is decided or cannot be by any number up to 10^9.
// It assumes that the true difference is the measured one, and that
// the interval narrows with the root of the number of rows (of clusters that are
// as large as now). Half of all repetitions decide with power 0.5, which is the
// number that package report computes.
func (e Estimate) Needs(margin, power float64) int { return 0 }
