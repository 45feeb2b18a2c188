package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// longScript is from how many bytes on a script goes through a file.
const longScript = 64 << 10

// A shellKind says how a shell takes a script.
type shellKind struct {
	programs []string // the first that is found
	flags    []string // before the script's file
	inline   []string // before the script itself; nil if it always goes through a file
	suffix   string   // of the file's name
}

// shellFor returns how a step's shell is started. "" is bash if the place has
// it and sh otherwise; as on GitHub only an explicit bash sets pipefail.
func shellFor(shell string) shellKind {
	switch shell {
	case "":
		return shellKind{[]string{"bash", "sh"}, []string{"-e"}, []string{"-e", "-c"}, ".sh"}
	case "bash":
		return shellKind{[]string{"bash"}, []string{"--noprofile", "--norc", "-eo", "pipefail"},
			[]string{"--noprofile", "--norc", "-eo", "pipefail", "-c"}, ".sh"}
	case "sh":
		return shellKind{[]string{"sh"}, []string{"-e"}, []string{"-e", "-c"}, ".sh"}
	case "python":
		return shellKind{[]string{"python", "python3"}, nil, []string{"-c"}, ".py"}
	}
	fields := strings.Fields(shell)
	if len(fields) == 0 {
		return shellKind{}
	}
	return shellKind{programs: fields[:1], flags: fields[1:]}
}

// argv turns a script into a program and its arguments. file is where a script
// may be written to.
func (k shellKind) argv(script, file, path, dir string) (program string, argv []string, err error) {
	for _, name := range k.programs {
		if program = lookPath(name, path, dir); program != "" {
			argv = []string{name}
			break
		}
	}
	if program == "" {
		return "", nil, &startError{fmt.Errorf("shell: %s: not found in PATH (%s)", strings.Join(k.programs, " or "), path)}
	}
	if k.inline != nil && len(script) < longScript {
		return program, append(append(argv, k.inline...), script), nil
	}
	file += k.suffix
	if err := writeOwn(filepath.Dir(file), filepath.Base(file), []byte(script), 0o600); err != nil {
		return "", nil, fmt.Errorf("script: %w", err)
	}
	return program, append(argv, k.fileArgs(file)...), nil
}

// fileArgs puts the file where the template says {0}, or at the end.
func (k shellKind) fileArgs(file string) []string {
	args := make([]string, 0, len(k.flags)+1)
	placed := false
	for _, f := range k.flags {
		placed = placed || strings.Contains(f, "{0}")
		args = append(args, strings.ReplaceAll(f, "{0}", file))
	}
	if !placed {
		args = append(args, file)
	}
	return args
}

// checkDir tells why a step cannot run in a directory, which is relative to the workspace.
func checkDir(workspace, dir string) (string, error) {
	if dir == "" || dir == "." {
		return workspace, nil
	}
	if !filepath.IsLocal(dir) {
		return "", fmt.Errorf("working directory %s lies outside the workspace", dir)
	}
	path := filepath.Join(workspace, dir)
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("working directory %s: %w", dir, cause(err))
	}
	if !st.IsDir() {
		return "", fmt.Errorf("working directory %s: not a directory", dir)
	}
	return path, nil
}

// cause strips the path of a file error that the message names already.
func cause(err error) error {
	if pe, ok := err.(*os.PathError); ok {
		return pe.Err
	}
	return err
}
