package record

import (
	"path"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/mlops-runner/mlops/runner/disk"
)

// fewFiles is up to how many files are flushed one by one, all at once: the file
// system writes its journal once for them, and none of what others have
// written meanwhile. With 100 MB of that about, 12 files take a third of the time.
const fewFiles = 256

// flush brings the named files below dir to the disk, with their folders, those
// above dir up to the root of the records among them: a rename made its name there.
func flush(d disk.Disk, dir string, names []string) error {
	paths := make([]string, len(names))
	folders := map[string]bool{dir: true}
	for up, above := 0, filepath.Dir(dir); up < 4; up, above = up+1, filepath.Dir(above) { // MM, YYYY, runs, the root
		folders[above] = true
	}
	for i, name := range names {
		paths[i] = filepath.Join(dir, filepath.FromSlash(name))
		for folder := path.Dir(name); folder != "."; folder = path.Dir(folder) {
			folders[filepath.Join(dir, filepath.FromSlash(folder))] = true
		}
	}
	if len(names) > fewFiles {
		_, err := d.SyncAll(dir, paths)
		return err
	}
	for folder := range folders {
		paths = append(paths, folder)
	}
	var g errgroup.Group
	g.SetLimit(32)
	for _, p := range paths {
		g.Go(func() error { return d.Sync(p) })
	}
	return g.Wait()
}
