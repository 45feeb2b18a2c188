package provenance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Copy is a model that came without its journal, such as from a registry of images.
type Copy struct {
	Model string
	Tree  store.Digest // of its files together
	Ref   string       // by which it was asked for: an alias, a version, or any other word
}

// Carried returns the newest summary of a copy that a trusted key signed, of a promotion
// to the alias it was asked for if there is one. Where it was asked for by a number,
// it is that version's. It fails as [Trust.Vouched] does. Without the journal nobody
// knows whether an alias has moved since.
func (t *Trust) Carried(ctx context.Context, c Copy, files []*File, now time.Time) (*Vouch, error) {
	var good []*Vouch
	var first error
	for _, f := range files {
		v, err := t.copied(ctx, c, f, now)
		if v != nil {
			good = append(good, v)
		}
		if first == nil {
			first = err
		}
	}
	if len(good) > 0 {
		return slices.MaxFunc(good, func(a, b *Vouch) int {
			return cmp.Or(cmp.Compare(boolInt(a.Alias == c.Ref), boolInt(b.Alias == c.Ref)), cmp.Compare(a.Line, b.Line), a.Summary.Time.Compare(b.Summary.Time))
		}), nil
	}
	if first == nil {
		first = &UnsignedError{c.Model}
	}
	return nil, first
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// copied is what a bundle vouches for; nil if it is no summary, which is no mistake.
func (t *Trust) copied(ctx context.Context, c Copy, f *File, now time.Time) (*Vouch, error) {
	if f.Err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, f.Err)
	}
	if s, err := f.Bundle.Unverified(); err != nil || s.PredicateType != SummaryType {
		return nil, err
	}
	s, key, err := t.Check(ctx, f.Bundle, c.Model, now)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	v := &Vouch{Key: key, File: f}
	if err := json.Unmarshal(s.Predicate, &v.Summary); err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	about := s.Subject[0]
	version, ofModel := strings.CutPrefix(about.Name, c.Model+"@")
	line, lineErr := strconv.Atoi(about.Annotations["line"])
	v.Line, v.Alias, v.Version = line, about.Annotations["alias"], version
	_, numeric := strconv.Atoi(c.Ref)
	switch {
	case !about.Is(c.Tree):
		return nil, &SubjectError{f.Path, fmt.Sprintf("another digest, sha256:%s (%s), not %s", about.Digest["sha256"], about.Name, c.Tree)}
	case !ofModel || numeric == nil && version != c.Ref:
		return nil, &SubjectError{f.Path, about.Name + ", not " + c.Model + "@" + c.Ref}
	case lineErr != nil:
		return nil, errors.New(f.Path + ": it names no line of a journal")
	case v.Summary.Result != passed:
		return nil, errors.New(f.Path + ": the summary says " + v.Summary.Result)
	}
	return v, nil
}
