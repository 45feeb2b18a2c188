package mlflow

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"sort"
	"strconv"
	"strings"
	"unicode"

	"github.com/mlops-runner/mlops/runner/store"
)

// artifactScheme begins addresses that MLflow's client asks this server for.
const artifactScheme = "mlflow-artifacts:/"

// root is the address of a run's artifacts.
func (r *Run) root() string {
	return artifactScheme + r.Experiment.ID + "/" + r.ID + "/artifacts"
}

// refOf is the ref that keeps an artifact.
func refOf(run, path string) string {
	return "mlflow/" + run + "/" + store.Sum([]byte(path)).Hex()[:16]
}

// A place is what the path of an artifact means: one of a run, or of a version of a
// model, which is read only.
type place struct {
	run, model string
	version    int
	path       string // inside; "" for all
}

// modelsTop is the folder of the models' versions: models/<name>/<version>/…
const modelsTop = "models"

// placeOf reads <experiment>/<run>/artifacts[/path] and models/<name>/<version>[/path].
func placeOf(p string) (pl place, err error) {
	p = strings.Trim(p, "/")
	if p == "" || !fs.ValidPath(p) || strings.ContainsAny(p, "\x00\\") {
		return pl, invalid("Invalid path %q.", p)
	}
	parts := strings.SplitN(p, "/", 4)
	if len(parts) < 3 {
		return pl, missing("%q is no folder of a run's artifacts.", p)
	}
	if len(parts) == 4 {
		pl.path = parts[3]
	}
	if parts[0] == modelsTop {
		pl.model = parts[1]
		if pl.version, err = strconv.Atoi(parts[2]); err != nil {
			return pl, missing("%q is no version of a model.", p)
		}
		return pl, nil
	}
	if parts[2] != "artifacts" {
		return pl, missing("%q is no folder of a run's artifacts.", p)
	}
	pl.run = parts[1]
	return pl, nil
}

// files are all at a place's run or version, by path.
func (s *Server) files(pl place) (map[string]Artifact, error) {
	out := map[string]Artifact{}
	if pl.model == "" {
		t, err := s.find(pl.run)
		if err != nil {
			return nil, err
		}
		defer t.mu.Unlock()
		for p, a := range t.run.Artifacts {
			out[p] = a
		}
		return out, nil
	}
	m, err := s.models.Model(pl.model)
	if err != nil {
		return nil, err
	}
	v, err := s.models.Version(m, pl.version)
	if err != nil {
		return nil, err
	}
	for _, f := range v.Files {
		if f.Link == "" {
			out[f.Path] = Artifact{f.Digest, f.Size}
		}
	}
	return out, nil
}

// serveList lists a folder of artifacts.
func (s *Server) serveList(w http.ResponseWriter, r *http.Request) {
	err := error(failure(codeEndpoint, "%s of artifacts needs a path.", r.Method))
	if r.Method == http.MethodGet {
		err = s.sendList(w, r.URL.Query().Get("path"))
	}
	if err != nil {
		refuse(w, err)
	}
}

// serveArtifacts brings and takes artifacts.
func (s *Server) serveArtifacts(w http.ResponseWriter, r *http.Request) {
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		err = s.send(w, r)
	case http.MethodPut, http.MethodPost:
		if err = s.take(r); err == nil {
			reply(w, http.StatusOK, nothing{})
		}
	case http.MethodDelete:
		err = failure(codeState, "Artifacts are not deleted: the record of the run names them.")
	default:
		err = failure(codeEndpoint, "%s of artifacts is not served here.", r.Method)
	}
	if err != nil {
		refuse(w, err)
	}
}

