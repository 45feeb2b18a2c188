package docker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/runner/agent"
)

// environ is a fixed environment.
func environ(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if k, v, _ := strings.Cut(p, "="); k == name {
				return v
			}
		}
		return ""
	}
}

func write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// writeContext writes a docker context and returns its folder for certificates.
func writeContext(t *testing.T, dir, name, meta string) string {
	t.Helper()
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(name)))
	write(t, filepath.Join(dir, "contexts/meta", id, "meta.json"), meta)
	return filepath.Join(dir, "contexts/tls", id, "docker")
}

// writeCertificate writes a self-signed certificate as docker names its files.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, filepath.Join(dir, "ca.pem"), cert)
	write(t, filepath.Join(dir, "cert.pem"), cert)
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})))
}

func TestFind(t *testing.T) {
	dir := t.TempDir()
	cfg := filepath.Join(dir, "config")
	write(t, filepath.Join(cfg, "config.json"), `{"currentContext": "gpu", "auths": {}}`)
	writeContext(t, cfg, "gpu", `{"Name":"gpu","Endpoints":{"docker":{"Host":"ssh://me@gpu","SkipTLSVerify":false}}}`)
	certs := writeContext(t, cfg, "tls", `{"Name":"tls","Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2376"}}}`)
	writeCertificate(t, certs)
	writeContext(t, cfg, "plain", `{"Name":"plain","Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2375"}}}`)
	writeContext(t, cfg, "nothing", `{"Name":"nothing","Endpoints":{"kubernetes":{}}}`)
	writeContext(t, cfg, "broken", `{`)
	plain := filepath.Join(dir, "plain")
	rootless := filepath.Join(dir, "run")
	write(t, filepath.Join(rootless, "podman/podman.sock"), "")

	tests := []struct {
		name     string
		host     string
		env      []string
		want     string // "" means an error
		source   string
		tls      bool
		insecure bool
		err      string
	}{
		{name: "an option comes first", host: "unix:///a", env: []string{"DOCKER_HOST=unix:///b"}, want: "unix:///a", source: "--docker-host"},
		{name: "DOCKER_HOST beats contexts", env: []string{"DOCKER_HOST=unix:///b", "DOCKER_CONTEXT=gpu", "DOCKER_CONFIG=" + cfg}, want: "unix:///b", source: "DOCKER_HOST"},
		{name: "DOCKER_CONTEXT beats the configured one", env: []string{"DOCKER_CONTEXT=plain", "DOCKER_CONFIG=" + cfg}, want: "tcp://10.0.0.1:2375", source: `context "plain"`},
		{name: "the configured context", env: []string{"DOCKER_CONFIG=" + cfg}, want: "ssh://me@gpu", source: `context "gpu"`},
		{name: "the configuration in the home", env: []string{"HOME=" + plain}, want: "unix:///var/run/docker.sock", source: usualPlaces},
		{name: "a context with certificates", env: []string{"DOCKER_CONTEXT=tls", "DOCKER_CONFIG=" + cfg}, want: "tcp://10.0.0.1:2376", source: `context "tls"`, tls: true},
		{name: "the default context", env: []string{"DOCKER_CONTEXT=default", "DOCKER_CONFIG=" + cfg}, want: "unix:///var/run/docker.sock", source: usualPlaces},
		{name: "TLS without verification", env: []string{"DOCKER_HOST=tcp://h:2376", "DOCKER_CERT_PATH=" + certs}, want: "tcp://h:2376", source: "DOCKER_HOST", tls: true, insecure: true},
		{name: "TLS with verification", env: []string{"DOCKER_HOST=tcp://h:2376", "DOCKER_CERT_PATH=" + certs, "DOCKER_TLS_VERIFY=1"}, want: "tcp://h:2376", source: "DOCKER_HOST", tls: true},
		{name: "http is tcp", host: "http://localhost:99", want: "tcp://localhost:99", source: "--docker-host"},
		{name: "no scheme", host: "localhost:99", err: "is no address"},
		{name: "another scheme", host: "ftp://localhost", err: `unknown scheme "ftp"`},
		{name: "no host", host: "tcp://", err: "is no address"},
		{name: "an unknown context", env: []string{"DOCKER_CONTEXT=none", "DOCKER_CONFIG=" + cfg}, err: `context "none" of DOCKER_CONTEXT`},
		{name: "a context without an engine", env: []string{"DOCKER_CONTEXT=nothing", "DOCKER_CONFIG=" + cfg}, err: "names no docker engine"},
		{name: "a broken context", env: []string{"DOCKER_CONTEXT=broken", "DOCKER_CONFIG=" + cfg}, err: `context "broken"`},
		{name: "broken certificates", env: []string{"DOCKER_HOST=tcp://h:2376", "DOCKER_CERT_PATH=" + filepath.Join(dir, "bad"), "DOCKER_TLS_VERIFY=1"}, err: "read TLS certificates"},
	}
	write(t, filepath.Join(dir, "bad/ca.pem"), "no certificate")
	if _, err := os.Stat("/var/run/docker.sock"); err != nil {
		t.Log("the usual places depend on this machine")
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := find(tt.host, environ(tt.env...))
			if tt.err != "" {
				x := execError(err)
				if x == nil || x.Reason != agent.ReasonConfig || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("got %v, want a config error with %q", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.source != usualPlaces && a.host != tt.want || a.source != tt.source || (a.tls != nil) != tt.tls {
				t.Errorf("got %v with TLS %v", a, a.tls != nil)
			}
			if a.tls != nil && a.tls.InsecureSkipVerify != tt.insecure {
				t.Errorf("certificates are verified: %v", !a.tls.InsecureSkipVerify)
			}
		})
	}
}

