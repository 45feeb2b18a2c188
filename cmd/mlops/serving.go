package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/runner/access"
)

// serving is where a server listens, and to whom.
type serving struct{ addr, tokens, cert, key string }

// flags are those of all servers.
func (o *serving) flags(f *pflag.FlagSet, addr string) {
	f.StringVar(&o.addr, "addr", addr, "`host:port` to listen on; port 0 takes a free one")
	f.StringVar(&o.tokens, "tokens", "", "`file` of the tokens that may read and write")
	f.StringVar(&o.cert, "tls-cert", "", "`file` of the certificate")
	f.StringVar(&o.key, "tls-key", "", "`file` of the certificate's key")
}

// scheme is that of the server's addresses.
func (o *serving) scheme() string {
	if o.cert == "" {
		return "http"
	}
	return "https"
}

// listen reads the tokens and begins to listen. It refuses an address that others reach
// where nobody needs a token, and tells of tokens that are not kept secret.
func (a *app) listen(o serving) (who access.Tokens, l net.Listener, err error) {
	host, _, err := net.SplitHostPort(o.addr)
	switch local := access.Loopback(host); {
	case err != nil:
		return who, nil, usagef("--addr %s: write host:port, or :port for all addresses of the machine", o.addr)
	case (o.cert == "") != (o.key == ""):
		return who, nil, usagef("--tls-cert and --tls-key belong together")
	case !local && o.tokens == "":
		return who, nil, usagef("--addr %s is reached by other machines, and nobody would need a token; name a file by --tokens, or serve 127.0.0.1", o.addr)
	case !local && o.cert == "":
		fmt.Fprintf(a.stderr, "mlops: tokens travel to %s in the clear: name --tls-cert and --tls-key, unless something in front of it does TLS\n", o.addr)
	}
	if who, err = a.readTokens(o.tokens); err != nil {
		return who, nil, err
	}
	if l, err = net.Listen("tcp", o.addr); err != nil {
		return who, nil, fixError{err, "stop what listens there, or choose another --addr"}
	}
	if o.cert == "" {
		return who, l, nil
	}
	pair, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		return who, nil, errors.Join(fixError{fmt.Errorf("certificate: %w", err), "name PEM files of one certificate and its key"}, l.Close())
	}
	return who, tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}

// readTokens reads a tokens file; without one there are none.
func (a *app) readTokens(path string) (access.Tokens, error) {
	if path == "" {
		return access.Tokens{}, nil
	}
	who, shown, err := access.File(path)
	var wrong *access.LineError
	var file *fs.PathError
	switch {
	case errors.As(err, &wrong):
		return who, usagef("%v", err)
	case errors.As(err, &file):
		return who, fixError{err, `write a line "read TOKEN" or "write TOKEN" for each token`}
	}
	if shown {
		fmt.Fprintf(a.stderr, "mlops: everybody on this machine may read or change %s: chmod 600 %[1]s\n", path)
	}
	return who, err
}

// serveUntil says that it begins, and answers requests until ctx ends or the process is
// told to stop, and those that have begun for ten seconds longer.
func (a *app) serveUntil(ctx context.Context, l net.Listener, h http.Handler, greeting string) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	fmt.Fprintln(a.stdout, greeting)
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
