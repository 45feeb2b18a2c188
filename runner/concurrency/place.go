package concurrency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Place is where the groups of a store are kept. It is safe for concurrent use.
type Place struct {
	dir string
}

// At returns the groups of the store with the given root. Nothing is made
// before somebody joins one.
func At(root string) *Place { return &Place{filepath.Join(root, "groups")} }

// lockName is the file that is locked while the others are looked at.
const lockName = "lock"

// watch tells when members come, leave or die. That somebody looked is no news.
func (p *Place) watch() *store.Watch {
	return store.WatchFolder(p.dir, func(name string) bool { return name != lockName })
}

// base is the beginning of the paths of a group's files.
func (p *Place) base(group string) string {
	return filepath.Join(p.dir, store.Sum([]byte(fold(group))).Hex()[:24])
}

// change lets f look at the state of a group, without those who have died, and
// change it; it is written when f returns true. Nobody else sees the group meanwhile.
func (p *Place) change(ctx context.Context, group string, f func(*state) bool) error {
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return err
	}
	release, err := store.Lock(ctx, filepath.Join(p.dir, lockName))
	if err != nil {
		return err
	}
	defer release()
	s, err := p.read(group)
	if err != nil {
		return err
	}
	buried := p.bury(group, s)
	if f(s) || buried {
		return p.write(group, s)
	}
	return nil
}

// read returns the state of a group; an empty one if it has no file, or one that
// was torn by a power cut, which no member survives either.
func (p *Place) read(group string) (*state, error) {
	s := &state{Group: group}
	data, err := os.ReadFile(p.base(group) + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(data, s) != nil {
		return &state{Group: group}, nil
	}
	return s, nil
}

// bury removes members that have died. Who was pending follows.
func (p *Place) bury(group string, s *state) (changed bool) {
	for _, e := range []**entry{&s.Active, &s.Pending} {
		if *e == nil {
			continue
		}
		ticket := p.ticket(group, (*e).Ticket)
		if held, err := store.Locked(ticket); held || err != nil && !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		_ = os.Remove(ticket) // a file that stays is in nobody's way
		*e, changed = nil, true
	}
	if s.Active == nil && s.Pending != nil {
		s.Active, s.Pending, changed = s.Pending, nil, true
	}
	return changed
}

// ticket is the path of a member's lock file.
func (p *Place) ticket(group, ticket string) string { return p.base(group) + "." + ticket }

// dismiss leaves word for a pending member of who takes its place, in the file of
// its ticket: when it looks, that one may have been at work and gone already.
func (p *Place) dismiss(group string, e *entry, by Member) error {
	word, err := json.Marshal(by)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(p.ticket(group, e.Ticket), os.O_WRONLY|os.O_TRUNC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has just given up
	}
	if err != nil {
		return err
	}
	_, err = f.Write(word)
	return errors.Join(err, f.Close())
}

// dismissed is why a member is in its group no more.
func (p *Place) dismissed(group, ticket string) error {
	word, err := os.ReadFile(p.ticket(group, ticket))
	if len(word) == 0 {
		return errors.Join(errors.New("its file is gone from the store"), err)
	}
	e := &ReplacedError{Group: group}
	if err := json.Unmarshal(word, &e.By); err != nil {
		return err
	}
	return e
}

func (p *Place) write(group string, s *state) error {
	file := p.base(group) + ".json"
	if s.Active == nil && s.Pending == nil {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	// Renamed, because members look at it without the lock.
	if err := os.WriteFile(file+".new", data, 0o644); err != nil {
		return fmt.Errorf("group %q: %w", group, err)
	}
	return os.Rename(file+".new", file)
}
