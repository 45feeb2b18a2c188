package record

import (
	"bytes"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// formatSums returns the text of SHA256SUMS, as sha256sum prints and checks it:
// "<hex>  <name>" for each file; they are given sorted by name.
func formatSums(sums []namedSum) []byte {
	var b []byte
	for _, s := range sums {
		b = fmt.Appendf(b, "%s  %s\n", s.sum.Hex(), s.name)
	}
	return b
}

// parseSums reads what formatSums wrote, and nothing else: a name that leads
// out of the record, stands twice or would hide in another spelling is an error.
func parseSums(text []byte) (map[string]store.Digest, error) {
	if len(text) == 0 || text[len(text)-1] != '\n' {
		return nil, fmt.Errorf("no line end at the end")
	}
	sums := map[string]store.Digest{}
	for i, line := range bytes.Split(text[:len(text)-1], []byte("\n")) {
		sum, name, ok := strings.Cut(string(line), "  ")
		d, err := store.Parse("sha256:" + sum)
		if !ok || err != nil {
			return nil, fmt.Errorf("line %d: want a SHA-256, two spaces and a name", i+1)
		}
		if _, twice := sums[name]; twice || path.Clean(name) != name || !filepath.IsLocal(name) || strings.ContainsAny(name, "\\\r\x00") {
			return nil, fmt.Errorf("line %d: bad name %q", i+1, name)
		}
		sums[name] = d
	}
	return sums, nil
}
