package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/store"
)

// here is the project that is worked in. Where there is none it is the store that
// MLOPS_HOME names by itself, as on a machine that only uses models.
func (a *app) here() (*project, error) {
	p, err := a.findProject("")
	switch {
	case err == nil || a.file != "":
		return p, err
	case os.Getenv("MLOPS_HOME") != "":
	case a.shared != "" || os.Getenv("MLOPS_STORE") != "":
		return nil, fixError{errors.New("there is neither an mlops.yaml here nor a store of this machine"), "set MLOPS_HOME to a folder, in which is kept what comes from the shared store"}
	default:
		return nil, err
	}
	cwd, err := os.Getwd()
	return &project{root: cwd}, err
}

// A lookout says of blobs that a store should have and has not whether the shared
// store has them: names alone are brought by "mlops pull", and bytes by their use.
type lookout struct {
	share *share.Share // nil if none is named
	read  bool         // every byte of them, too
	asked map[store.Digest]bool
	lacks map[store.Digest]error
}

// lookout makes one for a store. With read it fails where no shared store is named.
func (a *app) lookout(s *store.Dir, read bool) (*lookout, error) {
	l := &lookout{read: read, asked: map[store.Digest]bool{}, lacks: map[store.Digest]error{}}
	p, err := a.here()
	if err == nil {
		var c *share.Cache
		if c, err = a.cache(p, s); c != nil {
			l.share = c.Share
			l.share.Progress = a.carrying()
		}
	}
	if err == nil && l.share == nil && read {
		return nil, noShare(p)
	}
	return l, err
}

func noShare(p *project) error {
	return fixError{errors.New("no shared store is named"), "set MLOPS_STORE=s3://BUCKET/PREFIX, or write store: into " + p.shownStore() + "/" + settingsName}
}

// ask asks for blobs, each once.
func (l *lookout) ask(ctx context.Context, ds []store.Digest) error {
	var todo []store.Digest
	for _, d := range ds {
		if !l.asked[d] && !d.IsZero() {
			l.asked[d] = true
			todo = append(todo, d)
		}
	}
	if l.share == nil || len(todo) == 0 {
		return nil
	}
	lacks, err := l.share.Lacks(ctx, todo, l.read)
	if err != nil {
		return curedFar(fmt.Errorf("%s not here, and the shared store cannot be asked: %w", counted(len(todo), "file"), err))
	}
	for d, why := range lacks {
		l.lacks[d] = why
	}
	return nil
}

// has reports whether a blob that was asked for is in the shared store.
func (l *lookout) has(d store.Digest) bool {
	return l.share != nil && l.asked[d] && l.lacks[d] == nil
}

// lacking are the problems that are none of blobs which are only in the shared store. of
// returns what a problem misses, and the text of why.
func lacking[P any](ctx context.Context, l *lookout, all []P, of func(*P) (store.Digest, *string)) (out []P, err error) {
	missing := make([]store.Digest, len(all))
	for i := range all {
		missing[i], _ = of(&all[i])
	}
	if err := l.ask(ctx, missing); err != nil {
		return nil, err
	}
	for i, p := range all {
		if l.has(missing[i]) {
			continue
		}
		_, why := of(&p)
		*why += l.nor(missing[i])
		out = append(out, p)
	}
	return out, nil
}

// modelProblem is what a problem of a model misses, and why.
func modelProblem(p *registry.Problem) (store.Digest, *string) { return p.Missing, &p.What }

// count is how many blobs are only in the shared store.
func (l *lookout) count() int {
	if l.share == nil {
		return 0
	}
	return len(l.asked) - len(l.lacks)
}

// nor says why the shared store cannot give a blob either; "" if it was not asked.
func (l *lookout) nor(d store.Digest) string {
	why := l.lacks[d]
	switch {
	case why == nil:
		return ""
	case errors.Is(why, remote.ErrNotFound):
		return ", and not in the shared store either"
	}
	return "; " + why.Error()
}

// tell says how many files are only there.
func (l *lookout) tell(a *app) error {
	n := l.count()
	if n == 0 {
		return nil
	}
	how := "brought when something uses them; --remote reads them there"
	if l.read {
		how = "read there, and as they should be"
	}
	_, err := fmt.Fprintf(a.stdout, "%s only in the shared store %s: %s\n", counted(n, "file"), l.share.Remote.Address(), how)
	return err
}
