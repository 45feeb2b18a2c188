package docker

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
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
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	dockerregistry "github.com/docker/docker/api/types/registry"

	"github.com/mlops-runner/mlops/runner"
)

// Who may use the tests' registry. The line is what htpasswd would write.
const (
	registryUser     = "ada"
	registryPassword = "correct horse"
	registryLine     = "ada:$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e\n"
)

// A registryServer is Debian's docker-registry with a login, behind a proxy
// that can spoil its answers. Engines take any certificate from 127.0.0.0/8.
type registryServer struct {
	host  string // host:port, as image names begin
	login string // config.json of somebody who may use it

	mu    sync.Mutex // guards what follows
	spoil func(w http.ResponseWriter, r *http.Request) bool
	seen  []string // requests: method and path
}

// startRegistry skips the test where no registry is installed.
func startRegistry(t *testing.T) *registryServer {
	t.Helper()
	bin, err := exec.LookPath("docker-registry")
	if err != nil {
		if os.Getenv("MLOPS_NEED_DOCKER") == "1" {
			t.Fatal(err)
		}
		t.Skip("no registry: apt-get install docker-registry")
	}
	dir := t.TempDir()
	cert, pool := certificates(t, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	write(t, filepath.Join(dir, "htpasswd"), registryLine)
	write(t, filepath.Join(dir, "config.yml"), fmt.Sprintf(`version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: %q, tls: {certificate: %q, key: %q}}
auth: {htpasswd: {realm: tests, path: %q}}
`, filepath.Join(dir, "data"), addr, filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "htpasswd")))
	var out tail
	cmd := exec.Command(bin, "serve", filepath.Join(dir, "config.yml"))
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	awaitPort(t, addr, &out)

	s := &registryServer{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: addr})
			r.Out.Host = r.In.Host // uploads go on where they began
			r.Out.Header.Set("X-Forwarded-Proto", "https")
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}},
	}
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		spoil := s.spoil
		s.seen = append(s.seen, r.Method+" "+r.URL.Path)
		s.mu.Unlock()
		if spoil == nil || !spoil(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	front.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	front.Config.ErrorLog = log.New(io.Discard, "", 0) // engines try plain HTTP too
	front.StartTLS()
	t.Cleanup(front.Close)
	s.host = front.Listener.Addr().String()
	t.Cleanup(s.dropAll)
	s.login = s.config(registryUser, registryPassword)
	return s
}

func awaitPort(t *testing.T, addr string, out *tail) {
	t.Helper()
	for range 200 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the registry does not answer: %s", out)
}

