// Package lock holds lock files: what each image of an mlops.yaml is, whatever
// becomes of its tag. It reads and writes their text; it asks no engine and no
// registry, and does not know which images are in use.
//
// A lock file stands beside the mlops.yaml and is to be committed:
//
//	version: 1
//	images:
//	    python:3.12-slim:
//	        digest: sha256:9c1d…
//	        platform: linux/amd64
//
// An image that was built or imported has no digest in a repository; then its
// ID stands there, which holds on machines that have the very same image.
package lock

import (
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/runner"
)

// Version is the only version of the format so far.
const Version = 1

// MaxSize is how many bytes of a lock file are read: some 10,000 images.
const MaxSize = 2 << 20

// A File is the content of a lock file. The zero File pins nothing.
type File struct {
	// Images are the entries by image name, followed by a space and the
	// platform where a job asks for one: see [runner.PinKey].
	Images map[string]Entry
}

// An Entry says what one image is: either its digest or its ID is set.
type Entry struct {
	Digest   string `yaml:"digest,omitempty" json:"digest,omitempty"` // sha256:… in the name's repository
	ID       string `yaml:"id,omitempty" json:"id,omitempty"`         // sha256:… of an image that came from no registry
	Platform string `yaml:"platform" json:"platform"`                 // os/arch of the image that was looked at
}

// EntryOf pins an image that an executor found.
func EntryOf(i runner.Image) Entry {
	p := i.Pin()
	return Entry{Digest: p.Digest, ID: p.ID, Platform: i.Platform}
}

// Sum is the digest or the ID.
func (e Entry) Sum() string {
	if e.Digest != "" {
		return e.Digest
	}
	return e.ID
}

// FileName is what the lock file of an mlops.yaml is called: mlops.lock.
func FileName(pipeline string) string {
	return strings.TrimSuffix(pipeline, filepath.Ext(pipeline)) + ".lock"
}

// Pins are the entries as a Runner takes them; nil if there are none.
func (f File) Pins() map[string]runner.Pin {
	if len(f.Images) == 0 {
		return nil
	}
	pins := make(map[string]runner.Pin, len(f.Images))
	for key, e := range f.Images {
		pins[key] = runner.Pin{Digest: e.Digest, ID: e.ID}
	}
	return pins
}

const heading = `# What the images of the pipeline are, whatever becomes of their tags.
# Written by "mlops lock"; commit it.
`

// Bytes is the text of a lock file, sorted by name: equal files have equal texts.
func (f File) Bytes() []byte {
	body, err := yaml.Marshal(struct {
		Version int              `yaml:"version"`
		Images  map[string]Entry `yaml:"images"`
	}{Version, f.Images})
	if err != nil {
		panic("lock: texts in a map are always YAML: " + err.Error())
	}
	return append([]byte(heading), body...)
}
