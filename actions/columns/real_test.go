package columns_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/actions/action"
	"github.com/mlops-runner/mlops/actions/columns"
	"github.com/mlops-runner/mlops/actions/datacheck"
	"github.com/mlops-runner/mlops/actions/profile"
	"github.com/mlops-runner/mlops/actions/table"
)

// The lines that are written of real tables pass a data check of the same tables,
// with not one to spare: each column has a line.
func TestRealTables(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../../examples/churn/data/churn.csv", "../../../shared/data/ames.csv"} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat(path); err != nil {
				t.Skipf("the table is not here: %v", err)
			}
			tab, err := table.Open([]string{path}, table.Options{})
			if err != nil {
				t.Fatal(err)
			}
			p, err := profile.Of(t.Context(), tab)
			if err != nil {
				t.Fatal(err)
			}
			lines := map[string]any{}
			for _, l := range columns.Lines(p, columns.Options{}) {
				lines[l.Name] = l.Text
				t.Logf("%s: %s", l.Name, l.Text)
			}
			checked, _, err := datacheck.Table(t.Context(), action.Call{
				Inputs: map[string]any{"data": filepath.Base(path), "columns": lines},
				Root:   filepath.Dir(path), Temp: t.TempDir(), Log: io.Discard, Now: time.Now(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) != checked.Columns || len(checked.Results) < len(lines) {
				t.Errorf("%d lines for %d columns, %d results", len(lines), checked.Columns, len(checked.Results))
			}
			for _, r := range checked.Results {
				if !r.Passed {
					t.Errorf("%s %s: %s, wanted %s", r.Column, r.Check, r.Measured, r.Wanted)
				}
			}
		})
	}
}
