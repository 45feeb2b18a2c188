package docker

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"path"
	"path/filepath"
	"strings"

	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/registry"
)

// hubKey is how "docker login" names Docker Hub.
const hubKey = "https://index.docker.io/v1/"

// A login is what an engine is given to show to a registry.
type login struct {
	header string // as the engine wants it; "" for no credentials
	user   string // "" for none; "a token" if it has no name
	source string // where it was looked for, for people
}

// login finds the credentials for an image's registry: in DOCKER_AUTH_CONFIG,
// else in what "docker login" left in config.json or gave to a credential
// helper, else in what "podman login" left.
func (e *Executor) login(ctx context.Context, name string) (login, error) {
	ref, err := reference.ParseNormalizedNamed(name)
	if err != nil || isID(name) {
		return login{}, nil // an ID has no registry
	}
	var l login
	for _, read := range []func() (configFile, string, error){e.authVariable, e.dockerLogins, e.podmanLogins} {
		c, source, err := read()
		if err != nil {
			return login{}, err
		}
		entry, key, err := c.credentials(ctx, ref)
		if err != nil {
			return login{}, err
		}
		if l.source == "" {
			l.source = source
		}
		if entry != (authEntry{}) {
			l.source = source
			return l.with(entry, key)
		}
	}
	return l, nil
}

func (e *Executor) authVariable() (configFile, string, error) {
	var c configFile
	v := e.opts.Getenv("DOCKER_AUTH_CONFIG")
	if v == "" {
		return c, "", nil
	}
	if err := json.Unmarshal([]byte(v), &c); err != nil {
		return c, "", config(`write {"auths": {"REGISTRY": {"auth": "BASE64 OF USER:PASSWORD"}}}`, "docker: DOCKER_AUTH_CONFIG: %w", err)
	}
	return c, "DOCKER_AUTH_CONFIG", nil
}

func (e *Executor) dockerLogins() (configFile, string, error) {
	dir := configDir(e.opts.Getenv)
	c, err := readConfig(dir)
	return c, filepath.Join(dir, "config.json"), err
}

// podmanLogins reads the file that Podman and its relatives share.
func (e *Executor) podmanLogins() (configFile, string, error) {
	name := e.opts.Getenv("REGISTRY_AUTH_FILE")
	if name == "" {
		dir := e.opts.Getenv("XDG_RUNTIME_DIR")
		if dir == "" {
			return configFile{}, "", nil
		}
		name = filepath.Join(dir, "containers", "auth.json")
	}
	c, err := readConfigFile(name)
	return c, name, err
}

// registryKey is the name under which a registry's credentials are stored.
func registryKey(ref reference.Named) string {
	if d := reference.Domain(ref); d != hubName {
		return d
	}
	return hubKey
}

// with completes a login by an entry that was found under key.
func (l login) with(a authEntry, key string) (login, error) {
	if a.Auth != "" {
		plain, err := base64.StdEncoding.DecodeString(a.Auth)
		user, password, ok := strings.Cut(strings.TrimRight(string(plain), "\x00"), ":")
		if err != nil || !ok {
			return l, config(`log in again with "docker login"`, "docker: credentials for %s in %s are not base64 of user:password", key, l.source)
		}
		a.Username, a.Password = user, password
	}
	if l.user = a.Username; l.user == "" {
		l.user = "a token"
	}
	var err error
	l.header, err = registry.EncodeAuthConfig(registry.AuthConfig{
		Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken, ServerAddress: key,
	})
	return l, err
}

// credentials looks an image up, by the longest path first
// (registry/group/project, registry/group, registry): at each a helper of its
// own, then the file; at the registry itself the common store before the file.
// key is the registry's name as the engine wants it.
func (c configFile) credentials(ctx context.Context, ref reference.Named) (entry authEntry, key string, err error) {
	key = registryKey(ref)
	for _, at := range places(ref) {
		helpers := []string{c.CredHelpers[at]}
		if at == reference.Domain(ref) {
			helpers = []string{c.CredHelpers[key], c.CredsStore}
		}
		for _, helper := range helpers {
			if helper == "" {
				continue
			}
			ask := at
			if at == reference.Domain(ref) {
				ask = key
			}
			if entry, err = askHelper(ctx, helper, ask); err != nil || entry != (authEntry{}) {
				return entry, key, err
			}
		}
		for stored, a := range c.Auths {
			if a != (authEntry{}) && normal(stored) == at {
				return a, key, nil
			}
		}
	}
	return authEntry{}, key, nil
}

// places are the paths under which an image's credentials may stand, the
// longest first.
func places(ref reference.Named) []string {
	var list []string
	for p := ref.Name(); p != "."; p = path.Dir(p) {
		list = append(list, p)
	}
	return list
}

// normal strips the scheme and the API version that older docker versions
// stored, and gives Docker Hub the name that references have.
func normal(stored string) string {
	if _, rest, ok := strings.Cut(stored, "://"); ok {
		stored = rest
	}
	stored = strings.TrimSuffix(stored, "/")
	stored = strings.TrimSuffix(strings.TrimSuffix(stored, "/v1"), "/v2")
	if stored == "index.docker.io" || stored == "registry-1.docker.io" {
		return hubName
	}
	return stored
}
