package report

import "github.com/mlops-runner/mlops/spec"

// Outcome is what became of a gate.
type Outcome string

// The outcomes. A gate that compares with a baseline has the outcome
// NoBaseline where there is none to compare with; it does not block.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	NoBaseline Outcome = "no baseline"
)

// A Verdict is one judged gate.
type Verdict struct {
	Gate    string
	Pos     spec.Pos
	Outcome Outcome
	// Detail is the gate with the value of each part: auc 0.79 >= 0.8; or why
	// it cannot be judged. It is one line.
	Detail string
	// Parts are the sub-expressions of a failed gate that were evaluated, the
	// larger before the smaller, each once, without literals; nil otherwise.
	Parts []Part
}

// A Part is a sub-expression with its value.
type Part struct {
	Text  string // as written
	Value string // as the language formats it: 0.79, false, 'text'
	// Computed tells operators, whose value follows from other parts, from what
	// was read or called.
	Computed bool
}
