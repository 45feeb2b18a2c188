package early

import (
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// imports are what this package may import of Go's library, directly or not, and
// beside what is internal to that.
var imports = strings.Fields(`cmp encoding/binary errors hash hash/crc32 io io/fs iter math math/bits os path
	reflect runtime slices sort strconv sync sync/atomic syscall time unicode unicode/utf8 unsafe`)

// What this package imports decides how early it is.
func TestImports(t *testing.T) {
	t.Parallel()
	c := exec.Command("go", "list", "-deps", ".")
	c.Env = append(c.Environ(), "GOOS=linux", "GOARCH=amd64")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	for p := range strings.Lines(string(out)) {
		p = strings.TrimSpace(p)
		if !slices.Contains(imports, p) && !strings.HasPrefix(p, "internal/") && !strings.HasPrefix(p, "runtime/") && !strings.HasPrefix(p, "github.com/mlops-runner/mlops/") || p == "runtime/debug" {
			t.Errorf("%s is imported, and makes the answer late", p)
		}
	}
}

// All that a run is asked for is part of the key.
func TestKeyHasAllOfIt(t *testing.T) {
	t.Parallel()
	variable := ""
	ask := func() Ask {
		return Ask{Getenv: func(name string) string {
			if name == variable {
				return "other"
			}
			return ""
		}}
	}
	first := ask().Key()
	for name, change := range map[string]func(*Ask){
		"boot": func(a *Ask) { a.Boot = "b" }, "root": func(a *Ask) { a.Root = "b" }, "path": func(a *Ask) { a.Path = "b" },
		"params": func(a *Ask) { a.Params = []string{"b"} }, "inputs": func(a *Ask) { a.Inputs = []string{"b"} }, "names": func(a *Ask) { a.Names = []string{"b"} },
		"downstream": func(a *Ask) { a.Downstream = true }, "executor": func(a *Ask) { a.Executor = "b" },
		"source": func(a *Ask) { a.Source = []byte("b") }, "lock": func(a *Ask) { a.Lock = []byte("b") },
	} {
		a := ask()
		change(&a)
		if reflect.DeepEqual(a.Key(), first) {
			t.Errorf("%s: the same key", name)
		}
	}
	if fields := reflect.TypeFor[Ask]().NumField(); fields != 11 { // and Getenv
		t.Errorf("%d fields: is the new one part of the key?", fields)
	}
	for _, name := range []string{"GITHUB_SHA", "GITHUB_JOB", "GITHUB_EVENT_PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "CI"} {
		variable = name
		if reflect.DeepEqual(ask().Key(), first) {
			t.Errorf("%s: the same key", name)
		}
	}
}

func FuzzShown(f *testing.F) {
	f.Add([]byte(nil))
	f.Add((&Shown{}).Append(nil, nil))
	f.Add((&Shown{"in ", "\n", []string{"a", ""}}).Append(nil, []byte("rest")))
	f.Add((*Shown)(nil).Append(nil, []byte("rest")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, rest, ok := Cut(b); ok && string(s.Append(nil, rest)) != string(b) {
			t.Errorf("%q is read as %+v and %q", b, s, rest)
		}
	})
}
