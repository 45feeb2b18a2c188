package early

import (
	"os"
	"path"
	"syscall"
	"time"
	"unsafe"

	"github.com/mlops-runner/mlops/cmd/mlops/view/duration"
	"github.com/mlops-runner/mlops/runner/snapshot"
)

// The work of this package is done when it is initialised; see its documentation.
// No test's arguments begin with "run", except where a test is mlops itself.
var _ = answer(os.Args)

// answer ends the program if it is a run that has nothing to do.
func answer(args []string) (none struct{}) {
	if len(args) < 2 || args[1] != "run" || !usual(os.Environ()) {
		return none
	}
	began := time.Now()
	f, ok := parse(args[2:])
	if !ok || f.output != quiet && !f.plain() {
		return none
	}
	s, ok := f.shown()
	if !ok {
		return none
	}
	if f.output != quiet {
		text := s.Before + duration.Text(time.Since(began)) + s.After
		if _, err := os.Stdout.WriteString(text); err != nil {
			return none // main fails in the same way, and says so
		}
	}
	os.Exit(0)
	return none
}

// usual reports whether no variable asks for what is not understood here: of those
// of mlops, only some that a run without work does not read are.
func usual(environ []string) bool {
	for _, e := range environ {
		name, value, _ := cut(e)
		if len(name) < 6 || name[:6] != "MLOPS_" || value == "" {
			continue
		}
		switch name {
		case "MLOPS_EXECUTOR", "MLOPS_HOME", "MLOPS_AGENT", "MLOPS_STORE", "MLOPS_FORGE_API":
		default:
			return false
		}
	}
	// The log of a workflow has another view, and an event may be that of a stranger.
	return os.Getenv("GITHUB_ACTIONS") != "true" && os.Getenv("GITHUB_EVENT_NAME") == ""
}

// flags are those of a run that are understood here.
type flags struct{ executor, output string }

// What --output may say here.
const (
	auto  = "auto"
	plain = "plain"
	quiet = "quiet"
)

// parse reads the arguments behind "run". It is false for all but the simplest.
func parse(args []string) (f flags, ok bool) {
	f = flags{os.Getenv("MLOPS_EXECUTOR"), auto}
	if f.executor == "" {
		f.executor = "docker"
	}
	for len(args) > 0 {
		name, value, ok := cut(args[0])
		if args = args[1:]; !ok {
			if len(args) == 0 {
				return f, false
			}
			value, args = args[0], args[1:]
		}
		switch name {
		case "--executor":
			f.executor = value
		case "--output":
			f.output = value
		default:
			return f, false
		}
	}
	return f, f.output == auto || f.output == plain || f.output == quiet
}

// cut cuts a text at its first "=".
func cut(s string) (before, after string, ok bool) {
	for i := range len(s) {
		if s[i] == '=' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// plain reports whether the view is the plain one, without colours and of any width.
func (f flags) plain() bool {
	forced := os.Getenv("CLICOLOR_FORCE")
	colored := forced != "" && forced != "0" && os.Getenv("NO_COLOR") == ""
	return !colored && !terminal(1) && (f.output == plain || !terminal(2))
}

// terminal reports whether a file is one, as golang.org/x/term does.
func terminal(fd int) bool {
	var t syscall.Termios
	_, _, errno := syscall.RawSyscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&t)))
	return errno == 0
}

// shown returns what is to be shown if nothing has changed.
func (f flags) shown() (s *Shown, ok bool) {
	root, err := os.Getwd()
	if err != nil {
		return nil, false
	}
	root = path.Clean(root)
	source, err := snapshot.ReadFile(fileName)
	if err != nil {
		return nil, false
	}
	lock, err := snapshot.ReadFile(lockName)
	if err != nil && err != syscall.ENOENT {
		return nil, false
	}
	store := os.Getenv("MLOPS_HOME")
	if store == "" {
		store = root + "/.mlops"
	}
	key := Ask{Boot: snapshot.Boot(), Root: root, Path: fileName, Executor: f.executor, Getenv: os.Getenv, Source: source, Lock: lock}.Key()
	snap, ok := snapshot.Load(Snapshot(store, key), key)
	if !ok {
		return nil, false
	}
	defer snap.Close() // it was only read
	if s, _, ok = Cut(snap.Payload()); !ok || s == nil || !s.vacant(store) {
		return nil, false
	}
	return s, snap.Unchanged(root, nil)
}

// The names of the files that a run reads in its working directory.
const (
	fileName = "mlops.yaml"
	lockName = "mlops.lock"
)

// vacant reports whether nothing is in the store that a run would look at.
func (s *Shown) vacant(store string) bool {
	for _, name := range s.Vacant {
		if !empty(store + "/" + name) {
			return false
		}
	}
	return true
}

// empty reports whether there is nothing at the path but perhaps an empty folder.
func empty(path string) bool {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return err == syscall.ENOENT
	}
	defer syscall.Close(fd)
	for buf := make([]byte, 512); ; {
		n, err := syscall.ReadDirent(fd, buf)
		if n <= 0 || err != nil {
			return err == nil
		}
		if _, names, _ := syscall.ParseDirent(buf[:n], 1, nil); names > 0 { // it counts neither . nor ..
			return false
		}
	}
}
