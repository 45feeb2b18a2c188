package oci

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/retry"
)

// Options say how a registry is spoken to. The zero value is that of a person at
// a terminal.
type Options struct {
	PlainHTTP bool                    // HTTP without TLS; a registry of this machine is asked which it speaks
	Getenv    func(string) string     // nil means os.Getenv
	Transport http.RoundTripper       // nil means Go's, with its proxies and certificates
	Progress  func(done, total int64) // told the bytes that are there so far, and in all; nil is nobody
	Parallel  int                     // blobs that travel at once; 0 means 4
	Wait      time.Duration           // before the first retry, then doubled; 0 means 200 ms
	// MaxUnpacked is how many bytes an archive, and all of an artifact together, may unpack
	// to; 0 means [MaxRatio] times its size, but at least [FreeUnpacked], and [MaxUnpacked] in all.
	MaxUnpacked int64
}

func (o Options) withDefaults() Options {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxIdleConnsPerHost = 16
		t.WriteBufferSize, t.ReadBufferSize = 256<<10, 256<<10 // 4 KiB cost a system call each
		o.Transport = t
	}
	o.Parallel, o.Wait = cmp.Or(o.Parallel, 4), cmp.Or(o.Wait, 200*time.Millisecond)
	return o
}

// A Repository is a place in a registry, with or without a tag or digest. It is
// safe for concurrent use.
type Repository struct {
	remote *remote.Repository
	opts   Options
	source string // where logins are looked for
	shown  *shown
}

// shown is whose login a registry was shown last, by any reference to it.
type shown struct {
	mu   sync.Mutex
	user string // "" for nobody's
}

func (s *shown) note(c auth.Credential) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.user = c.Username
	if c != auth.EmptyCredential {
		s.user = cmp.Or(c.Username, "the owner of a token")
	}
}

// Prefix marks a reference to a registry among other names.
const Prefix = "oci://"

// CheckReference fails with a *RefError for what names no repository.
func CheckReference(ref string) error {
	if _, err := registry.ParseReference(strings.TrimPrefix(ref, Prefix)); err != nil {
		return &RefError{ref, err}
	}
	return nil
}

// Open makes ready to speak to the registry of a reference, which may begin with
// oci://. It sends nothing, except to a registry of this machine, which is asked
// whether it speaks TLS. It fails with a *RefError.
func Open(ctx context.Context, ref string, o Options) (*Repository, error) {
	o = o.withDefaults()
	parsed, err := registry.ParseReference(strings.TrimPrefix(ref, Prefix))
	if err != nil {
		return nil, &RefError{ref, err}
	}
	r := &Repository{opts: o, shown: &shown{}}
	store, err := r.logins()
	if err != nil {
		return nil, err
	}
	find := credentials.Credential(store)
	client := &auth.Client{
		Client: &http.Client{Transport: &retry.Transport{Base: o.Transport}},
		Cache:  auth.NewCache(),
		Header: http.Header{"User-Agent": {"mlops"}},
		Credential: func(ctx context.Context, host string) (auth.Credential, error) {
			c, err := find(ctx, host)
			r.shown.note(c)
			return c, err
		},
	}
	if local(parsed.Host()) {
		client.BlockedRealmPrefixes = []netip.Prefix{} // its tokens may come from this machine too
	}
	r.remote = &remote.Repository{Client: client, Reference: parsed, PlainHTTP: o.PlainHTTP, SkipReferrersGC: true}
	if !o.PlainHTTP && local(parsed.Host()) {
		r.remote.PlainHTTP = r.speaksPlain(ctx)
	}
	return r, nil
}

// String is the reference without oci://.
func (r *Repository) String() string { return r.remote.Reference.String() }

// Tag is the tag or digest of the reference; "" if it has none.
func (r *Repository) Tag() string { return r.remote.Reference.Reference }

// At is the same repository, at another tag or digest.
func (r *Repository) At(tag string) (*Repository, error) {
	ref := r.remote.Reference
	ref.Reference = tag
	if err := ref.ValidateReference(); err != nil {
		return nil, &RefError{ref.String(), err}
	}
	rem := &remote.Repository{Client: r.remote.Client, Reference: ref, PlainHTTP: r.remote.PlainHTTP, SkipReferrersGC: true}
	return &Repository{remote: rem, opts: r.opts, source: r.source, shown: r.shown}, nil
}

// logins are those of DOCKER_AUTH_CONFIG, or that "docker login" left.
func (r *Repository) logins() (credentials.Store, error) {
	if text := r.opts.Getenv("DOCKER_AUTH_CONFIG"); text != "" {
		r.source = "DOCKER_AUTH_CONFIG"
		s, err := credentials.NewMemoryStoreFromDockerConfig([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("DOCKER_AUTH_CONFIG: %w", err)
		}
		return s, nil
	}
	dir := r.opts.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home := r.opts.Getenv("HOME")
		if home == "" {
			home, _ = os.UserHomeDir() // without one, the file is not found
		}
		dir = filepath.Join(home, ".docker")
	}
	r.source = filepath.Join(dir, "config.json")
	s, err := credentials.NewStore(r.source, credentials.StoreOptions{})
	if err != nil {
		return nil, fmt.Errorf("read logins: %w", err)
	}
	return s, nil
}

func (r *Repository) access(status int, err error) error {
	r.shown.mu.Lock()
	defer r.shown.mu.Unlock()
	return &AccessError{Repository: r.String(), Host: r.remote.Reference.Registry, Status: status, User: r.shown.user, Source: r.source, Err: err}
}

// local reports whether a registry runs on this machine, as Docker tells it.
func local(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// speaksPlain asks a registry of this machine whether it speaks HTTP without TLS.
func (r *Repository) speaksPlain(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+r.remote.Reference.Host()+"/v2/", nil)
	if err != nil {
		return false
	}
	resp, err := (&http.Client{Transport: r.opts.Transport}).Do(req)
	if err != nil {
		return errors.Is(err, http.ErrSchemeMismatch)
	}
	resp.Body.Close()
	return false
}

// scheme explains what keeps us from speaking to a registry at all.
func (r *Repository) scheme(err error) error {
	host := r.remote.Reference.Registry
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var dial *net.OpError
	switch {
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return &SchemeError{host, "if it speaks no TLS on purpose, add --plain-http", err}
	case errors.As(err, &unknown):
		return &SchemeError{host, "name its authority's certificate in SSL_CERT_FILE", err}
	case errors.As(err, &dial) && dial.Op == "dial":
		return &UnreachableError{host, err}
	}
	return err
}
