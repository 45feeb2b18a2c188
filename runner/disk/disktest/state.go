package disktest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A State is what the disk may hold after a power cut.
type State struct {
	// Name says when the power went and what had reached the disk.
	Name   string
	marks  []string
	top    *node
	data   map[*node][]byte
	folder map[*node]map[string]*node
}

// Marked reports whether the program had promised something when the power went.
func (s *State) Marked(promise string) bool { return slices.Contains(s.marks, promise) }

// What unsynced data may become.
type tearing int

const (
	whole  tearing = iota // it got there in time
	lost                  // the file is as long as it was when it was synced
	half                  // the first half of each write got there
	zeroed                // the length got there, the bytes did not
)

// States yields the different states that a power cut could have left, each
// once: after every step, with none and with all of the unsynced names, with
// all but one and only one of them, and each with unsynced data kept, lost, torn
// or zeroed. Of many unsynced names at one moment, at most alone are taken
// alone, evenly chosen.
func (r *Recorder) States(alone int) iter.Seq[*State] {
	return func(yield func(*State) bool) {
		seen := map[[32]byte]bool{}
		for k := 0; k <= len(r.steps); k++ {
			for _, c := range r.choices(k, alone) {
				s := r.state(k, c)
				if sum := s.sum(); !seen[sum] {
					seen[sum] = true
					if !yield(s) {
						return
					}
				}
			}
		}
	}
}

// A choice is which unsynced names have reached the disk, and how the data.
type choice struct {
	name string
	kept func(step int) bool
	tear tearing
}

func (r *Recorder) choices(k, alone int) []choice {
	none, all := func(int) bool { return false }, func(int) bool { return true }
	cs := []choice{
		{"nothing more", none, lost}, {"everything", all, whole}, {"names only", all, lost},
		{"torn data", all, half}, {"zeroed data", all, zeroed}, {"data only", none, whole},
	}
	var loose []int
	for i := range k {
		if (r.steps[i].kind == naming || r.steps[i].kind == removing) && !r.namesSynced(i, k) {
			loose = append(loose, i)
		}
	}
	for n := range loose {
		if len(loose) > alone && n%(len(loose)/alone+1) != 0 {
			continue
		}
		i := loose[n]
		cs = append(cs,
			choice{"only " + r.steps[i].what, func(s int) bool { return s == i }, half},
			choice{"all but " + r.steps[i].what, func(s int) bool { return s != i }, whole})
	}
	return cs
}

// namesSynced reports whether the change of names is on the disk before step k.
func (r *Recorder) namesSynced(i, k int) bool {
	s := r.steps[i]
	for _, later := range r.steps[i+1 : k] {
		if later.kind == flushing || later.kind == syncing && (later.node == s.dir || s.dir == nil && later.node == s.from) {
			return true
		}
	}
	return false
}

func (r *Recorder) dataSynced(i, k int) bool {
	for _, later := range r.steps[i+1 : k] {
		if later.kind == flushing || later.kind == syncing && later.node == r.steps[i].node {
			return true
		}
	}
	return false
}

func (r *Recorder) state(k int, c choice) *State {
	when := "before anything"
	if k > 0 {
		when = "after " + r.steps[k-1].what
	}
	s := &State{Name: when + ": " + c.name, top: r.top, data: map[*node][]byte{}, folder: map[*node]map[string]*node{}}
	for i, st := range r.steps[:k] {
		switch st.kind {
		case marking:
			s.marks = append(s.marks, st.what)
		case writing:
			s.write(st, c.tear, r.dataSynced(i, k))
		case naming, removing:
			if r.namesSynced(i, k) || c.kept(i) {
				s.rename(st)
			}
		}
	}
	return s
}

func (s *State) write(st step, t tearing, synced bool) {
	data := st.data
	switch {
	case synced || t == whole:
	case t == lost:
		data = nil
	case t == half:
		data = data[:len(data)/2]
	case t == zeroed:
		data = make([]byte, len(data))
	}
	s.data[st.node] = append(s.data[st.node], data...)
}

func (s *State) rename(st step) {
	if st.from != nil && s.folder[st.from][st.gone] != nil {
		delete(s.folder[st.from], st.gone)
	}
	if st.dir == nil {
		return
	}
	if s.folder[st.dir] == nil {
		s.folder[st.dir] = map[string]*node{}
	}
	s.folder[st.dir][st.name] = st.node
}

// each visits what hangs below the top, in order, folders first.
func (s *State) each(visit func(path string, n *node) error) error {
	var walk func(at string, n *node) error
	walk = func(at string, n *node) error {
		if at != "" {
			if err := visit(at, n); err != nil {
				return err
			}
		}
		var errs []error
		for _, name := range sortedNames(s.folder[n]) {
			errs = append(errs, walk(filepath.Join(at, name), s.folder[n][name]))
		}
		return errors.Join(errs...)
	}
	return walk("", s.top)
}

func sortedNames(m map[string]*node) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sum tells states with the same files and promises.
func (s *State) sum() [32]byte {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", s.marks)
	s.each(func(path string, n *node) error {
		fmt.Fprintf(h, "%q %v %x\n", path, n.dir, s.data[n])
		return nil
	})
	return [32]byte(h.Sum(nil))
}

// Make puts the state into a folder, which is made. Files have the modes and
// times that they had last: those may reach the disk before their data.
func (s *State) Make(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return s.each(func(path string, n *node) error {
		to := filepath.Join(dir, path)
		if n.dir {
			return os.MkdirAll(to, 0o755)
		}
		mode := n.mode
		if mode == 0 {
			mode = 0o644
		}
		return errors.Join(os.WriteFile(to, s.data[n], mode), os.Chtimes(to, n.mtime, n.mtime))
	})
}

// String lists the state's files with their lengths, for people.
func (s *State) String() string {
	var b strings.Builder
	b.WriteString(s.Name + "\n")
	s.each(func(path string, n *node) error {
		if !n.dir {
			fmt.Fprintf(&b, "  %s %d\n", path, len(s.data[n]))
		}
		return nil
	})
	return b.String()
}
