package docker

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlops-runner/mlops/runner"
)

// TestRegistryBase builds on an image whose tag has moved, in the registry and
// here. The build takes what the name is pinned to, with the login of the registry,
// and is made anew when the pin moves and not when the tag does.
func TestRegistryBase(t *testing.T) {
	open(t, Options{})
	s := startRegistry(t)
	ref, first := s.push(t, "team/base:1", "linux/386")
	_, second := s.push(t, "team/base:1", "linux/arm64")
	e := s.client(t, s.login, noSleep)
	if im, err := e.Resolve(t.Context(), runner.ImageRequest{Name: ref, Pull: pullAlways}); err != nil || im.Digest != second {
		t.Fatalf("%+v, %v", im, err)
	}
	repo := strings.TrimSuffix(ref, ":1")
	t.Cleanup(func() { dropImage(repo + "@" + first); dropImage(repo + "@" + second) })

	dir := t.TempDir()
	write(t, filepath.Join(dir, "Dockerfile"), "ARG TAG=1\nFROM "+repo+":$TAG AS one\nFROM one\nLABEL a=b\n")
	made := map[string]bool{}
	build := func(digest, pull string) (runner.Image, error) {
		b := &runner.Build{Context: dir, Pins: map[string]runner.Pin{ref: {Digest: digest}}}
		im, err := e.Resolve(t.Context(), runner.ImageRequest{Build: b, Pull: pull})
		if err == nil && !made[im.Name] {
			made[im.Name] = true
			t.Cleanup(func() { removeImage(t, e, im.Name) })
		}
		return im, err
	}
	_, err := build(first, pullNever)
	if x := execError(err); x == nil || !strings.Contains(x.Error(), "image "+ref+" is pinned to "+short(first)+", and the one of that name here is "+short(second)) {
		t.Errorf("a pinned base image that is not here: %v", err)
	}
	old, err := build(first, pullAlways)
	if err != nil || old.Platform != "linux/386" {
		t.Fatalf("the image is built on %+v, %v", old, err)
	}
	s.serve(nil)
	if again, err := build(first, ""); err != nil || again.ID != old.ID || s.count("") != 0 {
		t.Errorf("built again: %+v, %v; %d requests to the registry", again, err, s.count(""))
	}
	if moved, err := build(second, ""); err != nil || moved.Platform != "linux/arm64" || moved.ID == old.ID {
		t.Errorf("after the pin moved: %+v, %v", moved, err)
	}
}
