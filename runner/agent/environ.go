package agent

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// defaultPath is used when nobody said where programs are.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// An environ is an environment: each name once, in the order of first setting.
type environ struct {
	list []string       // name=value
	at   map[string]int // name → index
}

func newEnviron(vars []Var) *environ {
	e := &environ{list: make([]string, 0, len(vars)+24), at: make(map[string]int, len(vars)+24)}
	e.set(vars...)
	return e
}

func (e *environ) set(vars ...Var) {
	for _, v := range vars {
		if i, ok := e.at[v.Name]; ok {
			e.list[i] = v.Name + "=" + v.Value
			continue
		}
		e.at[v.Name] = len(e.list)
		e.list = append(e.list, v.Name+"="+v.Value)
	}
}

// suggest sets what is not set yet.
func (e *environ) suggest(vars ...Var) {
	for _, v := range vars {
		if _, ok := e.at[v.Name]; !ok {
			e.set(v)
		}
	}
}

func (e *environ) get(name string) string {
	i, ok := e.at[name]
	if !ok {
		return ""
	}
	return e.list[i][len(name)+1:]
}

// with returns e with vars set. e stays as it is; without vars it is e itself.
func (e *environ) with(vars []Var) *environ {
	if len(vars) == 0 {
		return e
	}
	c := e.clone()
	c.set(vars...)
	return c
}

func (e *environ) clone() *environ { return &environ{slices.Clone(e.list), maps.Clone(e.at)} }

// prependPath puts folders before PATH; of several the last comes first, as on
// GitHub, where each line is put before what is there.
func (e *environ) prependPath(dirs []string) {
	path := e.get("PATH")
	for _, d := range dirs {
		path = d + ":" + path
	}
	e.set(Var{"PATH", strings.TrimSuffix(path, ":")})
}

// longest returns the name of the variable that takes most room, and its bytes.
func (e *environ) longest() (name string, size int) {
	for _, kv := range e.list {
		if len(kv) > size {
			size = len(kv)
			name, _, _ = strings.Cut(kv, "=")
		}
	}
	return name, size
}

// lookPath finds a program as execvp would, but in the step's PATH and seen
// from the step's directory. "" means that there is none.
func lookPath(name, path, dir string) string {
	if strings.Contains(name, "/") {
		return executable(name, dir)
	}
	for _, d := range filepath.SplitList(path) {
		if p := executable(filepath.Join(d, name), dir); d != "" && p != "" {
			return p
		}
	}
	return ""
}

func executable(path, dir string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	if st, err := os.Stat(path); err != nil || st.IsDir() || unix.Access(path, unix.X_OK) != nil {
		return ""
	}
	return path
}
