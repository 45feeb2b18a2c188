package agent

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A KeptFile is a file that a step wrote into the folder MLOPS_RECORD: it is
// kept with the record of the job, whether the job succeeds or not.
type KeptFile struct {
	Name string `json:"name"` // letters, digits and ._- after a first letter or digit, at most 64 bytes
	Data []byte `json:"data"`
}

// Limits of what a job's steps may hand to its record and to the report.
const (
	MaxKeptFiles = 16
	MaxKept      = 16 << 20 // bytes of all kept files together
	maxReport    = 4 << 20  // bytes of the lines of MLOPS_REPORT
)

// UntilKey is the key of a line in MLOPS_REPORT that is no section: until when
// the result of the job holds, in RFC 3339, if nothing else changes.
const UntilKey = "until"

// PastFolder is where a job finds the files that it kept in the run that its own
// is compared with, below the workspace. No job can write there.
const PastFolder = ".mlops/baseline"

// PastFile is where a job finds a file that it kept in the run that its own is
// compared with (age 0), or in earlier ones of the same branch (1, 2, …).
func PastFile(name string, age int) string {
	if age == 0 {
		return path.Join(PastFolder, name)
	}
	return path.Join(PastFolder, "earlier", strconv.Itoa(age), name)
}

const keptVariable = "MLOPS_RECORD"

// takeKept returns the files of the folder and empties it. The step may have
// put anything there: links are not followed, and only regular files are read.
func takeKept(folder string) (files []KeptFile, err error) {
	entries, err := os.ReadDir(folder)
	if err == nil && len(entries) == 0 {
		return nil, nil
	}
	defer func() {
		err = errors.Join(err, os.RemoveAll(folder), os.Mkdir(folder, 0o755))
	}()
	wrong := func(format string, args ...any) ([]KeptFile, error) {
		return nil, &fileError{Variable: keptVariable, Msg: fmt.Sprintf(format, args...)}
	}
	if info, statErr := os.Lstat(folder); statErr == nil && !info.IsDir() {
		return wrong("is not a folder any more")
	}
	if len(entries) > MaxKeptFiles {
		return wrong("%d files, at most %d", len(entries), MaxKeptFiles)
	}
	room := int64(MaxKept)
	for _, e := range entries {
		if !e.Type().IsRegular() || !KeptName(e.Name()) {
			return wrong("%q is no file with a plain name such as profile.json", clip(e.Name(), 80))
		}
		data, err := readLimited(filepath.Join(folder, e.Name()), room)
		if err != nil {
			return wrong("%s: %v", e.Name(), err)
		}
		room -= int64(len(data))
		files = append(files, KeptFile{e.Name(), data})
	}
	return files, nil
}

// KeptName reports whether a kept file may have a name.
func KeptName(s string) bool {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return s != "" && len(s) <= 64 && strings.Trim(s, plain+"._-") == "" && strings.IndexByte(plain, s[0]) >= 0
}

// keep adds the files of a step to those of the job; a later one of the same
// name takes the place of an earlier one. It says which found no room.
func keep(all, more []KeptFile) (kept []KeptFile, refused []string) {
	for _, f := range more {
		size := len(f.Data)
		others := slices.DeleteFunc(slices.Clone(all), func(o KeptFile) bool { return o.Name == f.Name })
		for _, o := range others {
			size += len(o.Data)
		}
		if size > MaxKept || len(others) == MaxKeptFiles {
			refused = append(refused, f.Name)
			continue
		}
		all = append(others, f)
	}
	return all, refused
}
