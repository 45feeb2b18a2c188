package share

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner/record"
)

// pullRuns brings records, the newest first.
func (s *Share) pullRuns(ctx context.Context, c Choice, rep *Report) error {
	if len(c.Runs) == 0 && c.Newest == 0 && !c.AllRuns {
		return nil
	}
	have, err := s.there(ctx, "runs/")
	if err != nil {
		return err
	}
	var names []string
	for name := range have {
		if strings.HasSuffix(name, ".tar") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	slices.Reverse(names) // an id begins with its time
	chosen, err := chooseRuns(names, c)
	if err != nil {
		return err
	}
	ids := map[string]bool{}
	for _, name := range chosen {
		ids[idOf(name)] = true
	}
	had := map[string]bool{}
	for e, err := range record.List(s.Local.Root()) {
		if err != nil {
			return err
		}
		had[e.ID] = true
	}
	chosen = slices.DeleteFunc(chosen, func(name string) bool { return had[idOf(name)] })
	rep.Runs = len(chosen)
	if !s.DryRun {
		if err := inParallel(ctx, len(chosen), func(ctx context.Context, i int) error { return s.pullRun(ctx, idOf(chosen[i])) }); err != nil {
			return err
		}
	}
	return s.take(ctx, offered(have, func(run, _ string) bool { return ids[run] }), nil, rep)
}

func idOf(name string) string { return strings.TrimSuffix(path.Base(name), ".tar") }

// chooseRuns are the names that a choice means.
func chooseRuns(names []string, c Choice) (out []string, err error) {
	if c.AllRuns {
		return names, nil
	}
	out = slices.Clone(names[:min(c.Newest, len(names))])
	for _, ref := range c.Runs {
		found := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !strings.HasPrefix(idOf(n), strings.ToLower(ref)) })
		switch len(found) {
		case 0:
			return nil, fmt.Errorf("run %q: %w in the shared store", ref, record.ErrNotFound)
		case 1:
		default:
			return nil, fmt.Errorf("%d runs in the shared store begin with %q", len(found), ref)
		}
		if !slices.Contains(out, found[0]) {
			out = append(out, found[0])
		}
	}
	return out, nil
}

// pullRun brings one record.
func (s *Share) pullRun(ctx context.Context, id string) error {
	name, err := runName(id)
	if err != nil || s.hasRun(id) {
		return err
	}
	r, err := s.Remote.Get(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err = record.Unpack(s.Local.Disk(), s.Local.Root(), id, r); err != nil {
		return fmt.Errorf("%s: %w", s.Remote.Address(), err)
	}
	return nil
}

// hasRun reports whether there is a record of a run here.
func (s *Share) hasRun(id string) bool {
	folder, err := record.Folder(id)
	if err != nil {
		return false
	}
	return s.has(folder)
}

// has reports whether the store has a file or folder.
func (s *Share) has(rel string) bool {
	_, err := os.Lstat(filepath.Join(s.Local.Root(), filepath.FromSlash(rel)))
	return err == nil
}
