package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/registry"
	"github.com/mlops-runner/mlops/runner/store"
)

// artifact keeps a version as an artifact, with its model card. A model that was
// packed before is that artifact again, whatever the version says now.
func artifact(ctx context.Context, s *store.Dir, v *registry.Version) (a *oci.Artifact, added bool, err error) {
	if a, err := oci.Find(ctx, s, v.Model, v.Digest); err == nil || !errors.Is(err, store.ErrNotFound) {
		return a, false, err
	}
	m := artifactModel(v)
	card, err := versionCard(s, v)
	if err != nil {
		return nil, false, fmt.Errorf("model card: %w", err)
	}
	// Until the artifact is kept, a collection may take the card; Keep notices.
	if m.Card, err = s.PutBytes(ctx, card); err != nil {
		return nil, false, err
	}
	return oci.Keep(ctx, s, m)
}

// artifactModel is what an artifact says of a version.
func artifactModel(v *registry.Version) oci.Model {
	m := oci.Model{Name: v.Model, Revision: v.Source.Commit, Created: v.Time, Run: v.Run, Params: v.Params, Tree: v.Digest}
	if v.Version > 0 {
		m.Version = strconv.Itoa(v.Version)
	}
	if v.Checked != nil {
		m.Format = v.Checked.Format
		if m.Format == "any" {
			m.Format = strings.Join(v.Checked.Found, ",")
		}
	}
	if v.Source.Author != "" {
		m.Authors = []string{v.Source.Author}
	}
	for _, f := range v.Files {
		m.Files = append(m.Files, oci.File{Path: f.Path, Digest: f.Digest, Size: f.Size, Exec: f.Exec, Link: f.Link})
	}
	return m
}
