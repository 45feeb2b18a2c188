package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/oci/serve"
	"github.com/mlops-runner/mlops/runner/store"
)

type registryServeOptions struct {
	serving
	public bool
}

func newRegistryServe(a *app) *cobra.Command {
	var o registryServeOptions
	c := &cobra.Command{
		Use:   "serve",
		Short: "Serve this store to docker, skopeo, oras and mlops",
		Long: `Serve this store as an OCI registry: docker, skopeo, oras and mlops push models and
images to it and pull them from it. The registered models are repositories models/NAME, with
their versions and aliases as tags, and are not pushed to. A tokens file has a line "read TOKEN" or "write TOKEN"
each; clients log in with any user name and a token as the password. Without tokens
every program on this machine may do everything, so the address has to be one of this machine.`,
		Example: "  mlops registry serve\n  mlops registry serve --addr :5000 --tokens tokens --tls-cert cert.pem --tls-key key.pem",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.registryServe(c.Context(), o) },
	}
	o.flags(c.Flags(), "127.0.0.1:5000")
	c.Flags().BoolVar(&o.public, "public", false, "let everybody read, and those with a token that writes write")
	return c
}

func (a *app) registryServe(ctx context.Context, o registryServeOptions) error {
	if o.public && o.tokens == "" {
		return usagef("--public without --tokens: nobody could write; name a tokens file")
	}
	who, l, err := a.listen(o.serving)
	if err != nil {
		return err
	}
	defer l.Close()
	p, err := a.here()
	if err != nil {
		return err
	}
	d, err := store.Open(p.store()) // made if need be: others may push before anything runs here
	if err != nil {
		return err
	}
	shelf := newModelShelf(a, d)
	if err := shelf.tellHidden(); err != nil {
		return err
	}
	r, err := serve.New(ctx, d, shelf)
	if err != nil {
		return err
	}
	h := r.Handler(serve.Access{Tokens: who, Public: o.public})
	return errors.Join(a.serveUntil(ctx, l, h, fmt.Sprintf("serving %s on %s", d.Root(), l.Addr())), r.Close())
}
