package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/dataset"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/runner/store"
	"github.com/mlops-runner/mlops/spec"
)

func newDataPin(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "pin NAME",
		Short: "Pin a dataset at an address to what is there now",
		Long: `Fetch the dataset, and write the digest of its content into mlops.yaml; all else of
the file stays as it is. The bytes are kept in the store, so the next run has them.`,
		Example: "  mlops data pin customers",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return a.dataPin(c.Context(), args[0]) },

		ValidArgsFunction: a.completeData,
	}
}

func (a *app) dataPin(ctx context.Context, name string) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	set, err := p.unpinned(name)
	if err != nil {
		return err
	}
	s, err := store.Open(p.sharedStore())
	if err != nil {
		return err
	}
	pin, err := s.Pin(ctx)
	if err != nil {
		return err
	}
	defer pin.Release()
	hard, _, stop := interruptible(ctx, a.leave)
	defer stop()
	got, err := fetcher().Fetch(hard, s, dataset.Remote{Name: set.Name, Address: set.Source, Folder: set.Folder()}, a.fetchProgress(set.Name))
	if err != nil {
		return fetchFault(err)
	}
	was := set.Digest
	text, err := spec.PinDataset(p.source, set.Name, got.Digest.String())
	if err != nil {
		return fixError{fmt.Errorf("%s: %w", p.path, err), fmt.Sprintf("write it yourself: digest: %s", got.Digest)}
	}
	what := fmt.Sprintf("%s files, %s", view.Count(got.Files), view.Bytes(got.Size))
	if was == got.Digest.String() {
		_, err = fmt.Fprintf(a.stdout, "%s is what it was: %s (%s)\n", set.Name, was, what)
		return err
	}
	if err := replaceFile(p.path, p.source, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "pinned %s to %s (%s)\n", set.Name, got.Digest, what)
	return err
}

// unpinned is a dataset of the file as its plan has it, with the address that
// its expressions give, whether it is pinned or not. Other datasets without a
// pin do not matter.
func (p *project) unpinned(name string) (plan.Dataset, error) {
	source := p.source
	defer func() { p.source = source }()
	var pl *plan.Plan
	for { // each time another dataset gets a pin to go on with
		err := p.parse(nil)
		if err == nil {
			pl, err = p.plan()
		}
		if err == nil {
			break
		}
		missing := unpinnedIn(err)
		if missing == "" {
			return plan.Dataset{}, err
		}
		if p.source, err = spec.PinDataset(p.source, missing, noPin); err != nil {
			return plan.Dataset{}, fixError{fmt.Errorf("%s: dataset %s: %w", p.path, missing, err), "write it as {path: ..., digest: sha256:...}"}
		}
	}
	d := &dataStore{project: p, plan: pl}
	set, ok := d.declared(name)
	switch {
	case !ok:
		var names []string
		for _, set := range pl.Data {
			names = append(names, set.Name)
		}
		return set, unknownDataset(name, names)
	case set.Source == "":
		return set, usageError{fixError{fmt.Errorf("the dataset %s lies in the repository; only addresses are pinned", set.Name), `"mlops data log" lists its versions`}}
	}
	return set, nil
}

// noPin stands in for a digest until there is one.
const noPin = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// unpinnedIn is the first dataset that diagnostics say has no digest, if they say
// nothing else.
func unpinnedIn(err error) string {
	var ds spec.Diagnostics
	if !errors.As(err, &ds) {
		return ""
	}
	name := ""
	for _, d := range ds {
		if d.Severity == spec.Warning {
			continue
		}
		n, ok := spec.Unpinned(d)
		if !ok {
			return ""
		}
		if name == "" {
			name = n
		}
	}
	return name
}

// fetchProgress tells of a download after ten seconds, and then every ten.
func (a *app) fetchProgress(name string) func(done, total int64) {
	told := time.Now()
	return func(done, total int64) {
		if time.Since(told) < 10*time.Second {
			return
		}
		told = time.Now()
		of := ""
		if total > 0 {
			of = fmt.Sprintf(" of %s (%d%%)", view.Bytes(total), 100*done/total)
		}
		a.say("fetching %s: %s%s", name, view.Bytes(done), of)
	}
}

// fetchFault adds the cure to what is wrong with a download.
func fetchFault(err error) error {
	var f interface{ Fix() string }
	if errors.As(err, &f) && f.Fix() != "" {
		return fixError{err, f.Fix()}
	}
	return err
}

// replaceFile gives a file new content in one step, unless it is not what it
// was. Where a link leads to it, the link stays.
func replaceFile(path string, was, text []byte) error {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	st, err := os.Stat(real)
	if err != nil {
		return err
	}
	if now, err := os.ReadFile(real); err != nil || string(now) != string(was) {
		return errors.Join(err, fixError{fmt.Errorf("%s was edited meanwhile", path), "run the command again"})
	}
	f, err := os.CreateTemp(filepath.Dir(real), "."+filepath.Base(real)+".")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(st.Mode().Perm()), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), real)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}

// unknownDataset is a name that no dataset has.
func unknownDataset(name string, names []string) error {
	err := fmt.Errorf("there is no dataset %q", name)
	switch near := spec.Nearest(name, names); {
	case near != "":
		return usageError{fixError{err, fmt.Sprintf("did you mean %q?", near)}}
	case len(names) > 0:
		return usageError{fixError{err, "there are: " + strings.Join(names, ", ")}}
	}
	return usageError{fixError{err, "declare it: data: {NAME: {path: ...}}"}}
}
