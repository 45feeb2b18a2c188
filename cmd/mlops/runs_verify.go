package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/record"
)

func newRunsVerify(a *app) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "verify [RUN...]",
		Short: "Check that records are as they were sealed, and name the files that are not",
		Long: `Read every file of the named records, or of all, and compare it with SHA256SUMS, as
"sha256sum -c" does; files that are not in it are found too. The digest that is shown is that of
SHA256SUMS itself: who can write the files can write that too, so only a digest that is known
from elsewhere proves more. A run that was killed has no seal; named as RUN it is an error.`,
		Example: "  mlops runs verify\n  mlops runs verify 0192a8 --json",
		RunE:    func(_ *cobra.Command, args []string) error { return a.verifyRuns(args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// The states of a record.
const (
	asSealed  = "as sealed"
	differs   = "differs"
	notSealed = "not sealed" // it goes on, or was killed
)

// verified is what is found of one record.
type verified struct {
	Run     string   `json:"run"`
	State   string   `json:"state"`
	Digest  string   `json:"digest,omitempty"` // of SHA256SUMS
	Files   int      `json:"files"`            // that the seal names
	Changed []string `json:"changed,omitempty"`
	Missing []string `json:"missing,omitempty"`
	Added   []string `json:"added,omitempty"`
	Error   string   `json:"error,omitempty"`  // why the seal cannot be read
	Status  string   `json:"status,omitempty"` // of a run that is not sealed: running or interrupted
}

// verifyRuns checks records and fails if one of them is not as it was sealed, or
// one that was asked for by name never was.
func (a *app) verifyRuns(ids []string, asJSON bool) error {
	p, err := a.findProject("")
	if err != nil {
		return err
	}
	entries, err := recordEntries(p.store(), ids)
	if err != nil {
		return err
	}
	all := make([]verified, len(entries))
	bad := 0
	for i, e := range entries {
		if all[i], err = verifyRun(p.store(), e); err != nil {
			return err
		}
		if all[i].State == differs || all[i].State == notSealed && len(ids) > 0 {
			bad++
		}
	}
	if err := a.sayVerified(all, asJSON); err != nil || bad == 0 {
		return err
	}
	verb := "are"
	if bad == 1 {
		verb = "is"
	}
	a.say("%d of %d records %s not as sealed", bad, len(all), verb)
	return failedError{exitFailed}
}

// recordEntries are the records that ids mean, or all of them.
func recordEntries(root string, ids []string) (entries []record.Entry, err error) {
	for _, id := range ids {
		e, err := record.Find(root, id)
		if errors.Is(err, record.ErrNotFound) {
			err = fixError{err, `"mlops runs" lists them`}
		}
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	if len(ids) > 0 {
		return entries, nil
	}
	for e, err := range record.List(root) {
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func verifyRun(root string, e record.Entry) (verified, error) {
	v, err := record.Verify(root, e.ID)
	var corrupt *record.CorruptError
	switch {
	case errors.Is(err, record.ErrNotSealed):
		out := verified{Run: e.ID, State: notSealed}
		if r, err := e.Head(); err == nil {
			out.Status = string(r.Status)
		}
		return out, nil
	case errors.As(err, &corrupt):
		return verified{Run: e.ID, State: differs, Error: corrupt.File + ": " + corrupt.Err.Error()}, nil
	case err != nil:
		return verified{}, err
	}
	out := verified{Run: v.ID, State: asSealed, Files: v.Files, Changed: v.Changed, Missing: v.Missing, Added: v.Extra}
	if !v.OK() {
		out.State = differs
	}
	if !v.Digest.IsZero() {
		out.Digest = v.Digest.String()
	}
	return out, nil
}

func (a *app) sayVerified(all []verified, asJSON bool) error {
	if asJSON {
		return a.printJSON(all)
	}
	if len(all) == 0 {
		fmt.Fprintln(a.stderr, "mlops: no run is recorded here yet")
		return nil
	}
	rows := make([][]string, len(all))
	for i, v := range all {
		rows[i] = []string{v.Run, v.State, v.detail()}
	}
	return view.Table(a.stdout, []string{"run", "record", "found"}, rows, a.color())
}

// detail says what makes the state.
func (v *verified) detail() string {
	switch v.State {
	case asSealed:
		return fmt.Sprintf("%s files, %s", view.Count(v.Files), v.Digest)
	case notSealed:
		return v.Status
	}
	var parts []string
	for _, of := range []struct {
		what  string
		files []string
	}{{"changed", v.Changed}, {"missing", v.Missing}, {"added", v.Added}} {
		if len(of.files) > 0 {
			parts = append(parts, of.what+": "+strings.Join(of.files, ", "))
		}
	}
	if v.Error != "" {
		parts = append(parts, v.Error)
	}
	return strings.Join(parts, "; ")
}
