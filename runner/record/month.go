package record

import (
	"iter"
	"path/filepath"
)

// A Month is a folder runs/YYYY/MM.
type Month struct {
	Name string // YYYY/MM
	Dir  string
}

// Months returns the months that have a folder below root, newest first. After
// an error the list ends.
func Months(root string) iter.Seq2[Month, error] {
	return func(yield func(Month, error) bool) {
		for dir, err := range months(root) {
			name := filepath.Base(filepath.Dir(dir)) + "/" + filepath.Base(dir)
			if !yield(Month{name, dir}, err) || err != nil {
				return
			}
		}
	}
}

// Runs returns the runs of the month, newest first. It reads no record.
func (m Month) Runs() ([]Entry, error) {
	names, err := namesDown(m.Dir)
	var out []Entry
	for _, name := range names {
		if id, err := parseID(name); err == nil {
			out = append(out, Entry{name, filepath.Join(m.Dir, name), idTime(id)})
		}
	}
	return out, err
}
