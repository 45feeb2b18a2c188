package serve_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cuelabs.dev/go/oci/ociregistry"
	"cuelabs.dev/go/oci/ociregistry/ociclient"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/mlops-runner/mlops/runner/access"
	"github.com/mlops-runner/mlops/runner/oci"
	"github.com/mlops-runner/mlops/runner/oci/serve"
	"github.com/mlops-runner/mlops/runner/store"
)

// start serves a store of its own, and gives a client of it.
func start(t *testing.T, dir string, a serve.Access) (*httptest.Server, ociregistry.Interface, *store.Dir, func()) {
	t.Helper()
	d, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := serve.New(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.Handler(a))
	stop := sync.OnceFunc(func() {
		server.Close()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	client, err := ociclient.New(strings.TrimPrefix(server.URL, "http://"), &ociclient.Options{Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	return server, client, d, stop
}

// push makes an artifact of one blob; subject may be nil.
func push(t *testing.T, c ociregistry.Interface, repo, tag string, blob []byte, subject *ocispec.Descriptor) ociregistry.Descriptor {
	t.Helper()
	put := func(p []byte, mediaType string) ocispec.Descriptor {
		d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(p), Size: int64(len(p))}
		if _, err := c.PushBlob(t.Context(), repo, d, bytes.NewReader(p)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	m := ocispec.Manifest{MediaType: ocispec.MediaTypeImageManifest, ArtifactType: "application/x.test", Subject: subject,
		Config: put([]byte("{}"), ocispec.MediaTypeEmptyJSON), Layers: []ocispec.Descriptor{put(blob, "application/octet-stream")}}
	m.SchemaVersion = 2
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := c.PushManifest(t.Context(), repo, tag, text, m.MediaType)
	if err != nil {
		t.Fatal(err)
	}
	return desc
}

func read(t *testing.T, r ociregistry.BlobReader, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(p)
}

func names(t *testing.T, seq func(func(string, error) bool)) string {
	t.Helper()
	var all []string
	for name, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	return strings.Join(all, " ")
}

// TestKept shows that what was pushed is there for the next server, also after
// garbage collection, and goes when its manifest is deleted.
func TestKept(t *testing.T) {
	dir := t.TempDir()
	blob := []byte("weights of a model")
	sum := digest.FromBytes(blob)
	_, c, d, stop := start(t, dir, serve.Access{})
	desc := push(t, c, "team/churn", "v1.lock", blob, nil)
	push(t, c, "team/churn", "latest", blob, nil)
	about := push(t, c, "team/churn", "", []byte("signature"), &desc)
	if _, err := c.PushBlob(t.Context(), "team/churn", ociregistry.Descriptor{Digest: digest.FromString("alone"), Size: 5}, strings.NewReader("alone")); err != nil {
		t.Fatal(err)
	}
	if rep, err := d.GC(t.Context(), store.GCOptions{}); err != nil || rep.Blobs != 0 {
		t.Fatalf("a running registry's blobs were collected: %+v, %v", rep, err)
	}
	stop()

	_, c, d, _ = start(t, dir, serve.Access{})
	if got := read2(t, c.GetBlobRange, "team/churn", sum, 8, 10); got != "of" {
		t.Errorf("range: %q", got)
	}
	tag, err := c.ResolveTag(t.Context(), "team/churn", "v1.lock")
	if err != nil || tag.Digest != desc.Digest {
		t.Errorf("tag: %v, %v", tag, err)
	}
	if got := names(t, c.Tags(t.Context(), "team/churn", "")); got != "latest v1.lock" {
		t.Errorf("tags: %s", got)
	}
	if got := names(t, c.Repositories(t.Context(), "")); got != "team/churn" {
		t.Errorf("repositories: %s", got)
	}
	for kind, want := range map[string]int{"": 1, "application/x.test": 1, "application/x.other": 0} {
		n := 0
		for r, err := range c.Referrers(t.Context(), "team/churn", desc.Digest, kind) {
			if err != nil || r.Digest != about.Digest || r.ArtifactType != "application/x.test" {
				t.Errorf("referrer %v, %v", r, err)
			}
			n++
		}
		if n != want {
			t.Errorf("%d referrers of kind %q, want %d", n, kind, want)
		}
	}
	if err := c.DeleteManifest(t.Context(), "team/churn", desc.Digest); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ResolveTag(t.Context(), "team/churn", "latest"); err == nil {
		t.Error("the tag of a deleted manifest is there")
	}
	if _, err := d.GC(t.Context(), store.GCOptions{}); err != nil {
		t.Fatal(err)
	}
	if mine, _ := store.Parse(sum.String()); d.Has(mine) {
		t.Error("the blob of a deleted manifest was not collected")
	}
}

func read2(t *testing.T, get func(context.Context, string, ociregistry.Digest, int64, int64) (ociregistry.BlobReader, error), repo string, d digest.Digest, from, to int64) string {
	t.Helper()
	r, err := get(t.Context(), repo, d, from, to)
	return read(t, r, err)
}

// TestHidden shows that a digest is no permission: the store's other blobs, and
// those of other repositories, are not served.
func TestHidden(t *testing.T) {
	_, c, d, _ := start(t, t.TempDir(), serve.Access{})
	push(t, c, "mine", "v1", []byte("mine"), nil)
	push(t, c, "yours", "v1", []byte("yours"), nil)
	data, err := d.PutBytes(t.Context(), []byte("a dataset of the pipeline"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dig := range []string{data.String(), digest.FromString("yours").String()} {
		if _, err := c.GetBlob(t.Context(), "mine", ociregistry.Digest(dig)); err == nil {
			t.Errorf("%s is served", dig)
		}
	}
	if _, err := c.MountBlob(t.Context(), "yours", "mine", digest.FromString("yours")); err != nil {
		t.Errorf("mount: %v", err)
	}
	if got := read2(t, c.GetBlobRange, "mine", digest.FromString("yours"), 0, -1); got != "yours" {
		t.Errorf("mounted: %q", got)
	}
}

// TestBroken shows what a registry has to refuse.
func TestBroken(t *testing.T) {
	server, c, _, _ := start(t, t.TempDir(), serve.Access{})
	wrong := ociregistry.Descriptor{Digest: digest.FromString("another"), Size: 5}
	if _, err := c.PushBlob(t.Context(), "a", wrong, strings.NewReader("bytes")); err == nil {
		t.Error("a blob of another digest was taken")
	}
	for name, text := range map[string]string{
		"no JSON":         `{`,
		"a missing layer": `{"schemaVersion": 2, "layers": [{"digest": "` + digest.FromString("x").String() + `"}]}`,
		"another type":    `{"schemaVersion": 2, "mediaType": "application/x.other"}`,
	} {
		if _, err := c.PushManifest(t.Context(), "a", "t", []byte(text), ocispec.MediaTypeImageManifest); err == nil {
			t.Errorf("a manifest with %s was taken", name)
		}
	}
	for _, path := range []string{"a/manifests/t", "a/blobs/" + wrong.Digest.String(), "..%2f..%2fetc/manifests/x", "a/blobs/uploads/..%2f..%2fpasswd"} {
		resp, err := http.Get(server.URL + "/v2/" + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode < 400 || resp.StatusCode >= 500 {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}

// send is a request as it comes from any client.
func send(t *testing.T, method, url, body string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// TestClientsMistakes shows that what is the client's fault is told as that, and not as
// one of the server, after which it would try again.
func TestClientsMistakes(t *testing.T) {
	server, c, _, _ := start(t, t.TempDir(), serve.Access{})
	push(t, c, "a", "v1", []byte("bytes"), nil)
	sum := digest.FromString("bytes").String()
	layer := func(size int) string {
		return fmt.Sprintf(`{"schemaVersion": 2, "layers": [{"digest": "%s", "size": %d}]}`, sum, size)
	}
	for name, m := range map[string]struct {
		text string
		want int
	}{
		"no JSON": {`{`, 400}, "a list": {`[]`, 400}, "null": {`null`, 400}, "a size below nothing": {layer(-1), 400}, "another size": {layer(6), 400},
		"too much": {`{"a": "` + strings.Repeat("a", 5<<20) + `"}`, 413}, "a good one": {layer(5), 201},
	} {
		if got := send(t, "PUT", server.URL+"/v2/a/manifests/t", m.text, "Content-Type", ocispec.MediaTypeImageManifest); got.StatusCode != m.want {
			t.Errorf("%s: %s, want %d", name, got.Status, m.want)
		}
	}
	for ranges, want := range map[string]int{"bytes=4-": 206, "bytes=5-": 416, "bytes=9-": 416, "bytes=0-99": 206} {
		if got := send(t, "GET", server.URL+"/v2/a/blobs/"+sum, "", "Range", ranges); got.StatusCode != want {
			t.Errorf("%s: %s, want %d", ranges, got.Status, want)
		}
	}
	for query, want := range map[string]int{
		"mount=" + sum + "&from=a": 201, "mount=" + sum + "&from=nobody": 202, "mount=" + sum: 202, "mount=" + digest.FromString("x").String() + "&from=a": 202,
	} {
		if got := send(t, "POST", server.URL+"/v2/b/blobs/uploads/?"+query, ""); got.StatusCode != want || got.Header.Get("Location") == "" {
			t.Errorf("%s: %s to %q, want %d", query, got.Status, got.Header.Get("Location"), want)
		}
	}
}

// TestOneByte uploads the first byte of a blob alone, by its range.
func TestOneByte(t *testing.T) {
	server, c, _, _ := start(t, t.TempDir(), serve.Access{})
	chunk := func(method, location, text, ranges string) *http.Response {
		return send(t, method, server.URL+location, text, "Content-Type", "application/octet-stream", "Content-Range", ranges)
	}
	first := send(t, "POST", server.URL+"/v2/a/blobs/uploads/", "")
	one := chunk("PATCH", first.Header.Get("Location"), "x", "0-0")
	if again := chunk("PATCH", first.Header.Get("Location"), "x", "0-0"); one.StatusCode != 202 || again.StatusCode != 416 {
		t.Errorf("the first byte: %s, once more: %s", one.Status, again.Status)
	}
	d := digest.FromString("xyz")
	if last := chunk("PUT", one.Header.Get("Location")+"?digest="+d.String(), "yz", "1-2"); last.StatusCode != 201 {
		t.Errorf("the rest: %s", last.Status)
	}
	r, err := c.GetBlob(t.Context(), "a", d)
	if got := read(t, r, err); got != "xyz" {
		t.Errorf("%q came back", got)
	}
}

// TestLongNames: a name that no folder can have is the client's mistake.
func TestLongNames(t *testing.T) {
	server, c, _, _ := start(t, t.TempDir(), serve.Access{})
	part, deep := strings.Repeat("a", 256), strings.Repeat("a/", 127)
	push(t, c, strings.Repeat("a/", 126)+"abc", "v1", []byte("x"), nil) // 255 bytes
	for _, name := range []string{part, deep + "ab"} {
		for _, q := range []struct {
			method, path string
			want         int
		}{
			{"POST", "blobs/uploads/", 400}, {"PUT", "manifests/v1", 400}, {"DELETE", "manifests/v1", 400}, {"GET", "manifests/v1", 404},
			{"GET", "tags/list", 404}, {"GET", "blobs/" + digest.FromString("x").String(), 404},
		} {
			got := send(t, q.method, server.URL+"/v2/"+name+"/"+q.path, "{}", "Content-Type", ocispec.MediaTypeImageManifest)
			if got.StatusCode != q.want {
				t.Errorf("%s of %.20s…: %s, want %d", q.method+" "+q.path, name, got.Status, q.want)
			}
		}
	}
}

// TestUploadsGivenUp begins uploads that nobody ends: they hold no file open, and
// are gone after a day.
func TestUploadsGivenUp(t *testing.T) {
	dir := t.TempDir()
	server, _, _, _ := start(t, dir, serve.Access{})
	uploads := filepath.Join(dir, "registry", "uploads")
	for range 50 {
		send(t, "POST", server.URL+"/v2/a/blobs/uploads/", "")
	}
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	open := 0
	for _, fd := range fds {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && filepath.Dir(to) == uploads {
			open++
		}
	}
	if open > 0 {
		t.Errorf("%d files are open", open)
	}
	all, err := os.ReadDir(uploads)
	if err != nil || len(all) != 50 {
		t.Fatalf("%d uploads, %v", len(all), err)
	}
	for _, e := range all {
		if err := os.Chtimes(filepath.Join(uploads, e.Name()), time.Time{}, time.Now().Add(-25*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	send(t, "POST", server.URL+"/v2/a/blobs/uploads/", "")
	if all, err = os.ReadDir(uploads); err != nil || len(all) != 1 {
		t.Errorf("%d uploads are left, %v", len(all), err)
	}
}

// TestUploadGoesOn sends half a blob, starts the server anew and sends the rest.
func TestUploadGoesOn(t *testing.T) {
	dir := t.TempDir()
	blob := make([]byte, 3<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range blob {
		blob[i] = byte(r.Uint32())
	}
	_, c, _, stop := start(t, dir, serve.Access{})
	w, err := c.PushBlobChunked(t.Context(), "a/b", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(blob[:2<<20]); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	at, id := w.Size(), w.ID()
	stop()
	next, c, _, _ := start(t, dir, serve.Access{})
	id = next.URL + id[strings.Index(id, "/v2/"):]
	if w, err = c.PushBlobChunkedResume(t.Context(), "a/b", id, at, 1<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(blob[at:]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(digest.FromBytes(blob)); err != nil {
		t.Fatal(err)
	}
	got := read2(t, c.GetBlobRange, "a/b", digest.FromBytes(blob), 0, -1)
	if sha256.Sum256([]byte(got)) != sha256.Sum256(blob) {
		t.Error("other bytes came back")
	}
	left, err := os.ReadDir(filepath.Join(dir, "registry", "uploads"))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestAccess goes through who may do what.
func TestAccess(t *testing.T) {
	a := serve.Access{Tokens: access.New([]string{"reader-token"}, []string{"writer-token"})}
	public := a
	public.Public = true
	for _, c := range []struct {
		name          string
		access        serve.Access
		token         string
		ping, get, do int // status of /v2/, of a read and of a write
	}{
		{"nobody", a, "", 401, 401, 401},
		{"a stranger", a, "guess", 401, 401, 401},
		{"a reader", a, "reader-token", 200, 404, 403},
		{"a writer", a, "writer-token", 200, 404, 202},
		{"the public without its token", public, "", 401, 401, 401},
		{"the public", public, "anyone", 200, 404, 401},
		{"the public where there is none", a, "anyone", 401, 401, 401},
		{"a stranger in public", public, "guess", 401, 401, 401},
		{"anybody where nobody has a token", serve.Access{}, "", 200, 404, 202},
	} {
		server, _, _, _ := start(t, t.TempDir(), c.access)
		for _, basic := range []bool{false, true} {
			if basic && c.token == "anyone" {
				continue
			}
			ask := func(method, path string) int {
				req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				if c.token != "" && basic {
					req.SetBasicAuth("anyone", c.token)
				} else if c.token != "" {
					req.Header.Set("Authorization", "Bearer "+c.token)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode == 401 && resp.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s: no challenge", c.name)
				}
				return resp.StatusCode
			}
			if got := [3]int{ask("GET", "/v2/"), ask("GET", "/v2/a/manifests/v1"), ask("POST", "/v2/a/blobs/uploads/")}; got != [3]int{c.ping, c.get, c.do} {
				t.Errorf("%s (basic %v): %v, want %v", c.name, basic, got, [3]int{c.ping, c.get, c.do})
			}
		}
	}
}

// TestPages: what a page in a browser sends is refused in the protocol's form, with
// tokens and without.
func TestPages(t *testing.T) {
	tokens := serve.Access{Tokens: access.New(nil, []string{"writer-token"}), Public: true}
	for _, c := range []struct {
		name         string
		access       serve.Access
		host, origin string
		want         int
	}{
		{"a program", serve.Access{}, "", "", 202},
		{"a name that resolves here", serve.Access{}, "evil.example:5000", "", 403},
		{"a page elsewhere", serve.Access{}, "", "http://evil.example", 403},
		{"a page on disk", serve.Access{}, "", "null", 403},
		{"a program with a token, by a name", tokens, "registry.example:5000", "", 202},
		{"a page elsewhere, with the login of its reader", tokens, "registry.example:5000", "http://evil.example", 403},
	} {
		server, _, _, _ := start(t, t.TempDir(), c.access)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v2/a/blobs/uploads/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		req.SetBasicAuth("me", "writer-token")
		if c.origin != "" {
			req.Header.Set("Origin", c.origin)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.want {
			t.Errorf("%s: %d, want %d (%v)", c.name, resp.StatusCode, c.want, err)
		}
		if refused := strings.HasPrefix(string(body), `{"errors":[{"code":"DENIED"`); refused != (c.want == 403) {
			t.Errorf("%s: %s", c.name, body)
		}
	}
}

// TestSkopeo lets Debian's skopeo log in, copy an image here and back, and compare.
func TestSkopeo(t *testing.T) {
	if _, err := exec.LookPath("skopeo"); err != nil {
		if os.Getenv("MLOPS_NEED_OCI") == "1" {
			t.Fatal("skopeo is not installed: apt-get install skopeo")
		}
		t.Skip("skopeo is not installed")
	}
	server, _, _, _ := start(t, t.TempDir(), serve.Access{Tokens: access.New([]string{"reader-token"}, []string{"writer-token"})})
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	layout := filepath.Join(dir, "layout")
	writeLayout(t, layout)
	skopeo := func(fails bool, args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "skopeo", append([]string{"--insecure-policy"}, args...)...)
		out, err := c.CombinedOutput()
		if (err != nil) != fails {
			t.Fatalf("skopeo %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	ref := "docker://" + host + "/team/base:v1"
	skopeo(true, "copy", "--dest-tls-verify=false", "oci:"+layout+":v1", ref)
	skopeo(true, "copy", "--dest-tls-verify=false", "--dest-creds", "me:reader-token", "oci:"+layout+":v1", ref)
	skopeo(false, "copy", "--preserve-digests", "--dest-tls-verify=false", "--dest-creds", "me:writer-token", "oci:"+layout+":v1", ref)
	skopeo(false, "copy", "--preserve-digests", "--src-tls-verify=false", "--src-creds", "me:reader-token", ref, "oci:"+filepath.Join(dir, "back")+":v1")
	a, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "back", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var was, is ocispec.Index
	if err := errorsOf(json.Unmarshal(a, &was), json.Unmarshal(b, &is)); err != nil || was.Manifests[0].Digest != is.Manifests[0].Digest {
		t.Errorf("%v: another image came back:\n%s\n%s", err, a, b)
	}
	if tags := skopeo(false, "list-tags", "--tls-verify=false", "--creds", "me:reader-token", "docker://"+host+"/team/base"); !strings.Contains(tags, `"v1"`) {
		t.Errorf("tags: %s", tags)
	}
	skopeo(false, "delete", "--tls-verify=false", "--creds", "me:writer-token", ref)
	skopeo(true, "inspect", "--tls-verify=false", "--creds", "me:reader-token", ref)
}

func errorsOf(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// writeLayout writes an image of one empty layer as an OCI layout.
func writeLayout(t *testing.T, dir string) {
	t.Helper()
	put := func(p []byte) digest.Digest {
		d := digest.FromBytes(p)
		path := filepath.Join(dir, "blobs", "sha256", d.Encoded())
		if err := errorsOf(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, p, 0o644)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	layer := make([]byte, 1024) // an empty tar
	config := fmt.Appendf(nil, `{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[%q]}}`, put(layer))
	m := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":%q,"digest":%q,"size":%d},"layers":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
		ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageConfig, put(config), len(config), ocispec.MediaTypeImageLayer, put(layer), len(layer))
	index := fmt.Appendf(nil, `{"schemaVersion":2,"manifests":[{"mediaType":%q,"digest":%q,"size":%d,"annotations":{"org.opencontainers.image.ref.name":"v1"}}]}`,
		ocispec.MediaTypeImageManifest, put(m), len(m))
	if err := errorsOf(os.WriteFile(filepath.Join(dir, "index.json"), index, 0o644), os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// TestDocker pushes an image by the Docker engine, removes it and pulls it again.
func TestDocker(t *testing.T) {
	if out, err := exec.Command("docker", "version").CombinedOutput(); err != nil {
		if os.Getenv("MLOPS_NEED_DOCKER") == "1" {
			t.Fatalf("docker: %s", out)
		}
		t.Skip("no Docker engine answers")
	}
	server, _, _, _ := start(t, t.TempDir(), serve.Access{Tokens: access.New(nil, []string{"writer-token"}), Public: true})
	image := strings.TrimPrefix(server.URL, "http://") + "/team/base:v1"
	config := t.TempDir()
	docker := func(stdin string, args ...string) string {
		t.Helper()
		c := exec.CommandContext(t.Context(), "docker", append([]string{"--config", config}, args...)...)
		c.Stdin = strings.NewReader(stdin)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("docker %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	docker(string(make([]byte, 1024)), "import", "-", image)
	t.Cleanup(func() { exec.Command("docker", "rmi", image).Run() })
	docker("writer-token", "login", "-u", "me", "--password-stdin", strings.TrimPrefix(server.URL, "http://"))
	docker("", "push", image)
	id := docker("", "inspect", "-f", "{{.Id}}", image)
	docker("", "rmi", image)
	config = t.TempDir() // without a login: the public may read
	docker("", "pull", image)
	if got := docker("", "inspect", "-f", "{{.Id}}", image); got != id {
		t.Errorf("pulled %s, pushed %s", got, id)
	}
}

// TestPushGoesOn breaks a push of ours in the middle of its streams: it goes on at the byte
// that the server has.
func TestPushGoesOn(t *testing.T) {
	d, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	reg, err := serve.New(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	handler := reg.Handler(serve.Access{})
	var came atomic.Int64
	cuts := 3
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		large := r.ContentLength > 8<<20 && cuts > 0
		if large {
			cuts--
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(io.LimitReader(r.Body, 5<<20), broken{}), r.Body}
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(r.Body, counter{&came}), r.Body}
		handler.ServeHTTP(w, r)
		if large {
			panic(http.ErrAbortHandler)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(func() {
		server.Close()
		if err := reg.Close(); err != nil {
			t.Error(err)
		}
	})
	const size = 40 << 20
	weights := make([]byte, size)
	rand.NewChaCha8([32]byte{7}).Read(weights)
	from, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dig, err := from.PutBytes(t.Context(), weights)
	if err != nil {
		t.Fatal(err)
	}
	m := oci.Model{Name: "churn", Files: []oci.File{{Path: "weights.bin", Digest: dig, Size: size}}}
	if m.Tree, err = from.PutTree(t.Context(), []store.Entry{{Path: "weights.bin", Mode: 0o644, Size: size, Digest: dig}}); err != nil {
		t.Fatal(err)
	}
	a, _, err := oci.Keep(t.Context(), from, m)
	if err != nil {
		t.Fatal(err)
	}
	r, err := oci.Open(t.Context(), strings.TrimPrefix(server.URL, "http://")+"/team/churn:1", oci.Options{PlainHTTP: true, Parallel: 1, Wait: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := oci.Push(t.Context(), from, a, r); err != nil || cuts != 0 {
		t.Fatal(cuts, err)
	}
	if again := came.Load() - size; again > 1<<20 {
		t.Errorf("%d bytes went again", again)
	}
	if err := d.Reread(t.Context(), dig); err != nil {
		t.Error(err)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

type counter struct{ n *atomic.Int64 }

func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}
