package agent

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// hashBuffer is how much of a file is read at once, in bytes.
const hashBuffer = 256 << 10

// A collector lists and hashes the files of a job's outputs. It opens nothing
// outside the workspace: os.Root refuses links that lead out of it.
type collector struct {
	root  *os.Root
	fsys  fs.FS
	found map[string]*Artifact
	files int   // that may be found
	bytes int64 // that they may claim to have
	// claimed is what those found so far claim.
	claimed int64
	limit   string // where the limit of bytes comes from, and what to do
}

// collectOutputs returns the files of the outputs, sorted by path, and the
// outputs that have none.
func collectOutputs(ctx context.Context, s *Spec, since time.Time) (list []Artifact, missing []string, err error) {
	if len(s.Outputs) == 0 && len(s.Metrics) == 0 {
		return nil, nil, nil
	}
	root, err := os.OpenRoot(s.Workspace)
	if err != nil {
		return nil, nil, fmt.Errorf("outputs: %w", err)
	}
	defer root.Close()
	c := newCollector(root, s)
	for i, out := range slices.Concat(s.Outputs, s.Metrics) {
		n, err := c.add(out)
		if err != nil {
			return nil, nil, outputError(out, err)
		}
		if n == 0 && i < len(s.Outputs) {
			missing = append(missing, out)
		}
	}
	if len(missing) > 0 {
		return nil, missing, nil
	}
	if err := c.hash(ctx); err != nil {
		return nil, nil, err
	}
	for _, p := range sortedKeys(c.found) {
		list = append(list, *c.found[p])
	}
	return list, nil, nil
}

func newCollector(root *os.Root, s *Spec) *collector {
	c := &collector{root: root, fsys: root.FS(), found: map[string]*Artifact{}, files: cmp.Or(s.OutputFiles, MaxOutputFiles), bytes: s.Disk}
	if c.limit = "resources.disk"; c.bytes <= 0 {
		c.bytes, c.limit = MaxOutputs, "the limit without resources.disk"
	}
	return c
}

// outputError names the output that an error is about.
func outputError(out string, err error) error {
	var space *spaceError
	if errors.As(err, &space) {
		return &spaceError{fmt.Sprintf("output %s: %s", out, space.msg), space.fix}
	}
	return fmt.Errorf("output %s: %w", out, err)
}

// add lists the files of one output and returns their number.
func (c *collector) add(out string) (int, error) {
	clean := path.Clean(out)
	if !fs.ValidPath(clean) {
		return 0, errors.New("lies outside the workspace")
	}
	if !strings.ContainsAny(clean, "*?[{\\") {
		return c.addPath(clean, strings.HasSuffix(out, "/"))
	}
	matches, err := c.glob(clean)
	if err != nil {
		return 0, err
	}
	folder := strings.HasSuffix(out, "/")
	return c.addMatches(matches, folder)
}

// glob returns what a pattern matches, up to the number of files that a job may keep.
func (c *collector) glob(pattern string) (matches []string, err error) {
	err = doublestar.GlobWalk(c.fsys, pattern, func(p string, _ fs.DirEntry) error {
		if matches = append(matches, p); len(matches) > c.files {
			return c.tooMany()
		}
		return nil
	}, doublestar.WithNoFollow())
	return matches, err
}

func (c *collector) tooMany() error {
	return &spaceError{fmt.Sprintf("holds more than %d files, the most that a job may keep", c.files), "pack them into archives, or keep fewer"}
}

func (c *collector) addMatches(matches []string, folder bool) (total int, err error) {
	here := map[string]bool{}
	for _, m := range matches {
		here[m] = true
	}
	for _, m := range matches {
		st, err := c.root.Lstat(m)
		if err != nil {
			return 0, err
		}
		if folder && !st.IsDir() {
			continue
		}
		n, err := c.addEntry(m, st, func(target string) bool { return here[target] || within(target, m) })
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// addPath lists one file, or all files below one folder.
func (c *collector) addPath(name string, folder bool) (int, error) {
	st, err := c.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, cause(err)
	}
	if folder && !st.IsDir() {
		return 0, fmt.Errorf("is %s and not a folder", kindOf(st.Mode()))
	}
	return c.addEntry(name, st, func(target string) bool { return within(target, name) })
}

// addEntry lists a file, a link or a folder. inside tells whether a link's
// target belongs to the same output.
func (c *collector) addEntry(name string, st fs.FileInfo, inside func(string) bool) (int, error) {
	if !st.IsDir() {
		return 1, c.file(name, st, inside)
	}
	dir, err := c.root.OpenRoot(name)
	if err != nil {
		return 0, cause(err)
	}
	return c.folder(dir, name, inside)
}

// folder lists what is below a folder, a piece at a time, so that one with
// millions of files costs no memory before they are too many. It closes dir.
func (c *collector) folder(dir *os.Root, name string, inside func(string) bool) (n int, err error) {
	defer dir.Close()
	if strings.Count(name, "/") > maxDepth {
		return 0, fmt.Errorf("folders are nested deeper than %d", maxDepth)
	}
	f, err := dir.Open(".")
	if err != nil {
		return 0, cause(err)
	}
	defer f.Close()
	for {
		names, err := f.Readdirnames(1024)
		for _, base := range names {
			found, err := c.below(dir, path.Join(name, base), inside)
			if err != nil {
				return n, err
			}
			n += found
		}
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, cause(err)
		}
	}
}

