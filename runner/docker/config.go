package docker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// A configFile is the part of docker's config.json that concerns us.
type configFile struct {
	CurrentContext string               `json:"currentContext"`
	Auths          map[string]authEntry `json:"auths"`
	CredsStore     string               `json:"credsStore"`
	CredHelpers    map[string]string    `json:"credHelpers"`
}

// An authEntry is what "docker login" stored for a registry.
type authEntry struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// configDir returns the folder of docker's own configuration.
func configDir(getenv func(string) string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	return filepath.Join(getenv("HOME"), ".docker")
}

// readConfig reads config.json in dir; a missing file is an empty one.
func readConfig(dir string) (configFile, error) {
	return readConfigFile(filepath.Join(dir, "config.json"))
}

func readConfigFile(name string) (configFile, error) {
	var c configFile
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, config("", "docker: read configuration: %w", err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, config("correct the file, or move it away", "docker: %s: %w", name, err)
	}
	return c, nil
}

// fromContext reads a docker context: meta.json under the hash of its name,
// and certificates beside it.
func fromContext(dir, name, source string) (address, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	b, err := os.ReadFile(filepath.Join(dir, "contexts", "meta", id, "meta.json"))
	if err != nil {
		return address{}, config(`see "docker context ls", or set DOCKER_CONTEXT=default`, "docker: context %q of %s: %w", name, source, err)
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(b, &meta); err != nil {
		return address{}, config("create the context again", "docker: context %q: %w", name, err)
	}
	end, ok := meta.Endpoints["docker"]
	if !ok || end.Host == "" {
		return address{}, config("create the context again with --docker host=…", "docker: context %q names no docker engine", name)
	}
	a, err := parse(end.Host, `context "`+name+`"`, func(string) string { return "" })
	if err != nil || a.host[:4] != "tcp:" {
		return a, err
	}
	return withContextTLS(a, filepath.Join(dir, "contexts", "tls", id, "docker"), end.SkipTLSVerify)
}

// withContextTLS adds a context's certificates to its address, if it has any.
func withContextTLS(a address, dir string, insecure bool) (address, error) {
	if _, err := os.Stat(dir); err != nil && !insecure {
		return a, nil
	}
	var err error
	a.tls, err = readTLS(dir, insecure)
	return a, err
}