// send sends a file, or the part of it that is asked for.
func (s *Server) send(w http.ResponseWriter, r *http.Request) error {
	pl, err := placeOf(r.URL.Path)
	if err != nil {
		return err
	}
	files, err := s.files(pl)
	if err != nil {
		return err
	}
	a, ok := files[pl.path]
	if !ok {
		return missing("No artifact %q.", r.URL.Path)
	}
	f, err := s.d.Open(a.Digest)
	if errors.Is(err, store.ErrNotFound) {
		return missing("The bytes of artifact %q are not in the store any more.", r.URL.Path)
	}
	if err != nil {
		return failure(codeInternal, "artifact %s: %v", r.URL.Path, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("ETag", strconv.Quote(a.Digest.Hex()))
	http.ServeContent(w, r, "", st.ModTime(), f)
	return nil
}

// take puts the body into the store as it comes, and notes it once it is whole.
func (s *Server) take(r *http.Request) error {
	pl, err := placeOf(r.URL.Path)
	if err != nil {
		return err
	}
	if pl.model != "" {
		return failure(codeState, "The files of a version of a model do not change; log to a run and register another version.")
	}
	if err := checkPath(pl.path); err != nil {
		return err
	}
	if err := s.edit(pl.run, func(run *Run) (*change, error) { return nil, run.fits(pl.path) }); err != nil {
		return err
	}
	dig, size, err := s.d.Put(r.Context(), r.Body)
	if err != nil {
		return failure(codeInternal, "artifact %s: %v", pl.path, err)
	}
	if r.ContentLength >= 0 && size != r.ContentLength {
		return failure(codeBad, "artifact %s: %d bytes came of %d", pl.path, size, r.ContentLength)
	}
	return s.edit(pl.run, func(run *Run) (*change, error) {
		if err := run.fits(pl.path); err != nil {
			return nil, err
		}
		if old, ok := run.Artifacts[pl.path]; ok && old.Digest == dig {
			return nil, nil
		}
		if err := s.keep(r.Context(), run, pl.path, dig); err != nil {
			return nil, err
		}
		return &change{Path: pl.path, Artifact: &Artifact{dig, size}}, nil
	})
}

// checkPath fails for what others could not have as a file.
func checkPath(p string) error {
	if p == "" {
		return invalid("Name a file below the run's artifacts.")
	}
	if len(p) > maxPath || strings.ContainsFunc(p, unicode.IsControl) {
		return invalid("Invalid path %.100q: at most %d bytes, and no control characters.", p, maxPath)
	}
	for part := range strings.SplitSeq(p, "/") {
		if len(part) > maxPart {
			return invalid("Invalid path %.100q: no part of it may be longer than %d bytes.", p, maxPart)
		}
	}
	return nil
}

// keep lets GC keep an artifact; one that it took just before is missed here.
func (s *Server) keep(ctx context.Context, r *Run, path string, dig store.Digest) error {
	ref := refOf(r.ID, path)
	was, err := s.d.Ref(ref)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := s.d.SetRef(ctx, ref, was, dig); err != nil {
		return err
	}
	return s.d.Check(dig)
}

// fits fails for a path that would be a file and a folder at once.
func (r *Run) fits(p string) error {
	for up := path.Dir(p); up != "."; up = path.Dir(up) {
		if _, ok := r.Artifacts[up]; ok {
			return invalid("%q cannot be logged: %q is a file.", p, up)
		}
	}
	for other := range r.Artifacts {
		if strings.HasPrefix(other, p+"/") {
			return invalid("%q cannot be logged as a file: it is a folder.", p)
		}
	}
	return nil
}

// wireFile is a file or folder in a list.
type wireFile struct {
	Path   string `json:"path"`
	Folder bool   `json:"is_dir"`
	Size   int64  `json:"file_size,omitempty"`
}

// listed are the files and folders right below a folder, by names alone.
func listed(files map[string]Artifact, folder string) []wireFile {
	out := []wireFile{}
	seen := map[string]bool{}
	for p, a := range files {
		rest := p
		if folder != "" {
			var inside bool
			if rest, inside = strings.CutPrefix(p, folder+"/"); !inside {
				continue
			}
		}
		name, _, deeper := strings.Cut(rest, "/")
		switch {
		case !deeper:
			out = append(out, wireFile{Path: name, Size: a.Size})
		case !seen[name]:
			seen[name] = true
			out = append(out, wireFile{Path: name, Folder: true})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

func (s *Server) sendList(w http.ResponseWriter, folder string) error {
	pl, err := placeOf(folder)
	if err != nil {
		return err
	}
	files, err := s.files(pl)
	if err != nil {
		return err
	}
	reply(w, http.StatusOK, struct {
		Files []wireFile `json:"files"`
	}{listed(files, pl.path)})
	return nil
}

type listQuery struct {
	ID   string `json:"run_id"`
	UUID string `json:"run_uuid"`
	Path string `json:"path"`
	Page string `json:"page_token"`
}

func (s *Server) listArtifacts(_ context.Context, q *listQuery) (any, error) {
	folder := strings.Trim(q.Path, "/")
	if folder != "" && !fs.ValidPath(folder) {
		return nil, invalid("Invalid path %q.", q.Path)
	}
	t, err := s.find(cmp.Or(q.ID, q.UUID))
	if err != nil {
		return nil, err
	}
	defer t.mu.Unlock()
	files, next, err := page(listed(t.run.Artifacts, folder), 1000, q.Page, 1000)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Path = path.Join(folder, files[i].Path)
	}
	return struct {
		Root  string     `json:"root_uri"`
		Files []wireFile `json:"files"`
		Next  string     `json:"next_page_token,omitempty"`
	}{t.run.root(), files, next}, nil
}
