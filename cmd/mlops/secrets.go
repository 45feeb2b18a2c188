package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/mask"
	"github.com/mlops-runner/mlops/runner/plan"
	"github.com/mlops-runner/mlops/spec"
)

// Secrets come from --secret, from --secret-file and from variables with the
// prefix MLOPS_SECRET_, in this order: the first that has a name wins.

const (
	secretPrefix  = "MLOPS_SECRET_"
	maxSecretFile = 16 << 20 // bytes
)

type secretOptions struct {
	names []string // environment variables
	files []string
}

func (o *secretOptions) register(f *pflag.FlagSet) {
	f.StringArrayVar(&o.names, "secret", nil, "give jobs a secret: the value of the environment variable `NAME`")
	f.StringArrayVar(&o.files, "secret-file", nil, "give jobs the secrets of a `file` with lines NAME=VALUE")
}

// read returns the secrets that the flags give, by their names in capitals.
func (o *secretOptions) read(lookup func(string) (string, bool)) (map[string]string, error) {
	secrets := map[string]string{}
	for _, written := range o.names {
		name, value, err := secretFlag(written, lookup)
		if err != nil {
			return nil, err
		}
		secrets[name] = value
	}
	for _, file := range o.files {
		more, err := readSecretFile(file)
		if err != nil {
			return nil, err
		}
		for name, value := range more {
			if _, ok := secrets[name]; !ok {
				secrets[name] = value
			}
		}
	}
	return secrets, nil
}

// secretFlag reads a --secret. Its errors repeat no value.
func secretFlag(written string, lookup func(string) (string, bool)) (name, value string, err error) {
	variable, _, given := strings.Cut(written, "=")
	name, ok := spec.SecretName(variable)
	switch {
	case !ok:
		err = fixError{errors.New("--secret: the name of a secret has letters, digits and _, and no digit first"), "write --secret NAME, where NAME is an environment variable"}
	case given:
		err = fixError{fmt.Errorf("--secret %s=...: the list of processes shows a value on the command line", variable),
			fmt.Sprintf("export %s and write --secret %s, or write %s=... into a file and give it with --secret-file", variable, variable, variable)}
	default:
		if value, ok = lookup(variable); ok {
			return name, value, nil
		}
		err = fixError{fmt.Errorf("--secret %s: there is no environment variable %s", variable, variable), "export it"}
	}
	return "", "", usageError{err}
}

func readSecretFile(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, usagef("--secret-file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(text) > maxSecretFile {
		err = fmt.Errorf("%s: more than %d bytes", file, maxSecretFile)
	}
	if err != nil {
		return nil, usagef("--secret-file: %w", err)
	}
	values, err := parseDotenv(file, string(text))
	if err != nil {
		return nil, usagef("--secret-file: %w", err)
	}
	return values, nil
}

// giveSecrets hands a session its secrets: given, and from the environment those
// that its jobs name besides.
func (a *app) giveSecrets(s *session, given map[string]string, lookup func(string) (string, bool)) error {
	s.Secrets = given
	names := s.secretNames()
	supply(names, given, lookup)
	a.warnShort(names, given)
	return missingSecrets(s.CheckSecrets())
}

// secretNames are the secrets that the selected jobs name, each once.
func (s *session) secretNames() (names []string) {
	for i, n := range s.Plan.Nodes {
		if n.Kind != plan.Run || !s.Options.Selected[i] {
			continue
		}
		for _, secret := range n.Secrets {
			if !slices.Contains(names, secret.Name) {
				names = append(names, secret.Name)
			}
		}
	}
	return names
}

// supply adds to the secrets that were given those of the environment, and
// reports whether all that are named are there.
func supply(names []string, given map[string]string, lookup func(string) (string, bool)) (all bool) {
	all = true
	for _, name := range names {
		if _, ok := given[name]; ok {
			continue
		}
		value, ok := lookup(secretPrefix + name)
		if ok {
			given[name] = value
		}
		all = all && ok
	}
	return all
}

// warnShort names the secrets that cannot be masked.
func (a *app) warnShort(names []string, given map[string]string) {
	for _, name := range names {
		if value, ok := given[name]; ok && (&mask.Set{}).Add(value) != nil {
			fmt.Fprintf(a.stderr, "mlops: warning: the secret %s is not masked: with fewer than %d bytes it would take ordinary text out of the log\n", name, mask.MinLength)
		}
	}
}

// missingSecrets adds the three cures.
func missingSecrets(err error) error {
	var missing *runner.MissingSecretsError
	if !errors.As(err, &missing) {
		return err
	}
	name := missing.Secrets[0].Name
	return usageError{fixError{err, fmt.Sprintf("export %s and add --secret %s, write %s=... into a file and add --secret-file FILE, or set %s%s", name, name, name, secretPrefix, name)}}
}
