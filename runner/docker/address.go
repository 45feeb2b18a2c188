package docker

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/docker/go-connections/tlsconfig"
	"golang.org/x/sys/unix"
)

// An address is where an engine listens and how we came to think so.
type address struct {
	host   string      // unix:///path, tcp://host:port, ssh://user@host
	source string      // for people: DOCKER_HOST, context "gpu", …
	tls    *tls.Config // nil without TLS
}

// usualPlaces is the source of an address that nobody gave.
const usualPlaces = "the first of the usual places that you may use"

func (a address) String() string { return a.host + " (from " + a.source + ")" }

// find returns the engine's address: host if given, else what docker itself
// and podman would use (DOCKER_HOST, CONTAINER_HOST, DOCKER_CONTEXT, the configured context), else the
// first socket that is there. It sends nothing.
func find(host string, getenv func(string) string) (address, error) {
	if host != "" {
		return parse(host, "--docker-host", getenv)
	}
	for _, name := range []string{"DOCKER_HOST", "CONTAINER_HOST"} { // the latter is Podman's
		if host = getenv(name); host != "" {
			return parse(host, name, getenv)
		}
	}
	dir := configDir(getenv)
	name, source := getenv("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
	if name == "" {
		c, err := readConfig(dir)
		if err != nil {
			return address{}, err
		}
		name, source = c.CurrentContext, filepath.Join(dir, "config.json")
	}
	if name != "" && name != "default" {
		return fromContext(dir, name, source)
	}
	return address{host: "unix://" + firstSocket(sockets(getenv)), source: usualPlaces}, nil
}

// parse checks an address that a person wrote.
func parse(host, source string, getenv func(string) string) (address, error) {
	const fix = "write unix:///path/to.sock, tcp://host:port or ssh://user@host"
	scheme, rest, ok := strings.Cut(host, "://")
	if !ok || rest == "" {
		return address{}, config(fix, "docker: %s=%q is no address", source, host)
	}
	a := address{host: host, source: source}
	switch scheme {
	case "unix", "npipe":
		return a, nil
	case "ssh":
		if _, err := url.Parse(host); err != nil {
			return a, config(fix, "docker: %s: %w", source, err)
		}
		return a, nil
	case "tcp", "http", "https":
		if u, err := url.Parse(host); err != nil || u.Host == "" {
			return a, config(fix, "docker: %s=%q is no address", source, host)
		}
		a.host = "tcp://" + rest
		var err error
		a.tls, err = tlsFromEnv(getenv)
		return a, err
	default:
		return a, config(fix, "docker: %s=%q: unknown scheme %q", source, host, scheme)
	}
}

// tlsFromEnv reads the certificates that DOCKER_CERT_PATH names. As with the
// docker command, DOCKER_TLS_VERIFY alone means those in the config folder.
func tlsFromEnv(getenv func(string) string) (*tls.Config, error) {
	dir, verify := getenv("DOCKER_CERT_PATH"), getenv("DOCKER_TLS_VERIFY") != ""
	if dir == "" && !verify {
		return nil, nil
	}
	if dir == "" {
		dir = configDir(getenv)
	}
	return readTLS(dir, !verify)
}

// readTLS loads ca.pem, cert.pem and key.pem, each of which may be missing.
func readTLS(dir string, insecure bool) (*tls.Config, error) {
	here := func(name string) string {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return ""
		}
		return filepath.Join(dir, name)
	}
	c, err := tlsconfig.Client(tlsconfig.Options{
		CAFile: here("ca.pem"), CertFile: here("cert.pem"), KeyFile: here("key.pem"),
		InsecureSkipVerify: insecure, ExclusiveRootPools: true,
	})
	if err != nil {
		return nil, config("check ca.pem, cert.pem and key.pem in "+dir, "docker: read TLS certificates: %w", err)
	}
	return c, nil
}

// sockets lists where engines usually listen, in the order of preference:
// the system's Docker, rootless Docker, Docker Desktop, Podman.
func sockets(getenv func(string) string) []string {
	list := []string{"/var/run/docker.sock"}
	runtime, home := getenv("XDG_RUNTIME_DIR"), getenv("HOME")
	if runtime == "" {
		runtime = fmt.Sprintf("/run/user/%d", os.Getuid())
	}
	list = append(list, filepath.Join(runtime, "docker.sock"))
	if home != "" {
		list = append(list, filepath.Join(home, ".docker/run/docker.sock"), filepath.Join(home, ".docker/desktop/docker.sock"))
	}
	return append(list, filepath.Join(runtime, "podman/podman.sock"), "/run/podman/podman.sock")
}

// firstSocket prefers a socket we may write to over one that merely exists,
// and names the first when there is none, for the error.
func firstSocket(list []string) string {
	for _, good := range []func(string) bool{
		writable,
		func(p string) bool { _, err := os.Stat(p); return err == nil },
	} {
		for _, p := range list {
			if good(p) {
				return p
			}
		}
	}
	return list[0]
}

// writable tells whether a socket is there and the caller may write to it.
func writable(p string) bool { return unix.Access(p, unix.W_OK) == nil }

// elsewhere tells whether the engine surely does not see our files. An engine
// on this machine may still not; then it refuses the first mount.
func (a address) elsewhere() bool {
	u, err := url.Parse(a.host)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "ssh":
		return true
	case "tcp":
		ip := net.ParseIP(u.Hostname())
		return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
	}
	return false
}

// own tells whether the socket is the caller's own. Then the engine behind it
// may run as the caller (rootless), for whom uid 0 inside a container is the
// caller outside, or it may be root's, in a virtual machine or at the other
// end of a tunnel: only it can tell.
func (a address) own() bool {
	path, ok := strings.CutPrefix(a.host, "unix://")
	if !ok || os.Getuid() == 0 {
		return false
	}
	var st syscall.Stat_t
	return syscall.Stat(path, &st) == nil && int(st.Uid) == os.Getuid()
}
