package oci

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"

	"github.com/mlops-runner/mlops/runner/oci/ocitest"
)

// zeros is an archive of a file with n zeros, and of many empty ones, compressed.
func zeros(t testing.TB, form string, n int64, empty int) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch form {
	case "tar+gzip":
		w, _ = gzip.NewWriterLevel(&b, gzip.BestSpeed)
	case "tar+zstd":
		w, _ = zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.SpeedFastest))
	}
	a := tar.NewWriter(w)
	err := a.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "zeros", Size: n, Mode: 0o644})
	piece := make([]byte, 1<<20)
	for left := n; left > 0 && err == nil; {
		k := min(left, int64(len(piece)))
		_, err = a.Write(piece[:k])
		left -= k
	}
	for i := 0; i < empty && err == nil; i++ {
		err = a.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: fmt.Sprint("e", i), Mode: 0o644})
	}
	if err = errors.Join(err, a.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folders is an archive of n folders, compressed: none of it counts as bytes of a file.
func folders(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	a := tar.NewWriter(w)
	var err error
	for i := 0; i < n && err == nil; i++ {
		err = a.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: fmt.Sprint("d", i), Mode: 0o755})
	}
	if err = errors.Join(err, a.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sparse is an archive whose file is one hole of n bytes (GNU's format 1.0): it is small also
// without being compressed.
func sparse(t testing.TB, n int64) []byte {
	t.Helper()
	var b bytes.Buffer
	a := tar.NewWriter(&b)
	body := make([]byte, 512)
	copy(body, fmt.Sprintf("1\n%d\n0\n", n))
	h := &tar.Header{Typeflag: tar.TypeReg, Name: "GNUSparseFile.0/hole", Size: 512, Mode: 0o644, Format: tar.FormatPAX, PAXRecords: map[string]string{"X.a": "b"}}
	if err := a.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	_, err := a.Write(body)
	if err = errors.Join(err, a.Close()); err != nil {
		t.Fatal(err)
	}
	return retold(t, b.Bytes(), n)
}

// retold writes the records of a sparse file in place of the one of an archive, which
// Go's writer does not let pass.
func retold(t testing.TB, archive []byte, n int64) []byte {
	t.Helper()
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=hole", fmt.Sprintf("GNU.sparse.realsize=%d", n)} {
		size := len(r) + 2
		for size != len(fmt.Sprint(size))+len(r)+2 {
			size = len(fmt.Sprint(size)) + len(r) + 2
		}
		records += fmt.Sprintf("%d %s\n", size, r)
	}
	out := bytes.Clone(archive)
	copy(out[124:136], fmt.Sprintf("%011o\x00", len(records)))
	copy(out[512:1024], append([]byte(records), make([]byte, 512-len(records))...))
	sum := 0
	copy(out[148:156], "        ")
	for _, c := range out[:512] {
		sum += int(c)
	}
	copy(out[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return out
}

// TestBound pulls archives that are a few bytes and would fill a disk.
func TestBound(t *testing.T) {
	s := start(t, ocitest.Options{})
	for _, c := range []struct {
		name, form string
		data       []byte
		most       int64
		want       int64 // bytes that it may become, 0 for those that may be unpacked
		twice      bool
	}{
		{"zeros", "tar+gzip", zeros(t, "tar+gzip", 65<<20, 0), 0, FreeUnpacked, false},
		{"zeros", "tar+zstd", zeros(t, "tar+zstd", 65<<20, 0), 0, FreeUnpacked, false},
		{"a hole", "tar", sparse(t, 1<<40), 0, FreeUnpacked, false},
		{"few", "tar+gzip", zeros(t, "tar+gzip", 1<<20, 3), 0, 0, false},
		{"few, and nothing allowed", "tar+gzip", zeros(t, "tar+gzip", 1<<20, 3), 1 << 20, 1 << 20, false},
		{"many empty files", "tar+zstd", zeros(t, "tar+zstd", 0, 5000), 1 << 20, 1 << 20, false},
		{"two that are too much together", "tar+gzip", zeros(t, "tar+gzip", 600<<10, 0), 1 << 20, 1 << 20, true},
		{"folders that are too many together", "tar+gzip", folders(t, 1500), 1 << 20, 1 << 20, true},
		{"allowed", "tar+zstd", zeros(t, "tar+zstd", 65<<20, 0), 1 << 30, 0, false},
	} {
		r := open(t, s.Host+"/other/bomb:1", Options{MaxUnpacked: c.most})
		layer, err := oras.PushBytes(t.Context(), r.remote, Weight.mediaType(c.form), c.data)
		if err != nil {
			t.Fatal(err)
		}
		layers := []ocispec.Descriptor{layer}
		if c.twice { // the second one would be in the way of the first if it came so far
			layers = append(layers, layer)
		}
		desc, err := oras.PackManifest(t.Context(), r.remote, oras.PackManifestVersion1_1, ArtifactType, oras.PackManifestOptions{Layers: layers})
		if err == nil {
			err = r.remote.Tag(t.Context(), desc, "1")
		}
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "m")
		_, err = Pull(t.Context(), r, dir)
		var limit *LimitError
		if errors.As(err, &limit) != (c.want > 0) || c.want > 0 && limit.Limit != c.want || c.want == 0 && err != nil {
			t.Errorf("%s of %s: %v", c.name, c.form, err)
		}
		if c.want == 0 {
			continue
		}
		for _, left := range []string{dir, dir + ".part"} {
			if _, err := os.Stat(left); err == nil {
				t.Errorf("%s of %s: %s is there", c.name, c.form, left)
			}
		}
	}
}
