package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/cmd/mlops/view"
	"github.com/mlops-runner/mlops/runner/oci"
)

func newModelPush(a *app) *cobra.Command {
	var o registryOptions
	c := &cobra.Command{
		Use:   "push MODEL@REF REGISTRY/REPOSITORY[:TAG]",
		Short: "Push a version to an OCI registry, as a ModelPack artifact",
		Long: `Push a version to any registry of container images, as an artifact with the media types
of the CNCF's ModelPack. Without TAG, the tag is what stands behind the @. What the
registry has is not sent again. What was signed of the version (mlops key) is attached to it,
as referrers that cosign and mlops read. Logins are those of "docker login", credential helpers included.`,
		Example: "  mlops model push churn@production registry.example.com/team/churn\n  mlops model push churn@3 localhost:5000/team/churn:3",
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return a.modelPush(c.Context(), o, args[0], args[1]) },

		ValidArgsFunction: a.completeModels(true),
	}
	o.flags(c)
	return c
}

// registryOptions are the flags of commands that speak to a registry.
type registryOptions struct {
	plain bool
	json  bool

	unpacked int64 // bytes that archives may unpack to; 0 is oci's default
}

func (o *registryOptions) flags(c *cobra.Command) {
	c.Flags().BoolVar(&o.plain, "plain-http", false, "speak HTTP without TLS; registries of this machine are asked which they speak")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON")
}

// openRegistry opens the repository that a reference names.
func (a *app) openRegistry(ctx context.Context, ref string, o registryOptions, what string) (*oci.Repository, error) {
	began := time.Now()
	told := began
	r, err := oci.Open(ctx, ref, oci.Options{PlainHTTP: o.plain, MaxUnpacked: o.unpacked, Progress: oci.Every(10*time.Second, func(done, total int64) {
		told = time.Now()
		a.say("%s: %s of %s (%d%%), %s/s", what, view.Bytes(done), view.Bytes(total), percent(done, total), view.Bytes(int64(float64(done)/told.Sub(began).Seconds())))
	})})
	return r, cured(err)
}

func percent(done, total int64) int64 {
	if total == 0 {
		return 100
	}
	return 100 * done / total
}

func (a *app) modelPush(ctx context.Context, o registryOptions, name, ref string) error {
	p, err := a.pickModel(name)
	if err != nil {
		return err
	}
	v, err := p.read()
	if err != nil {
		return err
	}
	if p.model.IsRetired(p.version) {
		return fixError{fmt.Errorf("%s@%d is retired", v.Model, v.Version), fmt.Sprintf("push another version; \"mlops model show %s\" lists them", v.Model)}
	}
	r, err := a.openRegistry(ctx, ref, o, "push")
	if err == nil && r.Tag() == "" {
		r, err = r.At(p.ref)
	}
	if err != nil {
		return cured(err)
	}
	s, err := a.openStore()
	if err != nil {
		return err
	}
	art, _, err := artifact(ctx, s, v)
	if err != nil {
		return fixError{fmt.Errorf("%s@%d: %w", v.Model, v.Version, err), fmt.Sprintf("\"mlops model verify %s\" lists what is missing; the run that made it was %s", v.Model, v.Run)}
	}
	sent, err := oci.Push(ctx, s, art, r)
	if err != nil {
		return cured(fmt.Errorf("push %s@%d: %w", v.Model, v.Version, err))
	}
	attached, err := attach(ctx, s, p.model, v, art, r)
	if err != nil {
		return cured(fmt.Errorf("push %s@%d: %w", v.Model, v.Version, err))
	}
	if o.json {
		return a.printJSON(pushed{v.Model, v.Version, r.String(), art.Digest.String(), sent.Blobs, sent.Bytes, attached})
	}
	_, err = fmt.Fprintf(a.stdout, "%s@%d: %s\n%s\n", v.Model, v.Version, sentText(sent, r), art.Digest)
	if err == nil && attached > 0 {
		_, err = fmt.Fprintf(a.stdout, "attached %s\n", counted(attached, "attestation"))
	}
	return err
}

// pushed is what a push prints as JSON.
type pushed struct {
	Model     string `json:"model"`
	Version   int    `json:"version"`
	Reference string `json:"reference"`
	Digest    string `json:"digest"`   // of the manifest
	Blobs     int    `json:"blobs"`    // that were sent
	Bytes     int64  `json:"bytes"`    // that were sent
	Attached  int    `json:"attached"` // attestations that were not there
}

func sentText(sent oci.Sent, r *oci.Repository) string {
	if !sent.Moved {
		return r.String() + " is that already"
	}
	return fmt.Sprintf("%s, %s to %s", counted(sent.Blobs, "new blob"), view.Bytes(sent.Bytes), r)
}
