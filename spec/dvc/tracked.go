package dvc

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// tracked is a file or folder that a *.dvc file tracks: data of the pipeline.
type tracked struct{ name, path string }

// readTracked reads the *.dvc files of the project.
func (p *project) readTracked() error {
	names := map[string]bool{}
	return fs.WalkDir(p.fsys, ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case d.IsDir() || d.Name() == pipelineFile && file == pipelineFile:
			return nil
		case d.Name() == pipelineFile:
			p.notes = append(p.notes, Note{File: file, Text: "this pipeline is left out", Fix: "run the import in its folder too"})
			return nil
		case path.Ext(file) != ".dvc":
			return nil
		}
		return p.readTrack(file, names)
	})
}

func (p *project) readTrack(file string, names map[string]bool) error {
	tree, err := readMapping(p.fsys, file)
	if err != nil {
		return err
	}
	if deps := child(tree, "deps"); deps != nil {
		p.notes = append(p.notes, Note{File: file, Line: deps.Line, Text: "where the data is imported from is left out", Fix: "mlops reads the file that is here; data at an address is pinned by: mlops data pin"})
	}
	wdir := path.Join(path.Dir(file), scalar(child(tree, "wdir")))
	for _, out := range items(child(tree, "outs")) {
		at := path.Join(wdir, scalar(child(out, "path")))
		name := freeName(strings.TrimSuffix(path.Base(at), path.Ext(at)), names)
		p.data = append(p.data, tracked{name, at})
		if _, err := fs.Stat(p.fsys, at); errors.Is(err, fs.ErrNotExist) {
			p.notes = append(p.notes, Note{File: file, Line: out.Line, Text: fmt.Sprintf("%s is not here", at), Fix: p.bring(scalar(child(out, "md5")))})
		}
	}
	return nil
}

// bring says how a missing file is had: from DVC's cache beside it, if that has it.
func (p *project) bring(md5 string) string {
	if len(md5) > 2 {
		for _, dir := range []string{".dvc/cache/files/md5", ".dvc/cache"} {
			if _, err := fs.Stat(p.fsys, path.Join(dir, md5[:2], md5[2:])); err == nil {
				return "dvc checkout"
			}
		}
	}
	return "dvc pull"
}

// freeName makes an id of letters, digits, dashes and underscores that is not taken, and takes it.
func freeName(text string, taken map[string]bool) string {
	name := strings.Trim(regexp.MustCompile(`[^A-Za-z0-9_-]+`).ReplaceAllString(text, "-"), "-")
	if name == "" || !regexp.MustCompile(`^[A-Za-z_]`).MatchString(name) {
		name = strings.TrimSuffix("d-"+name, "-")
	}
	free := name
	for i := 2; taken[free]; i++ {
		free = fmt.Sprintf("%s-%d", name, i)
	}
	taken[free] = true
	return free
}
