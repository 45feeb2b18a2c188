package docker

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// A buildContext is a folder that is sent to a builder.
type buildContext struct {
	runner.Build
	dockerfile string // slash-separated, inside the archive
	outside    string // host path of a Dockerfile that is not in the folder
	ignore     ignore
	from       string // the base images with their identities; see bases
	fixed      []byte // the Dockerfile with pinned base images in the place of names; nil if none is pinned
}

// openContext checks a build and reads its ignore file.
func openContext(b runner.Build) (*buildContext, error) {
	c := &buildContext{Build: b, dockerfile: "Dockerfile"}
	if b.File != "" {
		c.dockerfile = filepath.ToSlash(b.File)
		if filepath.IsAbs(b.File) {
			rel, err := filepath.Rel(b.Context, b.File)
			if err != nil {
				return nil, config("", "docker: build %s: %w", b.Context, err)
			}
			c.dockerfile = filepath.ToSlash(rel)
		}
	}
	full := filepath.Join(b.Context, filepath.FromSlash(c.dockerfile))
	if _, err := os.Stat(full); err != nil {
		return nil, config(`write one, or name it with "build: {file: …}"`, "docker: build %s: %w", b.Context, err)
	}
	if !filepath.IsLocal(c.dockerfile) {
		c.dockerfile, c.outside = ".mlops.Dockerfile", full
	}
	var err error
	c.ignore, err = readIgnore(full+".dockerignore", filepath.Join(b.Context, ".dockerignore"))
	return c, err
}

// readIgnore reads the first of the files that exists.
func readIgnore(names ...string) (ignore, error) {
	for _, name := range names {
		b, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, config("", "docker: build: %w", err)
		}
		ig, err := parseIgnore(string(b))
		if err != nil {
			return nil, config("correct the pattern", "docker: build: %s: %w", name, err)
		}
		return ig, nil
	}
	return nil, nil
}

// write writes the context as an archive. It is the same for the same files,
// whoever owns them.
func (c *buildContext) write(w io.Writer) error {
	p := packer{tar.NewWriter(w), identity{}}
	err := filepath.WalkDir(c.Context, func(file string, d fs.DirEntry, err error) error {
		if err != nil || file == c.Context {
			return err
		}
		rel, err := filepath.Rel(c.Context, file)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if c.skip(name) {
			if d.IsDir() && !c.ignore.mayHaveExceptions(name) && !strings.HasPrefix(c.dockerfile, name+"/") {
				return fs.SkipDir
			}
			return nil
		}
		if name == c.dockerfile && c.fixed != nil {
			return p.bytes(name, c.fixed)
		}
		return p.entry(file, name, d, 0)
	})
	if err == nil && c.outside != "" {
		err = c.addOutside(p)
	}
	if err != nil {
		return fmt.Errorf("build context %s: %w", c.Context, err)
	}
	return p.Close()
}

func (c *buildContext) addOutside(p packer) error {
	if c.fixed != nil {
		return p.bytes(c.dockerfile, c.fixed)
	}
	b, err := os.ReadFile(c.outside)
	if err != nil {
		return err
	}
	return p.bytes(c.dockerfile, b)
}

// skip tells whether a file stays out. The builder always needs its Dockerfile
// and ignore file.
func (c *buildContext) skip(name string) bool {
	return !slices.Contains([]string{c.dockerfile, ".dockerignore"}, name) && c.ignore.match(name)
}
