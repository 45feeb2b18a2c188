package provenance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/mlops-runner/mlops/runner/registry"
)

// A Weight says which of several bundles at one place counts.
type Weight struct {
	Standing Standing
	Time     time.Time // of a summary
}

// A Standing is how far a bundle can be relied on.
type Standing int

// Standings, the least first.
const (
	Refused  Standing = iota // it is none, or its signature is not that of the key it names
	Foreign                  // about another line than the journal has
	Unproven                 // by a key that the policy does not know, or that may not sign
	Trusted                  // by a key that counts for the model
)

// Weigh says how far a bundle that came from elsewhere can be relied on, and why
// not further. m is the model that a summary is about; nil for a bundle about a run.
func (t *Trust) Weigh(ctx context.Context, f *File, m *registry.Model, now time.Time) (w Weight, why error) {
	if f.Err != nil {
		return w, f.Err
	}
	s, err := f.Bundle.Unverified()
	if err != nil {
		return w, err
	}
	if w.Standing, why = t.standing(ctx, f.Bundle, m, now); w.Standing == Refused || m == nil {
		return w, why
	}
	var sum Summary
	if s.PredicateType != SummaryType || json.Unmarshal(s.Predicate, &sum) != nil {
		return Weight{}, errors.New("it is a statement of another kind")
	}
	w.Time = sum.Time
	for _, e := range m.Journal {
		if SummaryFile(m.Name, e.Seq) == f.Path && ofLine(s.Subject[0], e, m.Line(e.Seq)) {
			return w, why
		}
	}
	w.Standing = Foreign
	return w, &SubjectError{f.Path, "another journal's line"}
}

func (t *Trust) standing(ctx context.Context, b *Bundle, m *registry.Model, now time.Time) (Standing, error) {
	name, key := t.Key(b.KeyID())
	if key == nil {
		return Unproven, &KeyError{ID: b.KeyID()}
	}
	if _, err := b.Verify(ctx, key.public); err != nil {
		return Refused, fmt.Errorf("key %s: %w", name, err)
	}
	if err := key.fault(name, "", now); err != nil {
		return Unproven, err
	}
	if m == nil {
		return Trusted, nil
	}
	if _, _, err := t.Check(ctx, b, m.Name, now); err != nil {
		return Unproven, err
	}
	return Trusted, nil
}

// Beats reports whether a bundle of this weight replaces one of the other.
func (w Weight) Beats(other Weight) bool {
	return w.Standing > other.Standing || w.Standing == other.Standing && w.Time.After(other.Time)
}
