package oci

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content/memory"

	"github.com/mlops-runner/mlops/runner/oci/ocitest"
	"github.com/mlops-runner/mlops/runner/store"
)

// start skips the test where no registry is installed.
func start(t testing.TB, o ocitest.Options) *ocitest.Server {
	t.Helper()
	if err := ocitest.Missing(); err != nil {
		if os.Getenv("MLOPS_NEED_OCI") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s, err := ocitest.Start(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newStore(t testing.TB) *store.Dir {
	t.Helper()
	d, err := store.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// weights are n bytes that no compression shortens.
func weights(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{7}).Read(b)
	return b
}

// draft is a model whose files are in the store: weights, a config, a script that
// may be executed, a link and the weights again.
func draft(t testing.TB, d *store.Dir, size int) Model {
	t.Helper()
	m := Model{Name: "churn", Version: "3", Revision: "c0ffee", Format: "onnx", Run: "019a", Authors: []string{"ada"},
		Created: time.Date(2026, 11, 2, 10, 0, 0, 0, time.UTC), Params: map[string]any{"lr": 0.1, "depth": 8}}
	put := func(b []byte) store.Digest {
		dig, err := d.PutBytes(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		return dig
	}
	w := weights(size)
	for _, f := range []struct {
		path string
		data []byte
		exec bool
	}{{"weights.bin", w, false}, {"deep/config.json", []byte("{}"), false}, {"run.sh", []byte("#!/bin/sh\n"), true}, {"deep/copy.bin", w, false}} {
		m.Files = append(m.Files, File{Path: f.path, Digest: put(f.data), Size: int64(len(f.data)), Exec: f.exec})
	}
	m.Files = append(m.Files, File{Path: "latest.bin", Link: "weights.bin", Digest: store.Sum([]byte("weights.bin"))})
	m.Card = put([]byte("# churn\n"))
	var err error
	if m.Tree, err = d.PutTree(t.Context(), entries(m)); err != nil {
		t.Fatal(err)
	}
	return m
}

func entries(m Model) (es []store.Entry) {
	for _, f := range m.Files {
		e := store.Entry{Path: f.Path, Mode: 0o644, Size: f.Size, Digest: f.Digest, Link: f.Link}
		if f.Exec {
			e.Mode = 0o755
		}
		if f.Link != "" {
			e.Mode = os.ModeSymlink
		}
		es = append(es, e)
	}
	return es
}

func keep(t testing.TB, d *store.Dir, m Model) *Artifact {
	t.Helper()
	a, _, err := Keep(t.Context(), d, m)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func open(t testing.TB, ref string, o Options) *Repository {
	t.Helper()
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
		t.Setenv("HOME", t.TempDir())
	}
	if o.Wait == 0 {
		o.Wait = time.Millisecond
	}
	r, err := Open(t.Context(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// same compares a folder with a model, byte for byte.
func same(t *testing.T, d *store.Dir, m Model, dir string) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(p string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil || n != len(m.Files) {
		t.Errorf("%d files, want %d: %v", n, len(m.Files), err)
	}
	for _, f := range m.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Path))
		if f.Link != "" {
			if to, err := os.Readlink(path); err != nil || to != f.Link {
				t.Errorf("%s leads to %q, %v", f.Path, to, err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		want, werr := d.ReadBlob(f.Digest)
		if err != nil || werr != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v, %v", f.Path, err, werr)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode()&0o100 != 0 != f.Exec {
			t.Errorf("%s: %v, %v", f.Path, info.Mode(), err)
		}
	}
	if _, err := os.Stat(dir + ".part"); !errors.Is(err, os.ErrNotExist) {
		t.Error("the folder of the pull is still there")
	}
}

// TestPack packs a model twice, in stores of its own and files in another order.
func TestPack(t *testing.T) {
	t.Parallel()
	d, other := newStore(t), newStore(t)
	m := draft(t, d, 1000)
	a := keep(t, d, m)
	n := draft(t, other, 1000)
	for i, j := 0, len(n.Files)-1; i < j; i, j = i+1, j-1 {
		n.Files[i], n.Files[j] = n.Files[j], n.Files[i]
	}
	if b := keep(t, other, n); b.Digest != a.Digest {
		t.Errorf("the same model is %s and %s", a.Digest, b.Digest)
	}
	var got []string
	for _, l := range a.Manifest.Layers {
		got = append(got, l.MediaType[len("application/vnd.cncf.model."):]+" "+l.Annotations[annotationPath])
	}
	want := []string{"weight.config.v1.raw deep/config.json", "weight.v1.raw deep/copy.bin", "weight.v1.tar latest.bin", "code.v1.raw run.sh", "weight.v1.raw weights.bin", "doc.v1.raw MODEL_CARD.md"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	config, err := d.ReadBlob(fromOCI(a.Manifest.Config.Digest))
	if err != nil {
		t.Fatal(err)
	}
	var c modelConfig
	if err := json.Unmarshal(config, &c); err != nil || c.Descriptor.Revision != "c0ffee" || c.Config.Format != "onnx" || len(c.ModelFS.DiffIDs) != len(want) {
		t.Errorf("%s, %v", config, err)
	}
	m.Version = "4" // what else is said of the same files makes no other artifact
	again, added, err := Keep(t.Context(), d, m)
	if err != nil || added || again.Digest != a.Digest {
		t.Error(again, added, err)
	}
}

// TestKept lets a garbage collection take all it may: the artifact stays whole.
func TestKept(t *testing.T) {
	t.Parallel()
	d := newStore(t)
	m := draft(t, d, 1000)
	a := keep(t, d, m)
	if _, err := d.GC(t.Context(), store.GCOptions{}); err != nil {
		t.Fatal(err)
	}
	found, err := Find(t.Context(), d, m.Name, m.Tree)
	if err != nil || found.Digest != a.Digest {
		t.Fatal(found, err)
	}
	if _, err := Find(t.Context(), d, "other", m.Tree); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
}

// TestPushPull goes to a real registry and back, as does an independent client.
func TestPushPull(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	m := draft(t, d, 3<<20)
	a := keep(t, d, m)
	r := open(t, "oci://"+s.Host+"/team/churn:production", Options{})
	sent, err := Push(t.Context(), d, a, r)
	if err != nil || sent.Blobs != len(a.Blobs()) {
		t.Fatal(sent, err)
	}
	s.Spoil(nil)
	if sent, err = Push(t.Context(), d, a, r); err != nil || sent != (Sent{}) || len(s.Seen("")) != 1 {
		t.Error("again:", sent, err, s.Seen(""))
	}
	staging, err := r.At("staging")
	if err != nil {
		t.Fatal(err)
	}
	if sent, err = Push(t.Context(), d, a, staging); err != nil || sent.Blobs != 0 || !sent.Moved {
		t.Error("another tag:", sent, err)
	}
	dir := filepath.Join(t.TempDir(), "out", "model")
	p, err := Pull(t.Context(), r, dir)
	if err != nil {
		t.Fatal(err)
	}
	same(t, d, m, dir)
	if p.Tree != m.Tree || p.Digest != a.Digest || p.Name != "churn" {
		t.Errorf("%+v", p)
	}
	there := t.TempDir() // a folder that exists, as a volume does, stays the same folder
	before, err := os.Stat(there)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pull(t.Context(), r, there); err != nil {
		t.Fatal(err)
	}
	same(t, d, m, there)
	if after, err := os.Stat(there); err != nil || !os.SameFile(before, after) {
		t.Error("the folder is another one:", err)
	}
	byDigest, err := r.At(a.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pull(t.Context(), byDigest, filepath.Join(t.TempDir(), "m")); err != nil {
		t.Error(err)
	}
	mem := memory.New() // oras-go's own copy, to its own store
	desc, err := oras.Copy(t.Context(), r.remote, "production", mem, "x", oras.DefaultCopyOptions)
	if err != nil || desc.Digest.String() != a.Digest.String() || desc.ArtifactType != "" && desc.ArtifactType != ArtifactType {
		t.Error(desc, err)
	}
	into := newStore(t) // and to a store of ours, by its Storage
	if err := oras.CopyGraph(t.Context(), r.remote, Storage{into}, a.Descriptor(), oras.DefaultCopyGraphOptions); err != nil {
		t.Error(err)
	}
	for _, f := range m.Files {
		if f.Link == "" && !into.Has(f.Digest) {
			t.Errorf("%s is not in the store", f.Path)
		}
	}
}

// TestLogin uses a registry with TLS and a login: by config.json, by a helper, with
// a wrong password and with none.
func TestLogin(t *testing.T) {
	s := start(t, ocitest.Options{TLS: true, Login: true})
	ca, err := os.ReadFile(s.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	d := newStore(t)
	a := keep(t, d, draft(t, d, 1000))
	bin := t.TempDir()
	helper := fmt.Sprintf("#!/bin/sh\nread host\necho \"{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"%s\\\",\\\"Secret\\\":\\\"%s\\\"}\"\n", ocitest.User, ocitest.Password)
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-tests"), []byte(helper), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for _, c := range []struct {
		name, logins string
		want         string // of the error; "" for none
		cure         string
	}{
		{"a login", s.Logins(ocitest.User, ocitest.Password), "", ""},
		{"a helper", `{"credHelpers": {"` + s.Host + `": "tests"}}`, "", ""},
		{"a wrong password", s.Logins(ocitest.User, "wrong"), "does not let us in (HTTP 401; logged in as ada, by ", "wrong or expired; log in again: \"docker login " + s.Host},
		{"no login", `{}`, "does not let us in (HTTP 401; nobody is logged in, by ", "log in: \"docker login " + s.Host},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(c.logins), 0o600); err != nil {
			t.Fatal(err)
		}
		r := open(t, s.Host+"/team/churn:"+strings.ReplaceAll(c.name, " ", "-"), Options{Transport: trusting(t, ca), Getenv: env("DOCKER_CONFIG", dir)})
		_, err := Push(t.Context(), d, a, r)
		var access *AccessError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (!errors.As(err, &access) || !strings.Contains(err.Error(), c.want) || !strings.Contains(access.Cure(), c.cure)):
			t.Errorf("%s: %v", c.name, err)
		}
	}
	r := open(t, s.Host+"/team/churn:x", Options{Getenv: env("DOCKER_AUTH_CONFIG", s.Logins(ocitest.User, ocitest.Password))})
	_, err = Push(t.Context(), d, a, r)
	var scheme *SchemeError
	if !errors.As(err, &scheme) || !strings.Contains(scheme.Cure(), "SSL_CERT_FILE") {
		t.Errorf("an unknown authority: %v", err)
	}
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "POST" {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, `{"errors":[{"code":"DENIED"}]}`)
		}
		return r.Method == "POST"
	})
	m := draft(t, d, 1001)
	r = open(t, s.Host+"/team/churn:x", Options{Transport: trusting(t, ca), Getenv: env("DOCKER_AUTH_CONFIG", s.Logins(ocitest.User, ocitest.Password))})
	_, err = Push(t.Context(), d, keep(t, d, m), r)
	var access *AccessError
	if !errors.As(err, &access) || access.Status != 403 || !strings.Contains(access.Cure(), "ask its owner") || !strings.Contains(err.Error(), "logged in as ada, by DOCKER_AUTH_CONFIG") {
		t.Errorf("forbidden: %v", err)
	}
}

func env(name, value string) func(string) string {
	return func(n string) string {
		if n == name {
			return value
		}
		return ""
	}
}

// TestSkopeo lets Debian's skopeo look at an artifact and copy it.
func TestSkopeo(t *testing.T) {
	s := start(t, ocitest.Options{})
	if _, err := exec.LookPath("skopeo"); err != nil {
		if os.Getenv("MLOPS_NEED_OCI") == "1" {
			t.Fatal(err)
		}
		t.Skip("no skopeo: apt-get install skopeo")
	}
	d := newStore(t)
	m := draft(t, d, 1<<20)
	a := keep(t, d, m)
	r := open(t, s.Host+"/team/churn:1", Options{})
	if _, err := Push(t.Context(), d, a, r); err != nil {
		t.Fatal(err)
	}
	raw, err := exec.Command("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://"+r.String()).CombinedOutput()
	if err != nil || store.Sum(raw) != a.Digest {
		t.Fatalf("%v %s", err, raw)
	}
	copied := s.Host + "/other/churn:2"
	if out, err := exec.Command("skopeo", "copy", "--preserve-digests", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://"+r.String(), "docker://"+copied).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	dir := filepath.Join(t.TempDir(), "m")
	p, err := Pull(t.Context(), open(t, copied, Options{}), dir)
	if err != nil || p.Digest != a.Digest {
		t.Fatal(p, err)
	}
	same(t, d, m, dir)
}

// TestBroken breaks connections in the middle of uploads and downloads.
func TestBroken(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	m := draft(t, d, 4<<20)
	a := keep(t, d, m)
	r := open(t, s.Host+"/team/churn:1", Options{})
	cuts := 2
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "PUT" && r.Method != "PATCH" || r.ContentLength < 4<<20 || cuts == 0 {
			return false
		}
		cuts--
		resp, err := s.Forward(r, io.LimitReader(r.Body, 1<<20)) // half an upload
		if err == nil {
			resp.Body.Close()
		}
		panic(http.ErrAbortHandler)
	})
	sent, err := Push(t.Context(), d, a, r)
	if err != nil || cuts != 0 || sent.Blobs != len(a.Blobs()) {
		t.Fatal(sent, cuts, err)
	}
	cuts = 3
	var ranges []string
	s.Spoil(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == "GET" && r.Header.Get("Range") != "" {
			ranges = append(ranges, r.Header.Get("Range"))
		}
		if r.Method != "GET" || !strings.HasSuffix(r.URL.Path, m.Files[0].Digest.String()) || cuts == 0 {
			return false
		}
		cuts--
		resp, err := s.Forward(r, nil)
		if err != nil {
			t.Error(err)
			return false
		}
		defer resp.Body.Close()
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.CopyN(w, resp.Body, 1<<20)
		panic(http.ErrAbortHandler)
	})
	dir := filepath.Join(t.TempDir(), "m")
	if _, err := Pull(t.Context(), r, dir); err != nil || cuts != 0 {
		t.Fatal(cuts, err)
	}
	same(t, d, m, dir)
	if len(ranges) == 0 {
		t.Error("a broken pull began anew")
	}
}

// TestResume goes on from what an earlier, cancelled pull left.
func TestResume(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	m := draft(t, d, 8<<20)
	a := keep(t, d, m)
	ref := s.Host + "/team/churn:1"
	if _, err := Push(t.Context(), d, a, open(t, ref, Options{})); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	dir := filepath.Join(t.TempDir(), "m")
	_, err := Pull(ctx, open(t, ref, Options{Progress: func(done, total int64) {
		if done > total/2 {
			cancel()
		}
	}}), dir)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("half a model is there")
	}
	p, err := Pull(t.Context(), open(t, ref, Options{}), dir)
	if err != nil || p.Reused < 1<<20 {
		t.Fatalf("%+v %v", p, err)
	}
	same(t, d, m, dir)
	if err := os.MkdirAll(filepath.Join(dir+"2.part", "blobs"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, damage := range []int{4 << 20, 8 << 20} { // half of another file, and a whole one
		if err := os.WriteFile(filepath.Join(dir+"2.part", "blobs", m.Files[0].Digest.Hex()), make([]byte, damage), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Pull(t.Context(), open(t, ref, Options{}), dir+"2"); err != nil {
			var mismatch *MismatchError
			if !errors.As(err, &mismatch) {
				t.Fatal(err)
			}
			if _, err := Pull(t.Context(), open(t, ref, Options{}), dir+"2"); err != nil {
				t.Fatal("the damaged bytes were used twice:", err)
			}
		}
		same(t, d, m, dir+"2")
		if err := os.RemoveAll(dir + "2"); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir+"2.part", "blobs"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLies lets the registry change a byte of each thing that it gives out.
func TestLies(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	m := draft(t, d, 100_000)
	a := keep(t, d, m)
	ref := s.Host + "/team/churn:1"
	if _, err := Push(t.Context(), d, a, open(t, ref, Options{})); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"/manifests/", m.Files[0].Digest.String(), m.Files[1].Digest.String()} {
		for _, short := range []bool{false, true} {
			s.Spoil(lie(t, s, part, short))
			dir := filepath.Join(t.TempDir(), "m")
			_, err := Pull(t.Context(), open(t, ref, Options{}), dir)
			var mismatch *MismatchError
			if err == nil || !short && !errors.As(err, &mismatch) {
				t.Errorf("%s, short %v: %v", part, short, err)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%s: a changed model is there", part)
			}
			s.Spoil(nil)
			if _, err := Pull(t.Context(), open(t, ref, Options{}), dir); err != nil {
				t.Errorf("%s: once it tells the truth: %v", part, err)
				continue
			}
			same(t, d, m, dir)
		}
	}
}

// lie flips a byte of an answer, or leaves off the last one.
func lie(t *testing.T, s *ocitest.Server, part string, short bool) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "GET" || !strings.Contains(r.URL.Path, part) {
			return false
		}
		resp, err := s.Forward(r, nil)
		if err != nil {
			t.Error(err)
			return false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Error(err)
		}
		b[len(b)/2] ^= 1
		for k, v := range resp.Header {
			if k != "Content-Length" || !short {
				w.Header()[k] = v
			}
		}
		if short {
			b[len(b)/2] ^= 1
			b = b[:len(b)-1]
		}
		w.WriteHeader(resp.StatusCode)
		w.Write(b)
		return true
	}
}

// TestReferrers attaches to a registry that has no referrers API.
func TestReferrers(t *testing.T) {
	s := start(t, ocitest.Options{})
	d := newStore(t)
	a := keep(t, d, draft(t, d, 1000))
	r := open(t, s.Host+"/team/churn:1", Options{})
	if _, err := Push(t.Context(), d, a, r); err != nil {
		t.Fatal(err)
	}
	subject := a.Descriptor()
	const kind = "application/vnd.dev.sigstore.bundle.v0.3+json"
	none, err := Referrers(t.Context(), r, subject, "")
	if err != nil || len(none) != 0 {
		t.Fatal(none, err)
	}
	files := []Attachment{{"provenance.json", kind, []byte(`{"a":1}`)}, {"gates.json", kind, []byte(`{"b":2}`)}}
	note := Note{kind, map[string]string{"a": "b"}, files}
	if n, err := Attach(t.Context(), r, subject, note); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	manifest, _, err := note.Pack(subject)
	if err != nil {
		t.Fatal(err)
	}
	first := store.Sum(manifest)
	n, err := Attach(t.Context(), r, subject, Note{kind, note.Annotations, []Attachment{files[1], files[0]}}, Note{"application/example", nil, files[:1]})
	if n != 1 || err != nil {
		t.Error("attached again:", n, err)
	}
	refs, err := Referrers(t.Context(), r, subject, kind)
	if err != nil || len(refs) != 1 || refs[0].Digest != first || refs[0].ArtifactType != kind {
		t.Fatal(refs, err)
	}
	if all, err := Referrers(t.Context(), r, subject, ""); err != nil || len(all) != 2 {
		t.Error(all, err)
	}
	got, err := Attached(t.Context(), r, refs[0])
	if diff := cmp.Diff([]Attachment{files[1], files[0]}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	tag, err := r.At("sha256-" + a.Digest.Hex())
	if err != nil {
		t.Fatal(err)
	}
	if desc, err := tag.remote.Resolve(t.Context(), tag.Tag()); err != nil || desc.MediaType != ocispec.MediaTypeImageIndex {
		t.Error("the fallback's tag:", desc, err)
	}
}

func TestRefs(t *testing.T) {
	for _, bad := range []string{"", "churn", "oci://", "localhost:5000/Team:x", "localhost:5000/team:x y", "host/a@sha256:12"} {
		var ref *RefError
		if _, err := Open(t.Context(), bad, Options{}); !errors.As(err, &ref) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// TestForeign refuses what is no model, and reads what other clients pack.
func TestForeign(t *testing.T) {
	s := start(t, ocitest.Options{})
	r := open(t, s.Host+"/other/thing:1", Options{})
	var missing *NotFoundError
	if _, err := Pull(t.Context(), r, filepath.Join(t.TempDir(), "m")); !errors.As(err, &missing) {
		t.Error(err)
	}
	push := func(artifact string, layers ...ocispec.Descriptor) {
		t.Helper()
		desc, err := oras.PackManifest(t.Context(), r.remote, oras.PackManifestVersion1_1, artifact, oras.PackManifestOptions{Layers: layers})
		if err == nil {
			err = r.remote.Tag(t.Context(), desc, "1")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	blob := func(mediaType, path string, data []byte) ocispec.Descriptor {
		t.Helper()
		desc, err := oras.PushBytes(t.Context(), r.remote, mediaType, data)
		if err != nil {
			t.Fatal(err)
		}
		desc.Annotations = map[string]string{annotationPath: path}
		return desc
	}
	weight := Weight.mediaType("raw")
	for _, c := range []struct {
		name, artifact string
		layers         []ocispec.Descriptor
		want           string
	}{
		{"a chart", "application/x.chart", []ocispec.Descriptor{blob(weight, "a", []byte("a"))}, "it is no model, but application/x.chart"},
		{"an unknown layer", ArtifactType, []ocispec.Descriptor{blob("application/x", "a", []byte("a"))}, "a layer is application/x"},
		{"a size below nothing", ArtifactType, []ocispec.Descriptor{{MediaType: weight, Digest: toOCI(store.Sum([]byte("a"))), Size: -1}}, "a layer has -1 bytes"},
		{"a path out", ArtifactType, []ocispec.Descriptor{blob(weight, "../a", []byte("a"))}, "../a"},
		{"an absolute path", ArtifactType, []ocispec.Descriptor{blob(weight, "/etc/a", []byte("a"))}, "/etc/a"},
		{"no path", ArtifactType, []ocispec.Descriptor{blob(weight, "", []byte("a"))}, "unpack"},
		{"a name twice", ArtifactType, []ocispec.Descriptor{blob(weight, "a", []byte("a")), blob(weight, "a", []byte("b"))}, "two layers have this name"},
		{"a file below a file", ArtifactType, []ocispec.Descriptor{blob(weight, "a", []byte("a")), blob(weight, "a/b", []byte("b"))}, "unpack a/b"},
		{"no tar", ArtifactType, []ocispec.Descriptor{blob(Weight.mediaType("tar+gzip"), "a", []byte("not packed"))}, "gzip"},
		{"a link out", ArtifactType, []ocispec.Descriptor{blob(Weight.mediaType("tar"), "a", tarOf(t, File{Path: "a", Link: "../../etc"}))}, "leads out"},
		{"a link in the way", ArtifactType, []ocispec.Descriptor{blob(Weight.mediaType("tar"), "a", tarOf(t, File{Path: "a", Link: "b"})), blob(weight, "a/x", []byte("b"))}, "a"},
	} {
		push(c.artifact, c.layers...)
		dir := filepath.Join(t.TempDir(), "m")
		if _, err := Pull(t.Context(), r, dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		for _, left := range []string{dir, dir + ".part"} {
			if _, err := os.Stat(left); err == nil {
				t.Errorf("%s: %s is there", c.name, left)
			}
		}
	}
}

func tarOf(t *testing.T, f File) []byte {
	t.Helper()
	b, err := linkTar(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
