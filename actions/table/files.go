package table

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Files lists the files that a path, glob or folder names, relative to root and
// sorted; hidden ones and those that begin with _ are left out. It fails with
// [MissingError] if there are none.
func Files(root, pattern string) (files []string, err error) {
	fsys := os.DirFS(root)
	clean := path.Clean(filepath.ToSlash(pattern))
	info, err := fs.Stat(fsys, clean)
	switch {
	case err == nil && info.IsDir():
		files, err = doublestar.Glob(fsys, clean+"/**", doublestar.WithFilesOnly())
	case err == nil:
		files = []string{clean}
	default:
		files, err = doublestar.Glob(fsys, clean, doublestar.WithFilesOnly())
	}
	files = slices.DeleteFunc(files, func(f string) bool {
		return strings.HasPrefix(path.Base(f), ".") || strings.HasPrefix(path.Base(f), "_")
	})
	slices.Sort(files)
	if err == nil && len(files) == 0 {
		err = &MissingError{pattern, info != nil && info.IsDir()}
	}
	return files, err
}

// A MissingError reports that no file has a name, or matches a pattern.
type MissingError struct {
	Pattern string
	Folder  bool // it is a folder, in which no file is a table
}

func (e *MissingError) Error() string {
	if e.Folder {
		return "there is no table in the folder " + e.Pattern
	}
	return "there is no file " + e.Pattern
}

// Paths are files of [Files] as [Open] takes them.
func Paths(root string, files []string) []string {
	paths := make([]string, len(files))
	for i, f := range files {
		paths[i] = filepath.Join(root, filepath.FromSlash(f))
	}
	return paths
}
