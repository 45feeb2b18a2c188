package record

// A Promotion is what became of a wish to register a model of the run, and to let
// an alias point to it. It is decided when the record is sealed, by its digest, so
// it is no part of the record; the journals of the models tell of it for good.
type Promotion struct {
	Model   string   `json:"model,omitempty"`   // name
	Version int      `json:"version,omitempty"` // of the model; 0 if it has none
	New     bool     `json:"new,omitempty"`     // this run registered the version
	Alias   string   `json:"alias,omitempty"`   // that was to point to it; "" for none
	Was     int      `json:"was,omitempty"`     // version that the alias pointed to before; 0 for none
	Outcome Promoted `json:"outcome"`           // what became of the alias, or without one of the version
	DryRun  bool     `json:"dryRun,omitempty"`  // it is what would have become of it
	Why     string   `json:"why,omitempty"`     // one line: what was against it, or of which reviewed change the model is
}

// Promoted is what became of a wish to promote.
type Promoted string

// The outcomes of wishes to promote.
const (
	Moved      Promoted = "promoted"   // the alias points to the version now
	Registered Promoted = "registered" // the version is there, and no alias was named
	Unchanged  Promoted = "unchanged"  // it was so before
	Refused    Promoted = "refused"    // the version is there, and the alias stays
	Undecided  Promoted = "undecided"  // the run did not come to where that is decided: nothing was done
	Unpromoted Promoted = "error"      // it could not be done
)
