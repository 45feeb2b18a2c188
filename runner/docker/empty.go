package docker

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/mlops-runner/mlops/runner"
)

// EmptyImage is the name of the image without files in which built-in actions
// run: all they need is the agent that is mounted.
const EmptyImage = "mlops/empty:1"

// empty makes sure that the engine has the empty image.
func (e *Executor) empty(ctx context.Context, platform string) (runner.Image, error) {
	found, err := e.local(ctx, EmptyImage, platform)
	if err == nil {
		if _, id := emptyImage(found.Platform); id == found.ID || len(found.Digests) > 0 {
			return found, nil
		}
	} else if !errdefs.IsNotFound(err) {
		return found, err
	}
	if platform == "" {
		if platform, err = e.platform(ctx); err != nil {
			return found, err
		}
	}
	archive, id := emptyImage(platform)
	resp, err := e.cli.ImageLoad(ctx, bytes.NewReader(archive), client.ImageLoadWithQuiet(true))
	if err != nil {
		return found, e.explain("docker: load image", EmptyImage, err)
	}
	defer resp.Body.Close()
	if err := readMessages(resp.Body, func(message) {}); err != nil {
		return found, e.explain("docker: load image", EmptyImage, err)
	}
	found, err = e.local(ctx, EmptyImage, platform)
	if errdefs.IsNotFound(err) {
		return found, config("", "docker: image %s (%s) was loaded and is not there: %w", EmptyImage, id, err)
	}
	return found, err
}

// platform asks the engine what it runs on.
func (e *Executor) platform(ctx context.Context) (string, error) {
	v, err := e.cli.ServerVersion(ctx)
	if err != nil {
		return "", e.explain("docker: ask for", "the engine's version", err)
	}
	if v.Arch == "" {
		return "linux/" + runtime.GOARCH, nil
	}
	return "linux/" + v.Arch, nil
}

// emptyImage returns an image with one empty layer as "docker save" would
// write it, and the ID it has on every engine: the digest of its
// configuration, which holds no time and no name.
func emptyImage(platform string) (archive []byte, id string) {
	var layer bytes.Buffer
	tar.NewWriter(&layer).Close()
	diff := fmt.Sprintf("sha256:%x", sha256.Sum256(layer.Bytes()))
	settings := fmt.Sprintf(`{"architecture":%q,"config":{},"created":"1970-01-01T00:00:00Z",`+
		`"history":[{"created":"1970-01-01T00:00:00Z","created_by":"mlops"}],"os":"linux",`+
		`"rootfs":{"type":"layers","diff_ids":[%q]}}`, architecture(platform), diff)
	sum := sha256.Sum256([]byte(settings))
	name := fmt.Sprintf("%x.json", sum)
	manifest, _ := json.Marshal([]any{map[string]any{"Config": name, "RepoTags": []string{EmptyImage}, "Layers": []string{"layer.tar"}}})

	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range []struct {
		name string
		data []byte
	}{{name, []byte(settings)}, {"layer.tar", layer.Bytes()}, {"manifest.json", manifest}} {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: 0o644, Size: int64(len(f.data))})
		w.Write(f.data)
	}
	w.Close()
	return out.Bytes(), "sha256:" + fmt.Sprintf("%x", sum)
}