func TestFirstSocket(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if got := firstSocket([]string{path("a"), path("b")}); got != path("a") {
		t.Errorf("without any socket: %s", got)
	}
	write(t, path("b"), "")
	if got := firstSocket([]string{path("a"), path("b")}); got != path("b") {
		t.Errorf("with one socket: %s", got)
	}
	list := sockets(environ("HOME=/h", "XDG_RUNTIME_DIR=/r"))
	want := "/var/run/docker.sock /r/docker.sock /h/.docker/run/docker.sock /h/.docker/desktop/docker.sock /r/podman/podman.sock /run/podman/podman.sock"
	if got := strings.Join(list, " "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestElsewhere(t *testing.T) {
	for host, want := range map[string]bool{
		"unix:///var/run/docker.sock": false, "tcp://127.0.0.1:2375": false, "tcp://localhost:2375": false, "tcp://[::1]:2375": false,
		"tcp://10.0.0.1:2375": true, "tcp://gpu:2376": true, "ssh://me@gpu": true,
	} {
		if got := (address{host: host}).elsewhere(); got != want {
			t.Errorf("%s: got %v", host, got)
		}
	}
}

func TestOpenSendsNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	e, err := Open(t.Context(), Options{Host: "tcp://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(50 * time.Millisecond))
	if c, err := l.Accept(); err == nil {
		c.Close()
		t.Error("Open connected")
	}
	if n := e.Requests(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestUnreachable(t *testing.T) {
	dir := t.TempDir()
	deaf, err := net.Listen("unix", filepath.Join(dir, "gone.sock"))
	if err != nil {
		t.Fatal(err)
	}
	deaf.(*net.UnixListener).SetUnlinkOnClose(false)
	deaf.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	tests := []struct {
		name, host string
		reason     agent.Reason
		says       string
	}{
		{"no socket", "unix://" + dir + "/none.sock", agent.ReasonConfig, "no engine listens there"},
		{"a socket without an engine", "unix://" + dir + "/gone.sock", agent.ReasonDaemonLost, "connection refused"},
		{"a closed port", "tcp://" + l.Addr().String(), agent.ReasonDaemonLost, l.Addr().String()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, err := Open(t.Context(), Options{Getenv: environ("DOCKER_HOST=" + tt.host)})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			x := execError(e.connect(t.Context()))
			if x == nil || x.Reason != tt.reason {
				t.Fatalf("got %v", x)
			}
			if !strings.Contains(x.Error(), tt.says) || !strings.Contains(x.Error(), tt.host+" (from DOCKER_HOST)") {
				t.Errorf("error %q", x)
			}
			if !strings.Contains(x.Fix, "systemctl start docker") || !strings.Contains(x.Fix, "--executor host") {
				t.Errorf("fix %q", x.Fix)
			}
			if f := e.Check(t.Context()); len(f) != 1 || f[0].Level != Fail || f[0].Fix == "" {
				t.Errorf("findings %+v", f)
			}
		})
	}
}
