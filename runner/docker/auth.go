package docker

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os/exec"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"
)

// hubKey is how "docker login" names Docker Hub.
const hubKey = "https://index.docker.io/v1/"

// auth returns the credentials for an image's registry as the engine wants
// them, "" for none: from DOCKER_AUTH_CONFIG, else from what "docker login"
// left in config.json or gave to a credential helper.
func (e *Executor) auth(ctx context.Context, name string) (string, error) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil || isID(name) {
		return "", nil // an ID has no registry
	}
	c, err := readConfig(configDir(e.opts.Getenv))
	if err != nil {
		return "", err
	}
	if v := e.opts.Getenv("DOCKER_AUTH_CONFIG"); v != "" {
		if err := json.Unmarshal([]byte(v), &c); err != nil {
			return "", config("", "docker: DOCKER_AUTH_CONFIG: %w", err)
		}
		c.CredsStore = ""
	}
	entry, err := c.credentials(ctx, registryKey(ref))
	if err != nil || entry == (authEntry{}) {
		return "", err
	}
	return encodeAuth(entry, registryKey(ref))
}

// registryKey is the name under which a registry's credentials are stored.
func registryKey(ref reference.Named) string {
	if d := reference.Domain(ref); d != "docker.io" {
		return d
	}
	return hubKey
}

func encodeAuth(a authEntry, key string) (string, error) {
	if a.Auth != "" {
		plain, err := base64.StdEncoding.DecodeString(a.Auth)
		user, password, ok := strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
		if err != nil || !ok {
			return "", config(`log in again with "docker login"`, "docker: credentials for %s are not base64 of user:password", key)
		}
		a.Username, a.Password = user, password
	}
	return registry.EncodeAuthConfig(registry.AuthConfig{
		Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken, ServerAddress: key,
	})
}

// credentials looks a registry up: its own helper, then the common store, then
// the file.
func (c configFile) credentials(ctx context.Context, key string) (authEntry, error) {
	helper := c.CredHelpers[key]
	if helper == "" {
		helper = c.CredsStore
	}
	if helper != "" {
		a, err := askHelper(ctx, helper, key)
		if err != nil || a != (authEntry{}) {
			return a, err
		}
	}
	for stored, a := range c.Auths {
		if stored == key || key != hubKey && host(stored) == key {
			return a, nil
		}
	}
	return authEntry{}, nil
}

// host strips scheme and path, which older docker versions stored.
func host(stored string) string {
	_, rest, ok := strings.Cut(stored, "://")
	if !ok {
		rest = stored
	}
	h, _, _ := strings.Cut(rest, "/")
	return h
}

// askHelper runs docker-credential-NAME. A helper that knows nothing of the
// registry gives empty credentials.
func askHelper(ctx context.Context, name, key string) (authEntry, error) {
	if strings.ContainsAny(name, "/\\") || strings.HasPrefix(name, ".") {
		return authEntry{}, config("correct credHelpers in docker's config.json", "docker: credential helper %q is not a name", name)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker-credential-"+name, "get")
	cmd.Stdin = strings.NewReader(key)
	out, err := cmd.Output()
	if err != nil {
		if bytes.Contains(out, []byte("credentials not found")) {
			return authEntry{}, nil
		}
		return authEntry{}, config("run docker-credential-"+name+" list to see what is wrong", "docker: credential helper %s for %s: %w", name, key, err)
	}
	var got struct{ Username, Secret string }
	if err := json.Unmarshal(out, &got); err != nil {
		return authEntry{}, config("", "docker: credential helper %s: %w", name, err)
	}
	if got.Username == "<token>" {
		return authEntry{IdentityToken: got.Secret}, nil
	}
	return authEntry{Username: got.Username, Password: got.Secret}, nil
}
