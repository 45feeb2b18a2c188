package checkout

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// A tree is what a commit holds, as far as it needs a look.
type tree struct {
	files   int
	links   []entry // symbolic links
	modules []entry // commits of submodules
}

type entry struct{ path, object string }

// tree lists a commit. It ends early when there are too many files: a few
// small objects can unfold to billions.
func (c *checkout) tree(ctx context.Context, commit string) (t tree, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cmd := c.command(ctx, "ls-tree", "-r", "-z", "--full-tree", commit)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return t, err
	}
	if err := cmd.Start(); err != nil {
		return t, gitError(ctx, "ls-tree", err, "")
	}
	if err := t.read(out, c.opts.MaxFiles); err != nil {
		stop()
		_ = cmd.Wait() // killed
		return t, err
	}
	if err := cmd.Wait(); err != nil {
		return t, gitError(ctx, "ls-tree", err, errs.String())
	}
	return t, nil
}

// read parses lines "mode type object TAB path NUL".
func (t *tree) read(r io.Reader, most int) error {
	br := bufio.NewReader(r)
	for {
		line, err := br.ReadString(0)
		if errors.Is(err, io.EOF) && line == "" {
			return nil
		}
		if err != nil {
			return err
		}
		meta, name, ok := strings.Cut(strings.TrimSuffix(line, "\x00"), "\t")
		f := strings.Fields(meta)
		if !ok || len(f) != 3 {
			return fmt.Errorf("git ls-tree: unexpected line %q", line)
		}
		switch f[0] {
		case "120000":
			t.links = append(t.links, entry{name, f[2]})
		case "160000":
			t.modules = append(t.modules, entry{name, f[2]})
			continue
		}
		if t.files++; t.files > most {
			return fmt.Errorf("the commit has more than %d files", most)
		}
	}
}

// maxLink bounds the target of a symbolic link, in bytes, as systems do.
const maxLink = 4096

// checkLinks refuses symbolic links that leave the folder or enter .git.
func (c *checkout) checkLinks(ctx context.Context, links []entry) error {
	if len(links) == 0 {
		return nil
	}
	targets, err := c.blobs(ctx, links, maxLink)
	if err != nil {
		return err
	}
	var bad []error
	for i, l := range links {
		if err := checkLink(l.path, targets[i]); err != nil {
			bad = append(bad, err)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	more := ""
	if len(bad) > 3 {
		more = fmt.Sprintf("; and %d more", len(bad)-3)
	}
	texts := make([]string, 0, 3)
	for _, b := range bad[:min(3, len(bad))] {
		texts = append(texts, b.Error())
	}
	return &Error{Fix: "remove the link from the commit, or let it point inside the repository", Err: errors.New(strings.Join(texts, "; ") + more)}
}

// checkLink looks at the text of a link. A ".." behind a name is refused: if
// the name is a link itself, where it leads cannot be told from the text.
func checkLink(name, target string) error {
	rest := strings.TrimLeft(target, "./")
	to := path.Join(path.Dir(name), target)
	switch {
	case target == "" || strings.ContainsRune(target, 0):
		return fmt.Errorf("symbolic link %q has no proper target", name)
	case path.IsAbs(target), to == "..", strings.HasPrefix(to, "../"), slices.Contains(strings.Split(rest, "/"), ".."):
		return fmt.Errorf("symbolic link %q leads to %q, outside the repository", name, target)
	}
	for part := range strings.SplitSeq(to, "/") {
		if strings.EqualFold(part, ".git") {
			return fmt.Errorf("symbolic link %q leads to %q, inside .git", name, target)
		}
	}
	return nil
}

// blobs reads small objects, in order.
func (c *checkout) blobs(ctx context.Context, es []entry, most int64) ([]string, error) {
	var in bytes.Buffer
	for _, e := range es {
		in.WriteString(e.object + "\n")
	}
	cmd := c.command(ctx, "cat-file", "--batch")
	cmd.Stdin = &in
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, gitError(ctx, "cat-file", err, "")
	}
	texts, readErr := readBatch(bufio.NewReader(out), es, most)
	if readErr != nil {
		_ = cmd.Process.Kill()
	}
	if err := cmd.Wait(); readErr == nil && err != nil {
		return nil, gitError(ctx, "cat-file", err, errs.String())
	}
	return texts, readErr
}

// readBatch reads what `git cat-file --batch` prints: "object type size", the
// content, a newline.
func readBatch(r *bufio.Reader, es []entry, most int64) ([]string, error) {
	texts := make([]string, len(es))
	for i, e := range es {
		head, err := r.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("git cat-file: %s: %w", e.path, err)
		}
		var object, kind string
		var size int64
		if _, err := fmt.Sscanf(head, "%s %s %d\n", &object, &kind, &size); err != nil || kind != "blob" || size < 0 {
			return nil, fmt.Errorf("git cat-file: %s: unexpected answer %q", e.path, strings.TrimSpace(head))
		}
		if size > most {
			return nil, fmt.Errorf("%q has %d bytes, more than %d", e.path, size, most)
		}
		b := make([]byte, size+1)
		if _, err := io.ReadFull(r, b); err != nil {
			return nil, fmt.Errorf("git cat-file: %s: %w", e.path, err)
		}
		texts[i] = string(b[:size])
	}
	return texts, nil
}