// certificates writes a key and a certificate for loopback, signed by a CA of
// the test's own, whose pool it returns.
func certificates(t *testing.T, dir string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: ca.NotAfter, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(err)
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	must(err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	write(t, filepath.Join(dir, "cert.pem"), string(certPEM))
	write(t, filepath.Join(dir, "key.pem"), string(keyPEM))
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	must(err)
	parsed, err := x509.ParseCertificate(caDER)
	must(err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pair, pool
}

// config is a config.json with a login to the registry.
func (s *registryServer) config(user, password string) string {
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	return fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, s.host, auth)
}

// serve replaces what the proxy does before the registry is asked. nil spoils nothing.
func (s *registryServer) serve(spoil func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoil, s.seen = spoil, nil
}

// count says how many requests since serve were for a part of a path.
func (s *registryServer) count(part string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.seen {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// client returns an executor whose config.json is the given text.
func (s *registryServer) client(t *testing.T, config string, sleep func(context.Context, time.Duration) error) *Executor {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), config)
	return open(t, Options{Sleep: sleep, Getenv: func(name string) string {
		if name == "DOCKER_CONFIG" {
			return dir
		}
		return os.Getenv(name)
	}})
}

// push makes an image for a platform ("" for the engine's), pushes it under
// name and removes it here. It returns the repository's digest.
func (s *registryServer) push(t *testing.T, name, platform string) (ref, digest string) {
	t.Helper()
	e := open(t, Options{})
	ref = s.host + "/" + name
	resp, err := e.cli.ImageLoad(t.Context(), bytes.NewReader(archive(t, ref, cmp.Or(platform, "linux/"+runtime.GOARCH))))
	drained(t, resp.Body, err)
	auth, err := dockerregistry.EncodeAuthConfig(dockerregistry.AuthConfig{Username: registryUser, Password: registryPassword, ServerAddress: s.host})
	if err != nil {
		t.Fatal(err)
	}
	body, err := e.cli.ImagePush(t.Context(), ref, image.PushOptions{RegistryAuth: auth})
	drained(t, body, err)
	im, err := e.local(t.Context(), ref, "")
	if err != nil || im.Digest == "" {
		t.Fatalf("a pushed image has no digest: %+v, %v", im, err)
	}
	s.drop(t, ref)
	t.Cleanup(func() { dropImage(ref) })
	return ref, im.Digest
}

// archive is an image of one file as "docker save" would write it.
func archive(t *testing.T, ref, platform string) []byte {
	t.Helper()
	file := func(w *tar.Writer, name string, data []byte) {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data))})
		w.Write(data)
	}
	var layer, out bytes.Buffer
	w := tar.NewWriter(&layer)
	file(w, "hello", []byte(ref+platform))
	w.Close()
	config := fmt.Sprintf(`{"architecture": %q, "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:%x"]}}`,
		architecture(platform), sha256.Sum256(layer.Bytes()))
	w = tar.NewWriter(&out)
	file(w, "config.json", []byte(config))
	file(w, "layer.tar", layer.Bytes())
	file(w, "manifest.json", fmt.Appendf(nil, `[{"Config": "config.json", "RepoTags": [%q], "Layers": ["layer.tar"]}]`, ref))
	w.Close()
	return out.Bytes()
}

// drop removes an image from the engine, which may not have it.
func (s *registryServer) drop(t *testing.T, ref string) {
	t.Helper()
	dropImage(ref)
	if hasImage(ref) {
		t.Fatalf("image %s is still here", ref)
	}
}

// dropAll removes all that was pulled from the registry, by whatever name.
func (s *registryServer) dropAll() {
	withEngine(func(ctx context.Context, e *Executor) {
		list, err := e.cli.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("reference", s.host+"/*/*"))})
		if err != nil {
			return
		}
		for _, i := range list {
			e.cli.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true, PruneChildren: true})
		}
	})
}

func drained(t *testing.T, body io.ReadCloser, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if err := readMessages(body, func(message) {}); err != nil {
		t.Fatal(err)
	}
}

// index puts a manifest list with one entry under a tag.
func (s *registryServer) index(t *testing.T, repo, tag, digest, arch string) {
	t.Helper()
	size := len(s.ask(t, "GET", "/v2/"+repo+"/manifests/"+digest, "", nil))
	const manifest = "application/vnd.docker.distribution.manifest.v2+json"
	const list = "application/vnd.docker.distribution.manifest.list.v2+json"
	b, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": list, "manifests": []any{map[string]any{
		"mediaType": manifest, "size": size, "digest": digest, "platform": map[string]string{"architecture": arch, "os": "linux"}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.ask(t, "PUT", "/v2/"+repo+"/manifests/"+tag, list, b)
}

func (s *registryServer) ask(t *testing.T, method, path, mediaType string, body []byte) []byte {
	t.Helper()
	r, err := http.NewRequest(method, "https://"+s.host+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth(registryUser, registryPassword)
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("Accept", "application/vnd.docker.distribution.manifest.v2+json")
	c := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %v: %s", method, path, resp.Status, err, b)
	}
	return b
}

// request asks for an image and collects what is told meanwhile.
func request(name string) (runner.ImageRequest, *[]string) {
	var lines []string
	return runner.ImageRequest{Name: name, Progress: func(s string) { lines = append(lines, s) }}, &lines
}
