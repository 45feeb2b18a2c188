package plan

import (
	"fmt"
	"path"
	"strings"

	"github.com/mlops-runner/mlops/spec"
)

// Folder reports whether the address of a dataset names all that lies below it.
func (d Dataset) Folder() bool { return strings.HasSuffix(d.Source, "/") }

func (d Dataset) input() Input {
	return Input{Pattern: d.Path, Data: d.Name, Digest: d.Digest, Source: d.Source}
}

// seenAs is where a dataset from an address is seen in the workspace:
// data/NAME/FILE, or data/NAME/ for a folder.
func seenAs(name, address string) string {
	dir := "data/" + name + "/"
	if strings.HasSuffix(address, "/") {
		return dir
	}
	address, _, _ = strings.Cut(address, "#")
	if strings.HasPrefix(address, "http") {
		address, _, _ = strings.Cut(address, "?")
	}
	_, rest, _ := strings.Cut(address, "://")
	file := strings.Map(plainRune, path.Base(rest))
	if !strings.Contains(rest, "/") || strings.Trim(file, ".") == "" {
		file = name
	}
	return dir + file
}

// plainRune maps what could mean something in a pattern, a shell or a list to _.
func plainRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("._-+=@", r):
		return r
	}
	return '_'
}

// pinned reports a dataset that an expression made an address and nothing pins.
// The parser has done so for what stands in the file.
func (b *builder) pinned(d spec.Dataset, set Dataset) {
	if set.Digest == "" {
		b.report(d.Pos, spec.CodeMissingKey, fmt.Sprintf("the dataset %q is an address and has no digest", d.Name.Value),
			fmt.Sprintf("run \"mlops data pin %s\", which writes digest: sha256:...", d.Name.Value))
	}
}
