package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Text returns a model's journal as it is written. It fails as Model does.
func (r *Registry) Text(model string) ([]byte, error) {
	m, err := r.Model(model)
	if err != nil {
		return nil, err
	}
	return m.journal.text, nil
}

// Entries reads a journal that came from elsewhere. It fails with a *DamagedError if
// its lines do not follow one another.
func Entries(model string, text []byte) ([]Entry, error) {
	j, err := foreign(model, text)
	if err != nil {
		return nil, err
	}
	return j.entries, nil
}

// foreign parses a journal that has no head of its own: its last line is taken as it is.
func foreign(model string, text []byte) (*journal, error) {
	if err := CheckModel(model); err != nil {
		return nil, err
	}
	last := bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n') + 1
	j := parseJournal(model, text, headOf(store.Sum(text[last:])))
	if len(j.entries) == 0 {
		j.blame(model, 0, "is missing")
	}
	if len(j.wrong) > 0 {
		return nil, &DamagedError{model, j.wrong[0]}
	}
	return j, nil
}

// A DivergedError reports two journals of a model, neither of which goes on where
// the other ends: both places were written to.
type DivergedError struct {
	Model        string
	Ours, Theirs Entry // the first lines that differ
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("the journals of %s here and in the shared store differ from line %d on: here %s, there %s", e.Model, e.Ours.Seq, e.Ours.did(), e.Theirs.did())
}

// Cure says how to make them one again.
func (e *DivergedError) Cure() string {
	return "\"mlops pull --models --theirs\" takes the shared journal and sets yours aside; then promote again what is to win"
}

// did says what a line tells, in few words.
func (e *Entry) did() string {
	what := string(e.Action) + " " + place(e.Model, e.Version)
	if e.Alias != "" {
		what = e.Alias + " → " + place(e.Model, e.Version)
		if e.Action == Removed {
			what = e.Alias + " → nothing"
		}
	}
	if e.Actor != "" {
		what += " by " + e.Actor
	}
	return what + " at " + e.Time.UTC().Format(time.RFC3339)
}

// Ahead compares two journals of a model: how many lines ours has that theirs has not
// yet, negative if theirs has more. It fails with a *DivergedError if neither goes on
// where the other ends.
func Ahead(model string, ours, theirs []byte) (int, error) {
	lines := func(b []byte) int { return bytes.Count(b, []byte("\n")) }
	if bytes.HasPrefix(ours, theirs) || bytes.HasPrefix(theirs, ours) {
		return lines(ours) - lines(theirs), nil
	}
	mine, err := foreign(model, ours)
	if err != nil {
		return 0, err
	}
	other, err := foreign(model, theirs)
	if err != nil {
		return 0, err
	}
	for i := range min(len(mine.sums), len(other.sums)) {
		if mine.sums[i] != other.sums[i] {
			return 0, &DivergedError{model, mine.entries[i], other.entries[i]}
		}
	}
	return 0, fmt.Errorf("the journals of %s cannot be compared", model)
}

// A Moved alias points to another version than before, 0 for none.
type Moved struct {
	Model, Alias string
	From, To     int
	By           string
	Time         time.Time
}

// Adopt takes over a journal from elsewhere that goes on where ours ends, with the
// versions that it registers, whose files version gives by the digest of them; it is
// held against it. The versions' bytes need not be here. Of two journals that
// diverged it fails with a *DivergedError, unless force is set: then ours is set
// aside, as models/<model>/aside-<digest>.jsonl. A journal that ends before ours is
// none to take over. It returns the aliases that moved.
func (r *Registry) Adopt(ctx context.Context, model string, theirs []byte, version func(store.Digest) ([]byte, error), force bool) (moved []Moved, err error) {
	next, err := foreign(model, theirs)
	if err != nil {
		return nil, err
	}
	release, err := r.lock(ctx, model)
	if err != nil {
		return nil, err
	}
	defer release()
	now, err := r.journalOnce(model)
	if err != nil {
		return nil, err
	}
	if len(now.wrong) > 0 && !force {
		return nil, &DamagedError{model, now.wrong[0]}
	}
	ahead, err := Ahead(model, now.text, theirs)
	diverged := err != nil
	switch {
	case diverged && !force:
		return nil, err
	case !diverged && ahead >= 0:
		return nil, nil
	}
	if diverged {
		if err := r.d.KeepFile(folder(model)+"/aside-"+store.Sum(now.text).Hex()[:12]+".jsonl", now.text); err != nil {
			return nil, err
		}
	}
	before, after := settle(model, now), settle(model, next)
	if err := r.adoptVersions(ctx, before, after, version); err != nil {
		return nil, err
	}
	if err := r.d.KeepFile(journalFile(model), theirs); err != nil {
		return nil, err
	}
	if err := r.d.KeepFile(headFile(model), headOf(next.sums[len(next.sums)-1])); err != nil {
		return nil, err
	}
	return moves(before, after), nil
}

