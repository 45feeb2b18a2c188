package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/provenance"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// notes are the attestations of a version as artifacts about it, one each, as cosign
// writes and reads them.
func notes(d *store.Dir, m *registry.Model, v *registry.Version) (out []oci.Note, err error) {
	files, err := provenance.Of(d, m, v)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if f.Err != nil {
			return nil, fixError{fmt.Errorf("%s: %w", f.Path, f.Err), fmt.Sprintf("\"mlops audit %s\" shows what is wrong; the next promotion signs it anew", versionName(v.Model, v.Version))}
		}
		text, err := f.Bundle.Text()
		if err != nil {
			return nil, err
		}
		s, err := f.Bundle.Unverified()
		if err != nil {
			return nil, err
		}
		out = append(out, oci.Note{
			ArtifactType: provenance.BundleType,
			Annotations:  map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": s.PredicateType},
			Files:        []oci.Attachment{{Name: path.Base(f.Path), MediaType: provenance.BundleType, Data: text}},
		})
	}
	return out, nil
}

// attach brings a version's attestations to where its artifact is, and returns how
// many were not there.
func attach(ctx context.Context, d *store.Dir, m *registry.Model, v *registry.Version, a *oci.Artifact, r *oci.Repository) (int, error) {
	all, err := notes(d, m, v)
	if err != nil {
		return 0, err
	}
	return oci.Attach(ctx, r, a.Descriptor(), all...)
}

// maxReferrers bounds how many attestations of an artifact are read.
const maxReferrers = 256

// checked is what a registry has under a reference, after the policy was asked.
type checked struct {
	at     *oci.Repository // the manifest that was looked at, whatever the tag becomes
	signed string          // by whom; "" if nobody had to
}

// checkSigned holds an artifact against the policy before its files come.
func (a *app) checkSigned(ctx context.Context, r *oci.Repository) (checked, error) {
	trust, err := a.trust()
	if err != nil || !trust.Requires() {
		return checked{at: r}, err
	}
	art, err := r.Manifest(ctx)
	if err != nil {
		return checked{}, err
	}
	name, err := underPolicy(trust, r, art)
	if err != nil || name == "" {
		return checked{at: r}, err
	}
	files, err := bundles(ctx, r, art)
	if err != nil {
		return checked{}, err
	}
	vouch, err := trust.Carried(ctx, provenance.Copy{Model: name, Tree: art.Tree(), Ref: r.Tag()}, files, time.Now())
	if err != nil {
		return checked{}, notToBeUsed(r, err)
	}
	at, err := r.At(art.Digest.String())
	return checked{at, fmt.Sprintf("signed by %s on %s: %s@%s as %s", vouch.Key, vouch.Summary.Time.Format(time.DateOnly), name, vouch.Version, vouch.Alias)}, err
}

func notToBeUsed(r *oci.Repository, err error) error {
	said := fmt.Errorf("%s is not to be used: %w", r, err)
	var unsigned *provenance.UnsignedError
	if errors.As(err, &unsigned) {
		return fixError{said, `push it anew by "mlops model push", which carries the signatures of its promotions`}
	}
	return said
}

// underPolicy is the model's name if the policy wants it signed. The name is the artifact's
// own, so that one that a policy names is not believed to be another: what the
// repository is called counts too.
func underPolicy(trust *provenance.Trust, r *oci.Repository, a *oci.Artifact) (string, error) {
	name, place := a.Name(), path.Base(repositoryOf(r))
	if _, named := trust.Models[place]; named && name != place {
		return "", fixError{fmt.Errorf("%s is not to be used: it holds %q, and the policy knows %s as another model", r, name, place), "ask who pushed it; or pull " + name + " from a repository of its own"}
	}
	if trust.Rule(name).Require == "" && trust.Rule(place).Require == "" {
		return "", nil
	}
	if a.Tree().IsZero() || name == "" {
		return "", fixError{fmt.Errorf("%s is not to be used: it does not say which files were signed", r), `push it by "mlops model push"`}
	}
	return name, nil
}

// repositoryOf is a reference without tag and digest.
func repositoryOf(r *oci.Repository) string {
	return strings.TrimRight(strings.TrimSuffix(r.String(), r.Tag()), ":@")
}

// bundles reads what refers to an artifact.
func bundles(ctx context.Context, r *oci.Repository, art *oci.Artifact) (files []*provenance.File, err error) {
	refs, err := oci.Referrers(ctx, r, art.Descriptor(), provenance.BundleType)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs[:min(len(refs), maxReferrers)] {
		all, err := oci.Attached(ctx, r, ref)
		if err != nil {
			return nil, err
		}
		for _, one := range all {
			files = append(files, provenance.ParseFile(one.Name, one.Data))
		}
	}
	return files, nil
}