// below lists one entry of a folder, and all that is in it.
func (c *collector) below(dir *os.Root, name string, inside func(string) bool) (int, error) {
	st, err := dir.Lstat(path.Base(name))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", shown(name), cause(err))
	}
	if !st.IsDir() {
		return 1, c.file(name, st, inside)
	}
	sub, err := dir.OpenRoot(path.Base(name))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", shown(name), cause(err))
	}
	return c.folder(sub, name, inside)
}

func (c *collector) file(name string, st fs.FileInfo, inside func(string) bool) error {
	if err := checkName(name); err != nil {
		return err
	}
	a := &Artifact{Path: name, Size: st.Size(), Mode: uint32(st.Mode().Perm())}
	switch {
	case st.Mode()&fs.ModeSymlink != 0:
		target, err := c.link(name, inside)
		if err != nil {
			return err
		}
		a.Link, a.Size, a.Mode = target, int64(len(target)), 0
	case !st.Mode().IsRegular():
		return fmt.Errorf("%s is %s, which cannot be kept", shown(name), kindOf(st.Mode()))
	}
	return c.take(a)
}

// take adds a file to those found, unless they become too many or too large.
// Sizes are what the files claim: those of holes are read like others, and
// would be written by who copies them.
func (c *collector) take(a *Artifact) error {
	if c.found[a.Path] != nil {
		return nil
	}
	if len(c.found) >= c.files {
		return c.tooMany()
	}
	if c.claimed += a.Size; c.claimed > c.bytes {
		return &spaceError{
			fmt.Sprintf("with %s, which claims %s, the outputs have more than %s (%s)", shown(a.Path), bytesText(a.Size), bytesText(c.bytes), c.limit),
			"raise resources.disk, or write less",
		}
	}
	c.found[a.Path] = a
	return nil
}

// checkName refuses names that no record can hold.
func checkName(name string) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("the name %q is not UTF-8", name)
	}
	return nil
}

// shown is a name for messages: quoted if it holds what a terminal would obey.
func shown(name string) string {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return strconv.Quote(name)
	}
	return name
}

// link returns the target of a symbolic link that stays inside its output. A
// ".." behind a name is refused: if the name is a link itself, where it leads
// cannot be told from the text.
func (c *collector) link(name string, inside func(string) bool) (string, error) {
	target, err := c.root.Readlink(name)
	if err != nil {
		return "", cause(err)
	}
	up := strings.TrimLeft(target, "./")
	if path.IsAbs(target) || slices.Contains(strings.Split(up, "/"), "..") || !inside(path.Join(path.Dir(name), target)) {
		return "", fmt.Errorf("%s is a symbolic link to %s, outside the output", shown(name), shown(target))
	}
	return target, nil
}

// within reports whether p is dir or below it.
func within(p, dir string) bool {
	return p == dir || dir == "." && fs.ValidPath(p) || strings.HasPrefix(p, dir+"/")
}

func kindOf(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m.IsDir():
		return "a folder"
	}
	return "a file"
}

// hash fills in the digests, several files at once, the largest first.
func (c *collector) hash(ctx context.Context) error {
	files := make([]*Artifact, 0, len(c.found))
	for _, a := range c.found {
		if a.Link != "" {
			a.Digest = digestText(sha256.Sum256([]byte(a.Link)))
			continue
		}
		files = append(files, a)
	}
	slices.SortFunc(files, func(a, b *Artifact) int { return cmp.Or(cmp.Compare(b.Size, a.Size), cmp.Compare(a.Path, b.Path)) })
	size := 0 // of the buffers
	if len(files) > 0 {
		size = int(min(hashBuffer, max(512, files[0].Size+1)))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex // guards files and failed
	var failed error
	next := func(err error) *Artifact {
		mu.Lock()
		defer mu.Unlock()
		if failed == nil {
			failed = cmp.Or(err, ctx.Err())
		}
		if failed != nil || len(files) == 0 {
			return nil
		}
		a := files[0]
		files = files[1:]
		return a
	}
	for range workers(len(files)) {
		wg.Go(func() {
			buf := make([]byte, size)
			for a := next(nil); a != nil; {
				a = next(c.digest(ctx, a, buf))
			}
		})
	}
	wg.Wait()
	return failed
}

// digest reads one file. It fails if the file is not what was listed any more,
// and reads no further than a file that grows was long when it was opened.
func (c *collector) digest(ctx context.Context, a *Artifact, buf []byte) error {
	f, st, err := openRegular(c.root, a.Path)
	if err != nil {
		return fmt.Errorf("output %s: %w", shown(a.Path), cause(err))
	}
	defer f.Close()
	h := sha256.New()
	read := int64(0)
	for read <= st.Size() {
		n, err := f.Read(buf)
		h.Write(buf[:n])
		read += int64(n)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("output %s: %w", shown(a.Path), cause(err))
		}
	}
	if read != st.Size() || read != a.Size {
		return fmt.Errorf("output %s: changed while it was read: it had %d bytes", shown(a.Path), a.Size)
	}
	a.Digest = digestText([32]byte(h.Sum(nil)))
	return nil
}

func digestText(sum [32]byte) string { return "sha256:" + hex.EncodeToString(sum[:]) }
