package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// Confided becomes another program, with variables that nobody else is to see: it
// reads them from the standard input, as [WriteSecrets] writes them, which then
// is empty for the program. It is what "mlops confided ARGV..." does at the start
// of a service: the engine shows the variables of a container to all who ask. It
// returns only if it fails.
func Confided(argv []string) error {
	env, err := confidedEnv(os.Stdin, os.Environ())
	if err != nil {
		return err
	}
	path, err := exec.LookPath(argv[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	if err := unix.Dup3(int(null.Fd()), 0, 0); err != nil {
		return fmt.Errorf("close the standard input: %w", err)
	}
	return fmt.Errorf("start %s: %w", path, unix.Exec(path, argv, env))
}

// confidedEnv is an environment with the variables that in brings.
func confidedEnv(in io.Reader, environ []string) ([]string, error) {
	s, err := readSecrets(in, secretsTime)
	if err != nil {
		return nil, err
	}
	env := environ[:len(environ):len(environ)]
	for _, v := range s.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	return env, nil
}
