package provenance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// A Vouch is a summary that a trusted key signed of a version.
type Vouch struct {
	Key     string // name in the policy
	Line    int    // of the journal
	Alias   string
	Version string // number
	File    *File
	Summary Summary
}

// Missing lists the bundles that the summary rests on and that are not kept.
func (v *Vouch) Missing(d *store.Dir) (files []string, err error) {
	for _, in := range v.Summary.Inputs {
		rel := strings.TrimPrefix(in.URI, "mlops:")
		if _, _, ok := About(rel); !ok {
			continue
		}
		f, err := Read(d, rel)
		if err != nil {
			return nil, err
		}
		if f == nil {
			files = append(files, rel)
		}
	}
	return files, nil
}

// An UnsignedError reports a version of which no summary is kept.
type UnsignedError struct{ Model string }

// Error says what is wrong, and where.
func (e *UnsignedError) Error() string { return e.Model + " is not signed" }

// Cure says what to do about it.
func (e *UnsignedError) Cure() string {
	return `"mlops key new" makes a key; with MLOPS_SIGNING_KEY set, the next run that promotes it, or "mlops model alias", signs it`
}

// A SubjectError reports a signed statement about something else.
type SubjectError struct{ File, What string }

// Error says what is wrong, and where.
func (e *SubjectError) Error() string { return e.File + ": the signature is over " + e.What }

// Cure says what to do about it.
func (e *SubjectError) Cure() string {
	return "do not use the model: somebody put a signature of something else here; \"mlops audit MODEL@ALIAS\" shows all of it"
}

// Vouched returns the newest summary that a trusted key signed of a version: of a
// promotion to alias, or of any if that is "". It fails with an *UnsignedError, a
// *KeyError, a *SubjectError or [ErrSignature], by the newest summary.
func (t *Trust) Vouched(ctx context.Context, d *store.Dir, m *registry.Model, v *registry.Version, alias string, now time.Time) (*Vouch, error) {
	var first error
	for _, e := range slices.Backward(m.Journal) {
		if e.Version != v.Version || !moved(e) || alias != "" && e.Alias != alias {
			continue
		}
		f, err := Read(d, SummaryFile(m.Name, e.Seq))
		if err != nil {
			return nil, err
		}
		if f == nil {
			continue
		}
		vouch, err := t.Line(ctx, f, m, v, e, now)
		if err == nil {
			return vouch, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = &UnsignedError{versionName(v)}
		if alias != "" {
			first = &UnsignedError{versionName(v) + " as " + alias}
		}
	}
	return nil, first
}

// moved reports whether a line lets its alias point to its version.
func moved(e registry.Entry) bool {
	return e.Action == registry.Aliased || e.Action == registry.RolledBack
}

func versionName(v *registry.Version) string { return fmt.Sprintf("%s@%d", v.Model, v.Version) }

// Line checks a kept summary of one line of the journal, as [Trust.Vouched] does.
func (t *Trust) Line(ctx context.Context, f *File, m *registry.Model, v *registry.Version, e registry.Entry, now time.Time) (*Vouch, error) {
	if f.Err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, f.Err)
	}
	s, name, err := t.Check(ctx, f.Bundle, m.Name, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	var sum Summary
	if s.PredicateType != SummaryType || json.Unmarshal(s.Predicate, &sum) != nil {
		return nil, &SubjectError{f.Path, "a statement of another kind"}
	}
	about := s.Subject[0]
	switch {
	case !about.Is(v.Digest):
		return nil, &SubjectError{f.Path, fmt.Sprintf("another digest, sha256:%s (%s), not %s", about.Digest["sha256"], about.Name, v.Digest)}
	case !ofLine(about, e, m.Line(e.Seq)):
		return nil, &SubjectError{f.Path, fmt.Sprintf("another line than %d of the journal", e.Seq)}
	case (sum.Result == passed) == (e.Action == registry.Removed):
		return nil, errors.New(f.Path + ": the summary says " + sum.Result)
	}
	return &Vouch{name, e.Seq, e.Alias, strconv.Itoa(e.Version), f, sum}, nil
}

// passed is the result of a summary that vouches for something.
const passed = "PASSED"

// ofLine reports whether the subject of a summary is a line of a journal.
func ofLine(about Resource, e registry.Entry, line store.Digest) bool {
	a := about.Annotations
	return a["alias"] == e.Alias && a["line"] == strconv.Itoa(e.Seq) && a["lineDigest"] == line.String()
}

// Vouch signs and keeps a summary of where an alias points now, or that it was removed, unless the key has
// done so already. policy is what it was decided by.
func (k *Key) Vouch(ctx context.Context, d *store.Dir, r *registry.Registry, model, alias string, policy Resource, now time.Time) error {
	m, err := r.Model(model)
	if err != nil {
		return err
	}
	line := slices.IndexFunc(m.Journal, func(e registry.Entry) bool { return e.Seq == lastMove(m, alias) })
	if line < 0 {
		return nil
	}
	e := m.Journal[line]
	rel := SummaryFile(model, e.Seq)
	old, err := Read(d, rel)
	if err != nil || old != nil && old.Err == nil && old.Bundle.KeyID() == k.id {
		return err
	}
	v, err := r.Version(m, e.Version)
	if err != nil {
		return err
	}
	inputs, err := evidence(d, m, v)
	if err != nil {
		return err
	}
	s, err := Promotion(v, Move{e, m.Line(e.Seq)}, policy, now, inputs)
	if err != nil {
		return err
	}
	b, err := k.Sign(ctx, s)
	if err != nil {
		return err
	}
	return Keep(d, rel, b)
}

// lastMove is the newest line that moved an alias; 0 if there is none.
func lastMove(m *registry.Model, alias string) int {
	for _, e := range slices.Backward(m.Journal) {
		if e.Alias == alias && e.Action.Moves() {
			return e.Seq
		}
	}
	return 0
}

// evidence are the bundles about how a version was made and judged.
func evidence(d *store.Dir, m *registry.Model, v *registry.Version) (out []Resource, err error) {
	files, err := Of(d, m, v)
	for _, f := range files {
		if !IsSummary(f.Path) {
			out = append(out, f.Resource())
		}
	}
	return out, err
}
