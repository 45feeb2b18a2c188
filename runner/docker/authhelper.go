package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// helperName is what a credential helper may be called: it becomes part of a
// program's name, which must not lead anywhere else.
const helperName = `^[A-Za-z0-9][A-Za-z0-9._-]*$`

// helperTimeout bounds a helper: some wait for a person at a screen.
const helperTimeout = 30 * time.Second

// askHelper runs docker-credential-NAME. A helper that knows nothing of the
// registry gives empty credentials. One that fails is quoted.
func askHelper(ctx context.Context, name, key string) (authEntry, error) {
	if !regexp.MustCompile(helperName).MatchString(name) {
		return authEntry{}, config("correct credHelpers or credsStore in docker's config.json", "docker: credential helper %q is not a name", name)
	}
	program := "docker-credential-" + name
	ctx, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "get")
	cmd.Stdin = strings.NewReader(key)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = time.Second // what it started may hold its output
	err := cmd.Run()
	switch out := stdout.String(); {
	case err == nil:
		return helperAnswer(name, key, stdout.Bytes())
	case strings.Contains(out, "credentials not found"):
		return authEntry{}, nil
	case errors.Is(err, exec.ErrNotFound):
		return authEntry{}, config("install "+program+", or remove it from docker's config.json", "docker: credential helper %s for %s: %w", name, key, err)
	}
	said := strings.TrimSpace(stdout.String() + "\n" + stderr.String())
	said = said[:min(len(said), tailSize)]
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return authEntry{}, config("run \""+program+" list\" to see what is wrong", "docker: credential helper %s for %s: %w: %s", name, key, err, said)
}

// helperAnswer reads what a helper printed. It is a secret, and not quoted.
func helperAnswer(name, key string, out []byte) (authEntry, error) {
	var got struct{ Username, Secret string }
	if err := json.Unmarshal(out, &got); err != nil {
		return authEntry{}, config("update the helper", "docker: credential helper %s for %s does not answer with JSON", name, key)
	}
	if got.Username == "<token>" {
		return authEntry{IdentityToken: got.Secret}, nil
	}
	return authEntry{Username: got.Username, Password: got.Secret}, nil
}
