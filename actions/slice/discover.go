package slice

// Options of [Discover]. Its zero value has the defaults.
type Options struct {
	Share    float64 // of the rows that a slice needs; 0 is 1 %
	Rows     int     // that a slice needs; 0 is 200
	Clusters int     // that a slice needs, and the rest too, if there are clusters; 0 is 30
	Level    float64 // how much of what is listed may be false; 0 is 5 %
	// Least is how far above average, as a share of Scale, a slice has to be to be listed;
	// 0 is 5 %, negative is any.
	Least float64
	// Scale is what 100 % is: 0 is the mean of all values. For differences give the
	// baseline's mean loss.
	Scale float64
	// Difference says that the values are differences of losses. A slice is listed only if
	// its own mean is above zero.
	Difference bool
	What       string // what the values are, for sentences; "" is "loss"
	Depth      int    // features in a slice: 1, 2 or 3; 0 is 2
	Most       int    // slices to list; 0 is 10
	Examples   int    // rows to name of each; 0 is 5, negative is none
}

// A Discovery is what [Discover] found.
type Discovery struct {
	Found []Found // the surest first; the next ones are worse still with these taken off
	Rows  int     // with a value
	Mean  float64 // of all
	Tests int     // slices that had enough rows to be looked at
	Notes []string
}

// A Found is a slice in which it is worse.
type Found struct {
	Values []Value
	Test           // against all other rows, as they are
	Share  float64 // of the rows
	// Above is how far the mean is above that of all, as a share of Scale: 0.26 is 26 %.
	// NaN without a scale.
	Above float64
	// Corrected is the p value of what the slices listed before leave of it, corrected for
	// all slices that were looked at; see [Discover].
	Corrected float64
	Examples  []int  // the rows with the highest values, the highest first, then by place
	Sentence  string // "loss 26% above average where plan=free and age=18..29 (29,218 rows)"
}

// A Value is one condition of a slice that was found.
type Value struct {
	Feature string
	Value   string
}

// Discover looks at all values of the features and all pairs of values of two, and
// lists those in which the mean is higher than in the rest.
//
// Each that has enough rows is compared with all other rows; see [Compare]. The p
// values are corrected together by Benjamini and Hochberg's method. The surest is
// taken, unless a part of it is no worse than what remains of a simpler slice: then
// that one. Its excess is taken off the values of its rows and everything is compared
// and corrected anew, until nothing passes. So a slice that is only worse because it
// overlaps one that was listed is not, and what is listed last is as sure as what is
// first.
//
// Why not correct once and drop what overlaps: the true slices bring hundreds of
// relatives past the level, which are dropped, while the false ones that the
// correction allows for among so many stay. Of those that are left most are false then.
//
// At depth 3 a pair that was taken gives way to one of its parts by a third feature, if
// that is worse than the remainder of the pair, corrected for all such parts. What
// shows in no pair is not found.
//
// It fails if lengths differ. What is left out for want of memory is told in notes.
func Discover(features []Feature, rows Rows, o Options) (*Discovery, error) { panic("to do") }
