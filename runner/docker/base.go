package docker

import (
	"context"
	"os"
	"strings"

	"github.com/mlops-runner/mlops/runner"
)

// bases lists the images that a build starts from, with what they are: what their
// names are pinned to, else their identities here, since a tag that has moved
// makes another image of the same context. Those that are not here have none yet.
func (e *Executor) bases(ctx context.Context, b *buildContext, platform string) string {
	text, err := os.ReadFile(b.dockerfilePath())
	if err != nil {
		return "" // the build will say what is wrong
	}
	var out strings.Builder
	for _, base := range baseImages(text, b.Args) {
		is := "absent"
		if pin := b.pin(base, platform); pin != (runner.Pin{}) {
			is = "pinned " + pin.Digest + pin.ID
		} else if found, err := e.local(ctx, base.name, ""); err == nil {
			is = found.ID
		}
		out.WriteString(base.name + " " + is + "\n")
	}
	return out.String()
}

// pin is what a base image is pinned to.
func (b *buildContext) pin(base baseImage, platform string) runner.Pin {
	if base.platform {
		return runner.Pin{}
	}
	return b.Pins[runner.PinKey(base.name, platform)]
}

// fixBases gets the pinned base images of a build, and has the builder take them
// by their identities: it would look for their tags. The others are left to the
// builder, or brought up to date, if some are pinned and the pull policy asks for it.
func (e *Executor) fixBases(ctx context.Context, r runner.ImageRequest, b *buildContext) error {
	text, err := os.ReadFile(b.dockerfilePath())
	if err != nil {
		return config("", "docker: build %s: %w", b.Context, err)
	}
	var fixed strings.Builder
	var floating []baseImage
	at := 0
	for _, base := range baseImages(text, b.Args) {
		want := runner.ImageRequest{Name: base.name, Platform: r.Platform, Pull: r.Pull, Pin: b.pin(base, r.Platform), Progress: r.Progress}
		if want.Pin == (runner.Pin{}) {
			floating = append(floating, base)
			continue
		}
		found, err := e.pinned(ctx, want)
		if err != nil {
			return err
		}
		fixed.Write(text[at:base.begin])
		fixed.WriteString(strings.TrimPrefix(found.ID, "sha256:"))
		at = base.end
	}
	if at == 0 {
		return nil
	}
	fixed.Write(text[at:])
	b.fixed = []byte(fixed.String())
	for _, base := range floating {
		if base.platform || !strings.HasPrefix(r.Pull, pullAlways) {
			continue
		}
		if _, err := e.byPolicies(ctx, runner.ImageRequest{Name: base.name, Platform: r.Platform, Pull: r.Pull, Progress: r.Progress}); err != nil {
			return err
		}
	}
	return nil
}
