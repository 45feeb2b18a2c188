package checkout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// submodules brings the submodules of a commit, if they were asked for. Of
// .gitmodules only path and address are read.
func (c *checkout) submodules(ctx context.Context, t tree, r *Result, depth int) error {
	if len(t.modules) == 0 {
		return nil
	}
	if !c.opts.Submodules {
		for _, m := range t.modules {
			r.Left = append(r.Left, m.path)
		}
		return nil
	}
	if depth >= maxSubmodules {
		return fmt.Errorf("submodules stand more than %d deep inside one another", maxSubmodules)
	}
	addresses, err := c.addresses(ctx, r.Commit)
	if err != nil {
		return err
	}
	for _, m := range t.modules {
		if err := c.submodule(ctx, m, addresses[m.path], r, depth); err != nil {
			return fmt.Errorf("submodule %q: %w", m.path, err)
		}
	}
	return nil
}

// submodule brings one.
func (c *checkout) submodule(ctx context.Context, m entry, address string, r *Result, depth int) error {
	if address == "" {
		return errors.New("the commit has no address for it in .gitmodules")
	}
	s, err := c.source.resolve(address)
	if err != nil {
		return err
	}
	dir := filepath.Join(c.dir, filepath.FromSlash(m.path))
	if err := c.standsInside(m.path); err != nil {
		return err
	}
	sub := &checkout{source: s, dir: dir, opts: c.opts, git: git{dir: dir, home: c.home, getenv: c.getenv, allowed: s.transports()}}
	got, err := sub.bring(ctx, m.object, depth+1)
	if err != nil {
		return err
	}
	if r.Submodules == nil {
		r.Submodules = map[string]string{}
	}
	r.Submodules[m.path] = got.Commit
	for p, commit := range got.Submodules {
		r.Submodules[m.path+"/"+p] = commit
	}
	for _, p := range got.Pointers {
		r.Pointers = append(r.Pointers, m.path+"/"+p)
	}
	return nil
}

// standsInside makes sure that a submodule's folder is one, empty and not
// reached by a link.
func (c *checkout) standsInside(name string) error {
	root, err := os.OpenRoot(c.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	at := ""
	for part := range strings.SplitSeq(name, "/") {
		at = filepath.Join(at, part)
		if err := root.Mkdir(at, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		st, err := root.Lstat(at)
		if err != nil {
			return err
		}
		if !st.IsDir() {
			return fmt.Errorf("%s is in its place and no folder", at)
		}
	}
	es, err := os.ReadDir(filepath.Join(c.dir, filepath.FromSlash(name)))
	if err == nil && len(es) > 0 {
		err = errors.New("its folder is not empty")
	}
	return err
}

// addresses reads .gitmodules of a commit: path → address.
func (c *checkout) addresses(ctx context.Context, commit string) (map[string]string, error) {
	out, err := c.run(ctx, "config", "--no-includes", "--blob", commit+":.gitmodules", "-z", "--list")
	if err != nil {
		return nil, &Error{Fix: "add .gitmodules to the commit, or leave out --submodules", Err: fmt.Errorf("read .gitmodules: %w", err)}
	}
	paths, urls := map[string]string{}, map[string]string{}
	for kv := range strings.SplitSeq(out, "\x00") {
		key, value, _ := strings.Cut(kv, "\n")
		rest, ok := strings.CutPrefix(key, "submodule.")
		i := strings.LastIndexByte(rest, '.')
		if !ok || i < 0 {
			continue
		}
		switch rest[i+1:] {
		case "path":
			paths[rest[:i]] = value
		case "url":
			urls[rest[:i]] = value
		}
	}
	addresses := map[string]string{}
	for name, p := range paths {
		addresses[p] = urls[name]
	}
	return addresses, nil
}
