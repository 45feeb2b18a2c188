package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/mlops-runner/mlops/runner/store"
)

// Model reads a model. It fails with a *NotFoundError, or with a *DamagedError if
// the journal is not as it was written.
func (r *Registry) Model(name string) (*Model, error) {
	j, err := r.journal(name)
	if err != nil {
		return nil, err
	}
	if len(j.wrong) > 0 {
		return nil, &DamagedError{name, j.wrong[0]}
	}
	if len(j.entries) == 0 {
		return nil, r.unknown(name)
	}
	return settle(name, j), nil
}

// unknown is the error for a model that is not there.
func (r *Registry) unknown(name string) error {
	known, err := r.Names()
	return errors.Join(err, &NotFoundError{"model " + name, known})
}

// patience is how often a reader looks again: a writer between its two renames
// leaves a journal and a head that do not fit for some microseconds.
const patience = 5

// journal reads a model's journal and head, without a lock.
func (r *Registry) journal(name string) (j *journal, err error) {
	if err := CheckModel(name); err != nil {
		return nil, err
	}
	for try := range patience {
		time.Sleep(time.Duration(try) * 2 * time.Millisecond)
		if j, err = r.journalOnce(name); err != nil || len(j.wrong) == 0 {
			return j, err
		}
	}
	return j, nil
}

func (r *Registry) journalOnce(name string) (*journal, error) {
	text, err := r.optional(journalFile(name))
	if err != nil {
		return nil, err
	}
	head, err := r.optional(headFile(name))
	if err != nil {
		return nil, err
	}
	if len(text) > maxJournal {
		return nil, fmt.Errorf("model %s: the journal is larger than %d MiB", name, maxJournal>>20)
	}
	j := parseJournal(name, text, head)
	if len(text) == 0 && head != nil {
		j.blame(name, 0, "is missing, and so are all behind it")
	}
	return j, nil
}

// optional reads a file that need not be there; it is nil then.
func (r *Registry) optional(rel string) ([]byte, error) {
	data, err := r.read(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", rel, err)
	}
	return data, nil
}

// Version reads a version. It fails with a *NotFoundError, or with a
// *DamagedError if its file is not the one that was registered.
func (r *Registry) Version(m *Model, n int) (*Version, error) {
	if err := m.registered(n); err != nil {
		return nil, err
	}
	v, problem := r.version(m.versions[n-1])
	if problem != nil {
		return nil, &DamagedError{m.Name, *problem}
	}
	return v, nil
}

// version reads the version that a line registered.
func (r *Registry) version(e Entry) (*Version, *Problem) {
	rel := versionFile(e.Model, e.Version)
	data, err := r.read(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &Problem{File: rel, What: fmt.Sprintf("is missing; line %d of the journal registers it", e.Seq)}
	}
	if err == nil && store.Sum(data) != e.File {
		return nil, &Problem{File: rel, What: fmt.Sprintf("was changed: line %d of the journal holds another digest of it", e.Seq)}
	}
	v := &Version{}
	if err == nil {
		v, err = parseVersion(data)
	}
	if err != nil {
		return nil, &Problem{File: rel, What: err.Error()}
	}
	if v.Model != e.Model || v.Version != e.Version || v.Digest != e.Digest {
		return nil, &Problem{File: rel, What: fmt.Sprintf("is about another version than line %d of the journal", e.Seq)}
	}
	return v, nil
}

// Made returns the run to compare with where a version, named by an alias or a number,
// is the measure: the newest that promoted it, else the one that it was registered
// from. Both had these very files. It fails as Model and Version do.
func (r *Registry) Made(_ context.Context, model, alias string) (run string, err error) {
	m, err := r.Model(model)
	if err != nil {
		return "", err
	}
	n, err := m.Resolve(alias)
	if err != nil {
		return "", err
	}
	for _, e := range slices.Backward(m.Journal) {
		if e.Action == Aliased && e.Version == n && e.Run != "" {
			return e.Run, nil
		}
	}
	v, err := r.Version(m, n)
	if err != nil {
		return "", err
	}
	return v.Run, nil
}

// change lets a writer work on a model as it is now, and adds the line that it
// returns, if any, to the journal.
func (r *Registry) change(ctx context.Context, model string, work func(m *Model) (*Entry, error)) error {
	release, err := r.lock(ctx, model)
	if err != nil {
		return err
	}
	defer release()
	j, err := r.journalOnce(model)
	if err != nil {
		return err
	}
	if len(j.wrong) > 0 {
		return &DamagedError{model, j.wrong[0]}
	}
	m := settle(model, j)
	if err := r.catchUp(m); err != nil {
		return err
	}
	e, err := work(m)
	if err != nil || e == nil {
		return err
	}
	return r.append(m, e)
}

// catchUp moves head up to a line whose writer was killed.
func (r *Registry) catchUp(m *Model) error {
	if !m.journal.behind {
		return nil
	}
	m.journal.behind = false
	// The journal's name may not have reached the disk, and must before head does.
	if err := r.d.Disk().Sync(r.path(folder(m.Name))); err != nil {
		return fmt.Errorf("model %s: %w", m.Name, err)
	}
	return r.d.KeepFile(headFile(m.Name), headOf(m.journal.sums[len(m.journal.sums)-1]))
}

// append adds a line to the journal of a model that the caller has locked.
func (r *Registry) append(m *Model, e *Entry) error {
	e.Model, e.Time = m.Name, r.now().UTC().Truncate(time.Millisecond)
	text, err := m.journal.add(e)
	if err != nil {
		return fmt.Errorf("journal of %s: %w", m.Name, err)
	}
	if err := r.d.KeepFile(journalFile(m.Name), text); err != nil {
		return err
	}
	return r.d.KeepFile(headFile(m.Name), headOf(m.journal.sums[len(m.journal.sums)-1]))
}
