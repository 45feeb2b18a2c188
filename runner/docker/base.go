package docker

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

// fromLine is an instruction of a Dockerfile that names a base image.
var fromLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?im)^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?`)
})

// bases lists the images that a build starts from, with their identities: a
// tag that has moved makes another image of the same context. Those that are
// not here, or whose name is an argument, have none yet.
func (e *Executor) bases(ctx context.Context, b *buildContext) string {
	path := b.outside
	if path == "" {
		path = filepath.Join(b.Context, filepath.FromSlash(b.dockerfile))
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "" // the build will say what is wrong
	}
	var out strings.Builder
	stages := map[string]bool{"scratch": true}
	for _, m := range fromLine().FindAllStringSubmatch(string(text), -1) {
		if name := m[1]; !stages[strings.ToLower(name)] {
			found, err := e.local(ctx, name, "")
			if err != nil {
				found.ID = "absent"
			}
			out.WriteString(name + " " + found.ID + "\n")
		}
		stages[strings.ToLower(m[2])] = true
	}
	return out.String()
}
