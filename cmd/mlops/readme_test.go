package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeNamesTests holds the table of faults in the README to tests that
// exist: stories by their names, files by theirs, packages by their folders.
func TestReadmeNamesTests(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "| what happens | what mlops does | shown by |")
	if !ok {
		t.Fatal("README.md has no table of faults")
	}
	table, _, _ := strings.Cut(rest, "\n\n")
	files := goFiles(t)
	for row := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(row, "|"), "|")
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-1], -1) {
			name := m[1]
			switch {
			case strings.HasSuffix(name, ".go"):
				ok = files[name]
			case strings.Contains(name, "/"):
				ok = exists("../../" + name)
			case strings.HasPrefix(name, "make ") || name == "***":
				ok = true
			default:
				ok = exists("testdata/script/" + name + ".txtar")
			}
			if !ok {
				t.Errorf("the README names %s, which is not there", name)
			}
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(filepath.FromSlash(path))
	return err == nil
}

// goFiles are the names of all Go files of the module, without their folders.
func goFiles(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir("../..", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(d.Name(), ".go") {
			names[d.Name()] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
