package metric

// An Arg is what follows a metric's name, if anything does.
type Arg struct {
	Kind  ArgKind
	Value float64 // the threshold, count, quantile or share
	Given bool    // there is a Value
	Best  bool    // the threshold is the best one
}

// An ArgKind tells what an argument means.
type ArgKind uint8

const (
	NoArg     ArgKind = iota
	Threshold         // from which score on a row is of class 1; if none is given, that of the rows
	Count             // how many of the first rows, classes or bins; if none is given, all or the usual number
	Quantile          // between 0 and 1
	Share             // of the rows, above 0 up to 1
)
