package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlops-runner/mlops/runner/oci/serve"
)

type registryServeOptions struct {
	addr, tokens, cert, key string
	public                  bool
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
everybody who reaches the address may do everything, so it has to be one of this machine.`,
		Example: "  mlops registry serve\n  mlops registry serve --addr :5000 --tokens tokens --tls-cert cert.pem --tls-key key.pem",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return a.registryServe(c.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.addr, "addr", "127.0.0.1:5000", "`host:port` to listen on; port 0 takes a free one")
	f.StringVar(&o.tokens, "tokens", "", "`file` of the tokens that may read and write")
	f.BoolVar(&o.public, "public", false, "let everybody read, and those with a token that writes write")
	f.StringVar(&o.cert, "tls-cert", "", "`file` of the certificate")
	f.StringVar(&o.key, "tls-key", "", "`file` of the certificate's key")
	return c
}

func (a *app) registryServe(ctx context.Context, o registryServeOptions) error {
	access, err := o.access()
	if err != nil {
		return err
	}
	l, err := o.listen(access)
	if err != nil {
		return err
	}
	defer l.Close()
	d, err := a.openStore()
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
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintf(a.stdout, "serving %s on %s\n", d.Root(), l.Addr())
	return errors.Join(serveUntil(ctx, l, r.Handler(access)), r.Close())
}

// serveUntil answers requests until ctx ends, and those that have begun for ten
// seconds longer.
func serveUntil(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err := server.Shutdown(last)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	<-ended
	return err
}

// listen refuses an address that others reach where nobody needs a token, and
// tells of passwords that would travel in the clear.
func (o registryServeOptions) listen(access serve.Access) (net.Listener, error) {
	host, _, err := net.SplitHostPort(o.addr)
	if err != nil {
		return nil, usagef("--addr %s: write host:port, or :port for all addresses of the machine", o.addr)
	}
	ip := net.ParseIP(host)
	local := host == "localhost" || ip != nil && ip.IsLoopback()
	if !local && access.Open() {
		return nil, usagef("--addr %s is reached by other machines, and nobody would need a token; name a file by --tokens, or serve 127.0.0.1", o.addr)
	}
	if (o.cert == "") != (o.key == "") {
		return nil, usagef("--tls-cert and --tls-key belong together")
	}
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return nil, fixError{err, "stop what listens there, or choose another --addr"}
	}
	if o.cert == "" {
		return l, nil
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return nil, errors.Join(fixError{fmt.Errorf("certificate: %w", err), "name PEM files of one certificate and its key"}, l.Close())
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}

// minToken is how long a token is at least, in bytes: what is shorter is guessed.
const minToken = 16

// access reads the tokens file.
func (o registryServeOptions) access() (serve.Access, error) {
	access := serve.Access{Public: o.public}
	if o.tokens == "" {
		if o.public {
			return access, usagef("--public without --tokens: nobody could write; name a tokens file")
		}
		return access, nil
	}
	text, err := os.ReadFile(o.tokens)
	if err != nil {
		return access, fixError{err, `write a line "read TOKEN" or "write TOKEN" for each token`}
	}
	for i, line := range strings.Split(string(text), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		at := fmt.Sprintf("%s:%d", o.tokens, i+1)
		if len(words) != 2 || words[0] != "read" && words[0] != "write" {
			return access, usagef(`%s: no "read TOKEN" or "write TOKEN"`, at)
		}
		if len(words[1]) < minToken {
			return access, usagef("%s: the token is shorter than %d characters; make one: openssl rand -hex 24", at, minToken)
		}
		if words[0] == "read" {
			access.Read = append(access.Read, words[1])
		} else {
			access.Write = append(access.Write, words[1])
		}
	}
	if access.Open() {
		return access, usagef("%s has no token", o.tokens)
	}
	return access, nil
}
