package docker

import (
	"context"
	"os"
	"slices"

	"github.com/docker/docker/api/types/container"

	"github.com/mlops-runner/mlops/runner/agent"
)

// A service with secrets is started by our program, which reads them from the
// standard input and becomes the service's own: the engine shows the variables
// of a container to all who may ask it, for as long as the container exists.

// command is what the service's container runs, as far as we have to say it: the
// image's entry point with the command of the file, or the image's own. It is nil
// for a service without secrets, of which the engine knows by itself.
func (b *serviceBox) command(ctx context.Context) ([]string, error) {
	if len(b.Secrets) == 0 {
		return nil, nil
	}
	i, err := b.e.cli.ImageInspect(ctx, imageRef(b.Image))
	if err != nil {
		return nil, b.e.explain("docker: inspect image", b.Image.Name, err)
	}
	var argv []string
	own := b.Command
	if i.Config != nil {
		argv = slices.Clone(i.Config.Entrypoint)
		if own == nil {
			own = i.Config.Cmd
		}
	}
	if argv = append(argv, own...); len(argv) == 0 {
		return nil, config("write command:", "docker: service %s: its image %s has no command", b.Name, b.Image.Name)
	}
	return argv, nil
}

// carries reports whether our program is copied into the container and not
// mounted: for an engine elsewhere, and where the user of a service that it has
// to start may not read it.
func (b *serviceBox) carries() bool {
	if b.e.isRemote() || len(b.Secrets) == 0 {
		return b.e.isRemote()
	}
	const everybody = 0o005
	st, err := os.Stat(b.task.Agent)
	return err == nil && st.Mode()&everybody != everybody
}

// confide starts the container and hands it its secrets.
func (b *serviceBox) confide(ctx context.Context, start func() error) error {
	conn, err := b.e.attach(ctx, b.id, container.AttachOptions{Stream: true, Stdin: true})
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := start(); err != nil {
		return err
	}
	return handOver(&conn, &agent.Secrets{Env: b.Secrets})
}
