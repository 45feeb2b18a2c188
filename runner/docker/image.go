package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/image"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

// The pull policies.
const (
	pullMissing = "if-missing" // the default: an image that is here is used, and no registry is asked
	pullAlways  = "always"
	pullNever   = "never"
)

// Resolve finds, pulls or builds an image and says what it is. Requests for
// the same image that overlap are answered once.
func (e *Executor) Resolve(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	switch r.Pull = cmp.Or(r.Pull, pullMissing); r.Pull {
	case pullMissing, pullAlways, pullNever:
	default:
		return runner.Image{}, config("write if-missing, always or never", "docker: image %s: unknown pull policy %q", r.Name, r.Pull)
	}
	if r.Look {
		r.Pull = pullNever
	}
	key := strings.Join([]string{r.Name, r.Platform, r.Pull, strconv.FormatBool(r.Look)}, "\n")
	if r.Build != nil {
		key += "\n" + r.Build.Digest + "\n" + r.Build.Context + "\n" + r.Build.File
	}
	v, err, _ := e.images.Do(key, func() (any, error) {
		if err := e.connect(ctx); err != nil {
			return runner.Image{}, err
		}
		return e.resolve(ctx, r)
	})
	return v.(runner.Image), err
}

func (e *Executor) resolve(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	switch {
	case r.Build != nil:
		return e.build(ctx, r)
	case r.Name == "" || r.Name == EmptyImage:
		return e.empty(ctx, r.Platform)
	}
	if _, err := reference.ParseNormalizedNamed(r.Name); err != nil && !isID(r.Name) {
		return runner.Image{}, config("write NAME:TAG or NAME@sha256:DIGEST", "docker: image %q: %w", r.Name, err)
	}
	if r.Pull == pullAlways && !isID(r.Name) {
		if err := e.pull(ctx, r); err != nil {
			return runner.Image{}, err
		}
		return e.local(ctx, r.Name, "")
	}
	found, err := e.local(ctx, r.Name, r.Platform)
	if err == nil || !errdefs.IsNotFound(err) {
		return found, err
	}
	switch {
	case isID(r.Name):
		return runner.Image{}, e.missing(ctx, r.Name, errors.New("it is not on this engine, and no registry knows images by ID"))
	case r.Pull == pullNever:
		return runner.Image{}, e.missing(ctx, r.Name, errors.New("it is not on this engine, and pull is never"))
	}
	if err := e.pull(ctx, r); err != nil {
		return runner.Image{}, err
	}
	return e.local(ctx, r.Name, "")
}

// isID tells an image's ID from a name.
func isID(name string) bool { return strings.HasPrefix(name, "sha256:") }

// local describes an image that the engine has. It fails with a not-found
// error if there is none, or none for the platform.
func (e *Executor) local(ctx context.Context, name, platform string) (runner.Image, error) {
	i, err := e.cli.ImageInspect(ctx, name)
	if errdefs.IsNotFound(err) {
		return runner.Image{}, err
	}
	if err != nil {
		return runner.Image{}, e.explain("docker: inspect image", name, err)
	}
	found := describe(name, i)
	if platform != "" && !samePlatform(platform, found.Platform) {
		return found, fmt.Errorf("docker: image %s is for %s, not %s: %w", name, found.Platform, platform, errdefs.ErrNotFound)
	}
	return found, nil
}

func describe(name string, i image.InspectResponse) runner.Image {
	im := runner.Image{Name: name, ID: i.ID, Digests: i.RepoDigests, Platform: path.Join(i.Os, i.Architecture, i.Variant), Size: i.Size}
	slices.Sort(im.Digests)
	if i.Config != nil {
		im.User = i.Config.User
	}
	return im
}

// samePlatform compares os/arch, and variants where both have one.
func samePlatform(a, b string) bool {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := min(len(x), len(y), 3)
	return n >= 2 && slices.Equal(x[:n], y[:n])
}

// missing says that an image cannot be had, and names similar ones that are
// here: most often a tag was mistyped.
func (e *Executor) missing(ctx context.Context, name string, cause error) error {
	fix := fmt.Sprintf(`correct the name, fetch it with "docker pull %s", or build it with "build:"`, name)
	if near := e.near(ctx, name); len(near) > 0 {
		fix = "did you mean " + strings.Join(near, " or ") + "? Else " + fix
	}
	return &runner.ExecError{Reason: agent.ReasonImagePull, Fix: fix, Err: fmt.Errorf("docker: image %s: %w", name, cause)}
}

// near lists up to three local images whose names are close to name.
func (e *Executor) near(ctx context.Context, name string) []string {
	list, err := e.cli.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil
	}
	var tags []string
	for _, i := range list {
		tags = append(tags, i.RepoTags...)
	}
	return nearest(name, tags)
}

// nearest picks the tags that share name's repository or differ in few letters.
func nearest(name string, tags []string) []string {
	repo, _, _ := strings.Cut(path.Base(name), ":")
	distance := map[string]int{}
	for _, t := range tags {
		other, _, _ := strings.Cut(path.Base(t), ":")
		d := edits(name, t)
		if other == repo || d <= 1+len(name)/4 {
			distance[t] = d
		}
	}
	var near []string
	for t := range distance {
		near = append(near, t)
	}
	slices.SortFunc(near, func(a, b string) int {
		return cmp.Or(cmp.Compare(distance[a], distance[b]), strings.Compare(a, b))
	})
	return near[:min(3, len(near))]
}

// edits is the Levenshtein distance in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
