// Package ocitest starts Debian's docker-registry for tests, behind a proxy that
// can spoil its answers, and says how to reach it.
package ocitest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Who may use a registry with a login. The line is what htpasswd would write.
const (
	User     = "ada"
	Password = "correct horse"
	line     = "ada:$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n"
)

// Options say which registry is wanted. The zero value speaks HTTP to everybody.
type Options struct {
	TLS   bool // with a certificate of an authority of its own
	Login bool // only User may use it
}

// A Server is a running registry.
type Server struct {
	Host   string // host:port, as references begin
	Direct string // host:port of docker-registry itself, without the proxy
	CAFile string // certificate of the authority; "" without TLS

	cmd   *exec.Cmd
	front *httptest.Server

	mu    sync.Mutex // guards what follows
	spoil func(w http.ResponseWriter, r *http.Request) bool
	seen  []string
}

// Missing is why there can be no registry here; nil if there can.
func Missing() error {
	if _, err := exec.LookPath("docker-registry"); err != nil {
		return fmt.Errorf("no registry: apt-get install docker-registry")
	}
	return nil
}

// Start starts a registry that keeps its data in dir.
func Start(dir string, o Options) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{Direct: l.Addr().String()}
	l.Close()
	config := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), s.Direct)
	if o.Login {
		config += fmt.Sprintf("auth: {htpasswd: {realm: tests, path: %q}}\n", filepath.Join(dir, "htpasswd"))
	}
	for name, text := range map[string]string{"htpasswd": line, "config.yml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	s.cmd = exec.Command("docker-registry", "serve", filepath.Join(dir, "config.yml"))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.await(); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.proxy(dir, o.TLS); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Server) await() error {
	for range 200 {
		if c, err := net.Dial("tcp", s.Direct); err == nil {
			return c.Close()
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("docker-registry does not answer at %s", s.Direct)
}

func (s *Server) proxy(dir string, withTLS bool) error {
	scheme := "http"
	if withTLS {
		scheme = "https"
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: s.Direct})
			r.Out.Host = r.In.Host // uploads go on where they began
			r.Out.Header.Set("X-Forwarded-Proto", scheme)
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
	s.front = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		spoil := s.spoil
		s.seen = append(s.seen, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		if spoil == nil || !spoil(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	s.front.Config.ErrorLog = log.New(io.Discard, "", 0)
	if !withTLS {
		s.front.Start()
		s.Host = s.front.Listener.Addr().String()
		return nil
	}
	pair, ca, err := certificate()
	if err != nil {
		return err
	}
	s.CAFile = filepath.Join(dir, "ca.pem")
	if err := os.WriteFile(s.CAFile, ca, 0o644); err != nil {
		return err
	}
	s.front.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.front.StartTLS()
	s.Host = s.front.Listener.Addr().String()
	return nil
}

// Close stops the registry.
func (s *Server) Close() {
	if s.front != nil {
		s.front.CloseClientConnections()
		s.front.Close()
	}
	s.cmd.Process.Kill()
	s.cmd.Wait() // it was killed
}

// Spoil replaces what the proxy does before the registry is asked: true means that
// the request was answered. nil spoils nothing. What was seen is forgotten.
func (s *Server) Spoil(spoil func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil, s.seen = spoil, nil
}

// Seen are the requests since Spoil whose method and path begin with start.
func (s *Server) Seen(start string) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.seen {
		if strings.HasPrefix(r, start) {
			out = append(out, r)
		}
	}
	return out
}

// Logins is a config.json with a login to the registry.
func (s *Server) Logins(user, password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, s.Host, auth)
}

// Forward sends a request on to the registry itself, with another body.
func (s *Server) Forward(r *http.Request, body io.Reader) (*http.Response, error) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+s.Direct+r.URL.RequestURI(), body)
	if err != nil {
		return nil, err
	}
	out.Header, out.Host = r.Header.Clone(), r.Host // uploads go on where they began
	out.ContentLength = r.ContentLength
	return http.DefaultTransport.RoundTrip(out)
}

// certificate makes one for loopback, and the authority's that signed it, in PEM.
func certificate() (pair tls.Certificate, ca []byte, err error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair, nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair, nil, err
	}
	issuer := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: issuer.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, issuer, issuer, &caKey.PublicKey, caKey)
	if err != nil {
		return pair, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, issuer, &key.PublicKey, caKey)
	if err != nil {
		return pair, nil, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}