// adoptVersions writes what the journal then makes true, and removes versions that
// it does not have.
func (r *Registry) adoptVersions(ctx context.Context, before, after *Model, version func(store.Digest) ([]byte, error)) error {
	if len(before.versions) == 0 {
		if err := r.syncFolders(after.Name); err != nil {
			return err
		}
	}
	for i, e := range after.versions {
		if i < len(before.versions) && before.versions[i].File == e.File && r.has(versionFile(e.Model, e.Version)) {
			continue
		}
		if e.Version != i+1 {
			return &DamagedError{e.Model, Problem{File: journalFile(e.Model), Line: e.Seq, What: "registers a version out of turn"}}
		}
		if err := r.adoptVersion(ctx, e, version); err != nil {
			return fmt.Errorf("version %d of %s: %w", e.Version, e.Model, err)
		}
	}
	for n := len(after.versions) + 1; n <= len(before.versions); n++ {
		ref := refName(after.Name, n)
		if was, err := r.d.Ref(ref); err == nil {
			if err := r.d.SetRef(ctx, ref, was, store.Digest{}); err != nil {
				return err
			}
		}
		if err := r.removeFile(versionFile(after.Name, n)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Registry) adoptVersion(ctx context.Context, e Entry, version func(store.Digest) ([]byte, error)) error {
	data, err := version(e.File)
	if err != nil {
		return err
	}
	v, err := ParseVersion(e, data)
	if err != nil {
		return err
	}
	tree, err := r.d.PutTree(ctx, v.Entries())
	if err != nil {
		return err
	}
	if tree != e.Digest {
		return errors.New("its files are not those that the journal names")
	}
	was, err := r.d.Ref(refName(e.Model, e.Version))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if was != tree {
		if err := r.d.SetRef(ctx, refName(e.Model, e.Version), was, tree); err != nil {
			return err
		}
	}
	return r.d.KeepFile(versionFile(e.Model, e.Version), data)
}

// ParseVersion reads the file of a version that a line registers, and holds it
// against the line.
func ParseVersion(e Entry, data []byte) (*Version, error) {
	if store.Sum(data) != e.File {
		return nil, errors.New("its file is not the one that the journal names")
	}
	v, err := parseVersion(data)
	if err != nil {
		return nil, err
	}
	if v.Model != e.Model || v.Version != e.Version || v.Digest != e.Digest {
		return nil, errors.New("its file is about another version")
	}
	return v, nil
}

// VersionFile returns the bytes of a registered version's file.
func (r *Registry) VersionFile(m *Model, n int) ([]byte, error) {
	if err := m.registered(n); err != nil {
		return nil, err
	}
	data, err := r.read(versionFile(m.Name, n))
	if err == nil && store.Sum(data) != m.versions[n-1].File {
		err = errors.New("it was changed")
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it is missing")
	}
	if err != nil {
		return nil, &DamagedError{m.Name, Problem{File: versionFile(m.Name, n), What: err.Error()}}
	}
	return data, nil
}

// moves are the aliases that differ.
func moves(before, after *Model) (out []Moved) {
	seen := map[string]bool{}
	for _, e := range after.Journal {
		if to := after.Aliases[e.Alias]; e.Alias != "" && !seen[e.Alias] && to != before.Aliases[e.Alias] {
			seen[e.Alias] = true
			w := after.mover(e.Alias)
			out = append(out, Moved{after.Name, e.Alias, before.Aliases[e.Alias], to, w.Actor, w.Time})
		}
	}
	return out
}

// removeFile removes a file of the registry, if it is there.
func (r *Registry) removeFile(rel string) error {
	if !r.has(rel) {
		return nil
	}
	return r.d.Disk().Remove(r.path(rel))
}
