package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/actions/model"
	"github.com/mlops-runner/mlops/actions/pack"
	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/record"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// pack does what one step that uses pack asks for.
func (p *promotion) pack(ctx context.Context, job *record.Job, name string) error {
	data, err := p.asked(job, name)
	if err != nil {
		return err
	}
	r, err := pack.Parse(data)
	if err != nil {
		return cured(fmt.Errorf("job %s: %w", job.ID, err))
	}
	if why := p.undecided(); why != "" {
		p.tellOf("pack", "%s is not packed: %s", r.Model, why)
		return nil
	}
	v, err := registry.From(p.run, job, strings.TrimPrefix(r.From, "./"))
	if err == nil {
		v.Model = r.Model
		v, err = p.known(ctx, v)
	}
	if err == nil && v.Checked == nil {
		err = checkFormat(ctx, p.session.Store, v, r.Format, r.Allow)
	}
	if err != nil {
		return cured(fmt.Errorf("job %s: %w", job.ID, err))
	}
	return cured(p.packVersion(ctx, r, v))
}

// known is the registered version of a model's files, or else the draft, with
// the digest of its files filled in.
func (p *promotion) known(ctx context.Context, v *registry.Version) (*registry.Version, error) {
	tree, err := p.session.Store.PutTree(ctx, v.Entries())
	if err != nil {
		return nil, err
	}
	v.Digest = tree
	m, err := p.registry.Model(v.Model)
	if errors.Is(err, registry.ErrNotFound) {
		return v, nil
	}
	if err != nil {
		return nil, err
	}
	n := m.Find(tree)
	if n == 0 {
		return v, nil
	}
	if m.IsRetired(n) {
		return nil, fixError{fmt.Errorf("%s@%d is retired", v.Model, n), "train another model, or take pack out"}
	}
	return p.registry.Version(m, n)
}

func (p *promotion) packVersion(ctx context.Context, r pack.Request, v *registry.Version) error {
	if r.DryRun {
		p.tellOf("pack", "dry run: would pack %s, %s", packName(v), v.Digest)
		for _, to := range r.To {
			p.tellOf("pack", "dry run: would push it to %s", to)
		}
		return nil
	}
	a, added, err := artifact(ctx, p.session.Store, v)
	if err != nil {
		return err
	}
	if added {
		p.tellOf("pack", "%s is packed, %s of %s", packName(v), a.Digest, view.Bytes(a.Size()))
	} else {
		p.tellOf("pack", "%s is packed already, %s", packName(v), a.Digest)
	}
	if why := p.hindrance(); why != "" && len(r.To) > 0 {
		p.tellOf("pack", "it is not pushed: %s", why)
		return nil
	}
	for _, to := range r.To {
		repo, err := oci.Open(ctx, to, oci.Options{})
		if err == nil && repo.Tag() == "" {
			repo, err = repo.At(defaultTag(v))
		}
		if err != nil {
			return err
		}
		sent, err := oci.Push(ctx, p.session.Store, a, repo)
		if err != nil {
			return fmt.Errorf("push %s: %w", packName(v), err)
		}
		p.tellOf("pack", "%s", sentText(sent, repo))
	}
	return nil
}

// hindrance says which gate is against showing the model to others; "" for none.
// A gate that compares with what is not there is no reason.
func (p *promotion) hindrance() string {
	for _, g := range p.run.Gates {
		if g.Outcome != runner.GatePassed && g.Outcome != "no baseline" {
			return fmt.Sprintf("gate %s %s: %s", g.Gate, g.Outcome, g.Detail)
		}
	}
	return ""
}

func packName(v *registry.Version) string {
	if v.Version > 0 {
		return versionName(v.Model, v.Version)
	}
	return v.Model
}

// defaultTag is that of a push that names none.
func defaultTag(v *registry.Version) string {
	if v.Version > 0 {
		return strconv.Itoa(v.Version)
	}
	return v.Digest.Short()
}

// checkFormat looks into a model's files, notes what they are in v.Checked, and
// fails with a *model.RefusedError for those that are not to be loaded. No
// format is no look.
func checkFormat(ctx context.Context, s *store.Dir, v *registry.Version, format string, allow []string) error {
	if format == "" {
		return nil
	}
	tree, err := s.PutTree(ctx, v.Entries())
	if err != nil {
		return err
	}
	dir, err := s.Folder(ctx, tree)
	if err != nil {
		return err
	}
	reports, err := model.CheckFolder(dir, format, model.Options{Allow: allow})
	if refused := model.Refused(reports); refused != nil {
		return refused
	}
	if errors.Is(err, model.ErrNoModel) {
		return fmt.Errorf("%s %w: format %s", filepath.ToSlash(v.Path), model.ErrNoModel, format)
	}
	if err != nil {
		return err
	}
	v.Checked = &registry.Check{Format: format}
	for _, r := range reports {
		v.Checked.Found = append(v.Checked.Found, string(cmp.Or(r.Format, model.Unknown)))
	}
	slices.Sort(v.Checked.Found)
	v.Checked.Found = slices.Compact(v.Checked.Found)
	return nil
}
