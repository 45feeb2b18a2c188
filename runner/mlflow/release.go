package mlflow

import (
	"context"
	"errors"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// Release lets GC take the artifacts of records that were removed. Those of runs that
// were logged to a server stay until one starts again: a later record of the same
// run may have them, and the server knows.
func Release(ctx context.Context, d *store.Dir, records []string) error {
	if len(records) == 0 {
		return nil
	}
	gone := map[string]bool{}
	for _, id := range records {
		run := plain(id)
		gone[run] = !exists(d.Root() + "/" + tracking + "/runs/" + run + logSuffix)
	}
	refs, err := d.Refs()
	if err != nil {
		return err
	}
	var errs []error
	for name, dig := range refs {
		rest, ours := strings.CutPrefix(name, "mlflow/")
		run, _, _ := strings.Cut(rest, "/")
		if ours && gone[run] {
			errs = append(errs, d.SetRef(ctx, name, dig, store.Digest{}))
		}
	}
	return errors.Join(errs...)
}
