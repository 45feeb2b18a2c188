package model

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/actions/model/pickle"
)

// zip looks at every file of an archive and tells whose archive it is.
func (s *scan) zip(in input) Format {
	if !s.deeper(in) {
		return Zip
	}
	defer s.back()
	z, err := zip.NewReader(in.at, in.size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		s.refuse(in, 0, "damaged zip: %v", err)
		return Zip
	}
	s.report.Holds.Files += len(z.File)
	if !s.namesHold(in, z.File) {
		return Zip
	}
	format := archiveOf(z.File)
	for _, f := range z.File {
		switch {
		case !strings.HasSuffix(f.Name, "/"):
			s.member(in, f, format)
		case f.UncompressedSize64 > 0 || f.CompressedSize64 > 0:
			s.refuse(in, 0, "has a folder %.200q with bytes of its own", f.Name)
		}
	}
	return format
}

// namesHold refuses names that readers of zip files take differently.
func (s *scan) namesHold(in input, files []*zip.File) bool {
	seen := map[string]bool{}
	for _, f := range files {
		switch {
		case seen[f.Name]:
			s.refuse(in, 0, "has two files %.200q: readers differ in which they take", f.Name)
		case !filepath.IsLocal(f.Name) || strings.Contains(f.Name, `\`):
			s.refuse(in, 0, "has a file %.200q, which is outside of where it is unpacked", f.Name)
		}
		seen[f.Name] = true
	}
	if s.members += len(files); s.members > s.opts.Limits.Members {
		s.refuse(in, 0, "has more than %d files", s.opts.Limits.Members)
		return false
	}
	return true
}

// archiveOf tells by the names of its files what wrote an archive.
func archiveOf(files []*zip.File) Format {
	arrays, config, weights := len(files) > 0, false, false
	for _, f := range files {
		if path.Base(f.Name) == "data.pkl" {
			return Torch
		}
		arrays = arrays && strings.HasSuffix(f.Name, ".npy")
		config = config || f.Name == "config.json"
		weights = weights || f.Name == "model.weights.h5" || f.Name == "metadata.json"
	}
	switch {
	case arrays:
		return NPZ
	case config && weights:
		return Keras
	}
	return Zip
}

// memory matches the files of tensors' bytes in PyTorch's archives.
var memory = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([^/]+/)?data/[0-9]+$`) })

// member looks at a file of an archive.
func (s *scan) member(in input, f *zip.File, of Format) {
	name := within(in, f.Name)
	if of == Torch && memory().MatchString(f.Name) {
		return // read as numbers alone
	}
	inner, ok := s.zipped(in, name, f)
	if !ok {
		return
	}
	base := path.Base(f.Name)
	switch {
	case of == Torch && strings.Contains("/"+f.Name, "/code/"):
		s.refuse(inner, 0, "is TorchScript code, which is not looked into")
	case of == Torch && pickle.Magic(inner.head(2)):
		s.torch(inner)
	case f.Name == "config.json": // Keras reads it whatever else is in the archive
		s.config(inner)
	case of == Keras && base == "metadata.json":
		s.kerasVersion(inner)
	default:
		if s.look(inner) == NPY && of == NPZ && len(s.report.Holds.Tensors) > 0 {
			s.report.Holds.Tensors[len(s.report.Holds.Tensors)-1].Name = strings.TrimSuffix(f.Name, ".npy")
		}
	}
}

func within(in input, name string) string {
	if in.name != "" {
		return in.name + "!" + name
	}
	return name
}

// zipped gives access to a file of an archive: in place if it is stored as it
// is, else unpacked to memory.
func (s *scan) zipped(in input, name string, f *zip.File) (input, bool) {
	inner := input{name: name, size: int64(f.UncompressedSize64)}
	if f.Flags&1 != 0 {
		s.refuse(inner, 0, "is encrypted")
		return inner, false
	}
	if f.Method == zip.Store && f.CompressedSize64 == f.UncompressedSize64 {
		at, err := f.DataOffset()
		if err != nil || inner.size < 0 || at > in.size-inner.size {
			s.refuse(inner, 0, "damaged zip: the file is not within it")
			return inner, false
		}
		inner.at = io.NewSectionReader(in.at, at, inner.size)
		return inner, true
	}
	r, err := f.Open()
	if err != nil {
		s.refuse(inner, 0, "cannot be unpacked: %v", err)
		return inner, false
	}
	defer r.Close()
	head, rest := peeked(s.bounded(r), 512)
	if pickle.Magic(head) || !strings.HasPrefix(string(head), "\x93NUMPY") {
		return s.hold(inner, rest)
	}
	s.npyStream(inner, rest)
	return inner, false
}

// torch walks a pickle of PyTorch's archive.
func (s *scan) torch(in input) {
	r, err := pickle.Walk(in.reader(), s.pickleOptions(true))
	if err != nil {
		s.refuse(in, 0, "cannot be read to its end: %v", err)
		return
	}
	s.take(in, r)
	for _, m := range r.Storages {
		s.tensor(Tensor{Name: m.Key, DType: strings.TrimSuffix(m.Type, "Storage"), Shape: shapeText([]int64{m.Count})})
	}
}

// tar looks at every file of an archive, each unpacked to memory.
func (s *scan) tar(in input) Format {
	if !s.deeper(in) {
		return Tar
	}
	defer s.back()
	r := tar.NewReader(in.reader())
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return Tar
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			s.refuse(in, 0, "damaged tar: %v", err)
			return Tar
		}
		if s.members++; s.members > s.opts.Limits.Members {
			s.refuse(in, 0, "has more than %d files", s.opts.Limits.Members)
			return Tar
		}
		s.report.Holds.Files++
		s.tarred(in, h, r)
	}
}

func (s *scan) tarred(in input, h *tar.Header, r io.Reader) {
	inner := input{name: within(in, h.Name), size: h.Size}
	if !filepath.IsLocal(h.Name) || strings.Contains(h.Name, `\`) {
		s.refuse(inner, 0, "is outside of where it is unpacked")
	}
	switch h.Typeflag {
	case tar.TypeDir:
	case tar.TypeReg:
		if inner, ok := s.hold(inner, s.bounded(r)); ok {
			s.look(inner)
		}
	default:
		s.refuse(inner, 0, "is neither a file nor a folder")
	}
}
