package dataset

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner/store"
)

// Whatever a manifest says is what Manifest would write of it, and safe to put
// into a folder.
func FuzzParseManifest(f *testing.F) {
	d := store.Sum(nil).String()
	for _, s := range []string{"", "\n", d + " a\n", d + " a\n" + d + " b/c\n", d + " b\n" + d + " a\n", d + " a\n" + d + " a/b\n", d + " ../a\n", d + " a", d + "  a\n", "sha256:1 a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		files, err := ParseManifest(text)
		if err != nil {
			return
		}
		back := map[string]store.Digest{}
		for _, file := range files {
			back[file.Path] = file.Digest
			if strings.HasPrefix(file.Path, "/") || strings.Contains("/"+file.Path+"/", "/../") {
				t.Errorf("the path %q leads out", file.Path)
			}
		}
		if got := Manifest(back); !bytes.Equal(got, text) {
			t.Errorf("%q reads back as %q", text, got)
		}
	})
}
