package slice

// Rows is what is measured of each row.
type Rows struct {
	// Values are higher where it is worse: losses, or differences of two models' losses,
	// the candidate's minus the baseline's. A row of NaN or an infinity is left out.
	Values []float64
	// Weights tell how much each row counts, in any unit; nil is for all the same. They
	// are weights of importance: a weight of 2 is not two rows.
	Weights []float64
	// Clusters say which rows belong together, such as those of one user, so that they
	// are no independent evidence: any numbers from 0, as the codes of a column, where -1
	// is a row by itself. nil is for all by themselves.
	Clusters []int32
}

// A Test compares the mean of some rows with that of the rest.
type Test struct {
	Rows, RestRows int
	Mean, Rest     float64 // weighted
	Effect         float64 // Mean - Rest
	SE             float64 // of Effect
	DF             float64 // degrees of freedom
	T, P           float64 // Effect/SE, and how often chance makes one as large or larger, either way
	Low, High      float64 // 95 % interval of Effect
}

// Compare compares the rows that are in with the rest by Welch's test (B. L. Welch,
// The generalization of "Student's" problem …, Biometrika 34, 1947) with the degrees of
// freedom of Satterthwaite. With weights, the variance of a mean is that of
// linearization and Kish's effective number stands for the number of rows. With
// clusters, the variance is that of the sums of clusters, and what clusters with rows on
// both sides have in common is taken off; both become Welch's where each row has weight
// 1 and is a cluster. P is 1 where nothing can be told.
func Compare(rows Rows, in func(row int) bool) Test { panic("to do") }
