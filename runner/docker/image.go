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

// Resolve finds, pulls or builds an image and says what it is. Requests for
// the same image that overlap are answered once; when the one whose request is
// under way is cancelled, another of them goes on with it.
func (e *Executor) Resolve(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	if r.Look {
		r.Pull = pullNever
	}
	for {
		v, err, _ := e.images.Do(imageKey(r), func() (any, error) {
			if err := e.connect(ctx); err != nil {
				return runner.Image{}, err
			}
			return e.resolve(ctx, r)
		})
		if !canceled(err) || ctx.Err() != nil {
			return v.(runner.Image), err
		}
	}
}

// canceled tells whether an error says that somebody lost interest.
func canceled(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, runner.ErrKill)
}

// imageKey tells requests apart that may have different answers.
func imageKey(r runner.ImageRequest) string {
	key := strings.Join([]string{r.Name, r.Platform, r.Pull, r.Pin.Digest, r.Pin.ID, strconv.FormatBool(r.Look)}, "\n")
	if r.Build != nil {
		key += "\n" + r.Build.Digest + "\n" + r.Build.Context + "\n" + r.Build.File
	}
	return key
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
	if r.Pin != (runner.Pin{}) {
		return e.pinned(ctx, r)
	}
	return e.byPolicies(ctx, r)
}

// byPolicy finds or pulls an image by one policy.
func (e *Executor) byPolicy(ctx context.Context, r runner.ImageRequest) (runner.Image, error) {
	if r.Pull != pullAlways || isID(r.Name) {
		found, err := e.local(ctx, r.Name, r.Platform)
		if err == nil || !errdefs.IsNotFound(err) {
			return found, err
		}
		if r.Pull == pullNever || isID(r.Name) {
			return runner.Image{}, e.notHere(ctx, r, found)
		}
	}
	if err := e.pull(ctx, r); err != nil {
		return runner.Image{}, err
	}
	found, err := e.local(ctx, r.Name, r.Platform)
	if errdefs.IsNotFound(err) {
		return runner.Image{}, e.notHere(ctx, r, found)
	}
	return found, err
}

// notHere says why an image that may not be pulled, or that was, is not one to
// use. found is that of another platform, if there is one.
func (e *Executor) notHere(ctx context.Context, r runner.ImageRequest, found runner.Image) error {
	switch {
	case found.Platform != "":
		return &runner.ExecError{Reason: agent.ReasonImagePull,
			Fix: "write platform: " + found.Platform + ", name an image that exists for " + r.Platform + ", or build it for that platform",
			Err: fmt.Errorf("docker: image %s is for %s, and the job wants %s", r.Name, found.Platform, r.Platform)}
	case isID(r.Name):
		return e.missing(ctx, r.Name, errors.New("it is not on this engine, and no registry knows images by ID"))
	}
	return e.missing(ctx, r.Name, errors.New("it is not on this engine, and pull is never"))
}

// isID tells an image's ID from a name.
func isID(name string) bool { return strings.HasPrefix(name, "sha256:") }

// local describes an image that the engine has. It fails with a not-found
// error if there is none, or none for the platform; the image then tells for
// which one it is.
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
		return found, errdefs.ErrNotFound
	}
	return found, nil
}

func describe(name string, i image.InspectResponse) runner.Image {
	im := runner.Image{Name: name, ID: i.ID, Digests: i.RepoDigests, Platform: platformName(i.Os, i.Architecture, i.Variant), Size: i.Size}
	slices.Sort(im.Digests)
	im.Digest = ownDigest(name, im.Digests)
	if i.Config != nil {
		im.User = i.Config.User
	}
	return im
}

// ownDigest is the digest that an image has in the repository of a name: the
// image may have come from others too.
func ownDigest(name string, digests []string) string {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return ""
	}
	for _, d := range digests {
		have, err := reference.ParseNormalizedNamed(d)
		if digested, ok := have.(reference.Digested); err == nil && ok && have.Name() == ref.Name() {
			return digested.Digest().String()
		}
	}
	return ""
}

// platformName is os/arch, with a variant where there is one. Images that were
// imported, and not built, may name no platform of their own.
func platformName(os, arch, variant string) string { return path.Join(os, arch, variant) }

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
	return &runner.ExecError{Reason: agent.ReasonImagePull, Fix: e.nearFix(ctx, name, fix), Err: fmt.Errorf("docker: image %s: %w", name, cause)}
}

// nearFix puts the names of similar images before another cure.
func (e *Executor) nearFix(ctx context.Context, name, fix string) string {
	if near := e.near(ctx, name); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "? Else " + fix
	}
	return fix
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
