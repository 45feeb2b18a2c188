package dataset

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// ParseManifest reads the text that [Manifest] makes: files with path and
// digest, without sizes. It fails unless the text is exactly what Manifest makes
// of them, and for paths that no folder could hold.
func ParseManifest(text []byte) ([]File, error) {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, errors.New("no manifest")
	}
	lines := strings.Split(string(text[:len(text)-1]), "\n")
	files := make([]File, len(lines))
	es := make([]store.Entry, len(lines))
	for i, line := range lines {
		digest, path, ok := strings.Cut(line, " ")
		d, err := store.Parse(digest)
		if err != nil || !ok {
			return nil, fmt.Errorf("line %d is no digest and path", i+1)
		}
		if i > 0 && files[i-1].Path >= path {
			return nil, fmt.Errorf("line %d is out of order", i+1)
		}
		files[i], es[i] = File{Path: path, Digest: d}, store.Entry{Path: path, Mode: 0o644, Digest: d}
	}
	return files, store.CheckEntries(es)
}
