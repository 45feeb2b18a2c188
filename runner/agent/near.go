package agent

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/spec/spelling"
)

const (
	maxLooked = 5000 // files that are looked at for a suggestion
	maxNear   = 3    // suggestions
)

// produced returns the files or folders that a job wrote since it started and
// whose names come nearest to the missing outputs.
func produced(workspace string, missing []string, since time.Time) []string {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return nil
	}
	defer root.Close()
	best := map[string]int{}
	looked := 0
	_ = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if looked++; looked > maxLooked {
			return fs.SkipAll
		}
		if err != nil || p == "." || d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return skip(d)
		}
		st, err := d.Info()
		if err != nil || st.ModTime().Before(since) {
			return nil
		}
		if d.IsDir() {
			p += "/"
		}
		if n := distance(p, missing); n >= 0 {
			best[p] = n
		}
		return nil
	})
	names := sortedKeys(best)
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(best[a], best[b]) })
	return names[:min(len(names), maxNear)]
}

func skip(d fs.DirEntry) error {
	if d != nil && d.IsDir() && d.Name() != "." {
		return fs.SkipDir
	}
	return nil
}

// distance is how far a path is from the nearest missing output, by its whole
// or by its last name; -1 if it is far from all.
func distance(p string, missing []string) int {
	best := -1
	for _, m := range missing {
		whole := spelling.Distance(strings.TrimSuffix(p, "/"), strings.TrimSuffix(m, "/"))
		last := 1 + spelling.Distance(path.Base(p), path.Base(m))
		near := min(whole, last)
		if near <= max(2, len(path.Base(m))/2) && (best < 0 || near < best) {
			best = near
		}
	}
	return best
}
