package report

import "github.com/mlops-runner/mlops/spec"

// Outcome is what became of a gate.
type Outcome string

// The outcomes. A gate that compares with a baseline has the outcome
// NoBaseline where there is none to compare with, and Undecided where the
// interval of a metric leaves open what the gate asks; neither blocks by itself.
// Errored is one that was to be told by pairs which there are not, as of two runs that
// were evaluated on other rows: it blocks, since what it asks was never looked at.
const (
	Passed     Outcome = "passed"
	Failed     Outcome = "failed"
	NoBaseline Outcome = "no baseline"
	Undecided  Outcome = "can't tell"
	Errored    Outcome = "error"
)

// Judged is a gate with what became of it.
type Judged struct {
	Gate    string   `json:"gate"` // as written
	Pos     spec.Pos `json:"pos,omitzero"`
	Outcome Outcome  `json:"outcome"`
	// Detail is the gate with the value of each part: auc 0.79 >= 0.8; or why
	// it cannot be judged. It is one line.
	Detail string `json:"detail,omitempty"`
	// Parts are the sub-expressions of a failed gate that were evaluated, the
	// larger before the smaller, each once, without literals; nil otherwise.
	Parts []Part `json:"parts,omitempty"`
}

// A Part is a sub-expression with its value.
type Part struct {
	Text  string `json:"text"`  // as written
	Value string `json:"value"` // as the language formats it: 0.79, false, 'text'
	// Computed tells operators, whose value follows from other parts, from what
	// was read or called.
	Computed bool `json:"computed,omitempty"`
}
