package drift

// A Verdict says what became of a column, or of all.
type Verdict string

// The verdicts, from the worst.
const (
	Moved    Verdict = "moved"
	CantTell Verdict = "can't tell"
	Same     Verdict = "same"
	LeftOut  Verdict = "left out"
)

// A Level says how grave a move is: as much as the lower threshold, or as the
// higher one.
type Level string

// The levels; a column that did not move has none.
const (
	Warn Level = "warn"
	Fail Level = "fail"
)

// A Result is what comparing two profiles came to. It has the same bytes as JSON
// whenever it is made from the same profiles and options.
type Result struct {
	Verdict  Verdict  `json:"verdict"`         // the worst of the columns, the label apart
	Level    Level    `json:"level,omitempty"` // if moved
	BaseRows int64    `json:"base_rows"`
	Rows     int64    `json:"rows"`
	Columns  []Column `json:"columns"`         // those in both profiles, the worst first, then by how much of its threshold each reaches, then by name
	Label    *Column  `json:"label,omitempty"` // the column that is predicted; its move is news of another kind
}

// A Column is what became of one column.
type Column struct {
	Name    string  `json:"name"`
	Verdict Verdict `json:"verdict"`
	Level   Level   `json:"level,omitempty"`
	Why     string  `json:"why"` // a short English phrase: what moved, what is missing, or why it was left out

	// The effect that decided: a share of the rows, or the figure of Test.
	What      string   `json:"what,omitempty"` // one of the effects' names
	Effect    float64  `json:"effect"`
	P         *float64 `json:"p,omitempty"`         // corrected for all columns; nil where no test was made
	Threshold float64  `json:"threshold,omitempty"` // the one that was reached, else the lower one
	Learnt    float64  `json:"learnt,omitempty"`    // what it moves by itself, as of the effect; 0 if that is below the thresholds
	Needs     int64    `json:"needs,omitempty"`     // how many rows each side must have before the lower threshold can be seen

	Test     string             `json:"test,omitempty"` // the measure that judged in place of our rule
	Effects  []Effect           `json:"effects,omitempty"`
	Measures map[string]float64 `json:"measures,omitempty"` // by the names of [Tests]
}

// An Effect is one way in which a column can move.
type Effect struct {
	What  string  `json:"what"`            // values, nulls, infinite or unseen
	Size  float64 `json:"size"`            // share of the rows; of values, of the rows that have one
	Noise float64 `json:"noise,omitempty"` // what chance does to the size on average; it is taken off already
	P     float64 `json:"p"`               // of chance alone, corrected for all columns
	Warn  float64 `json:"warn"`            // thresholds of the size, with what was learnt as far as it counts
	Fail  float64 `json:"fail"`
	Needs int64   `json:"needs,omitempty"` // rows of each side, if there are too few
	// Learnt is the threshold that earlier profiles teach, where that is above the
	// one that was asked for: so far it moves by itself from one to the next.
	Learnt float64 `json:"learnt,omitempty"`

	words string
	raw   float64      // p before the correction
	rows  *sensitivity // nil where too few rows are told by another effect
}

// The names of effects.
const (
	ofValues   = "values"
	ofNulls    = "nulls"
	ofInfinite = "infinite"
	ofUnseen   = "unseen"
)

func (e *Effect) level() Level {
	switch {
	case e.Size >= e.Fail:
		return Fail
	case e.Size >= e.Warn:
		return Warn
	}
	return ""
}
