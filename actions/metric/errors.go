package metric

import (
	"fmt"
	"strings"
)

// A Reason says why a metric has no value.
type Reason string

const (
	NoRows        Reason = "no rows"
	NoWeight      Reason = "all weights are 0, or next to it"
	OneClass      Reason = "all labels are of one class"
	NoPositive    Reason = "no label is 1"
	NoNegative    Reason = "no label is 0"
	NonePredicted Reason = "no row is predicted to be of class 1"
	ConstLabel    Reason = "all labels are equal"
	ZeroLabel     Reason = "labels are 0"
	ZeroNaive     Reason = "the naive forecast makes no error"
	TooShort      Reason = "no series is longer than the season"
	NoClass       Reason = "a class has no label, or all labels"
	Overflow      Reason = "the numbers are too large"
)

// Undefined is the error that a metric has no value on rows that are sound.
type Undefined struct {
	Metric string // its name
	Reason Reason
	Count  int // rows that the reason is about; 0 for all
	First  int // the first of them, counted from 0
}

// A Fault says what is wrong with rows.
type Fault string

const (
	BadLength     Fault = "length"      // slices of different lengths
	WrongTask     Fault = "task"        // the metric is not for the task of the rows
	Missing       Fault = "missing"     // the rows lack what the metric needs
	NotFinite     Fault = "not finite"  // NaN or infinite
	NoProbability Fault = "probability" // a score below 0 or above 1, or a row's do not add up to 1
	UnknownClass  Fault = "class"       // a label or prediction that is no class
	BadWeight     Fault = "weight"      // negative, NaN or infinite
	TooMany       Fault = "classes"     // more classes than can be drawn
	BadLabel      Fault = "label"       // a relevance below 0
)

// A RowsError is the error that rows cannot be evaluated as they are.
type RowsError struct {
	Fault  Fault
	Metric string  // name of the metric; "" if it is not about one
	Field  string  // of [Rows]: Label, Score, …
	Count  int     // rows at fault; 0 if it is not about single rows
	First  int     // the first of them, counted from 0
	Value  float64 // what it has
}

// A NameError is the error that there is no metric of a name.
type NameError struct {
	Name  string
	What  string   // what is wrong with it
	Known []string // the names of families
}

// Error counts rows from 1.
func (e *Undefined) Error() string {
	text := e.Metric + " has no value: " + string(e.Reason)
	if e.Count > 0 {
		text += fmt.Sprintf(" (%d rows, the first is row %d)", e.Count, e.First+1)
	}
	return text
}

// Error counts rows from 1.
func (e *RowsError) Error() string {
	rows := func(what string) string {
		return fmt.Sprintf("%s is %s in %d rows, first %v in row %d", e.Field, what, e.Count, e.Value, e.First+1)
	}
	switch e.Fault {
	case BadLength:
		return fmt.Sprintf("%s has %v entries, which does not fit the other columns", e.Field, e.Value)
	case WrongTask:
		return e.Metric + " is not for this task"
	case Missing:
		return e.Metric + " needs a column for " + e.Field + ", which the rows lack"
	case NotFinite:
		return rows("no finite number")
	case NoProbability:
		return rows("no probability") + "; probabilities are from 0 to 1, and those of all classes add up to 1"
	case TooMany:
		return fmt.Sprintf("%s has no use for %v classes; %d are the most", e.Metric, e.Value, matrixClasses)
	case UnknownClass:
		return rows("no known class")
	case BadWeight:
		return rows("no weight") + "; weights are finite and not negative"
	}
	return rows("below 0")
}

// Error says what is wrong with the argument, or which metrics there are.
func (e *NameError) Error() string {
	if e.What != "" {
		return fmt.Sprintf("metric %q: %s", e.Name, e.What)
	}
	return fmt.Sprintf("there is no metric %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}
