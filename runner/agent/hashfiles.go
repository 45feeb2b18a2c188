package agent

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mlops-runner/mlops/spec/expression"
)

// hashFilesFunc is GitHub's hashFiles over a workspace: the SHA-256 of the
// SHA-256 sums of all files that match, in the order of their paths; "" if none
// does. A pattern that starts with ! takes files away again.
func hashFilesFunc(workspace string) expression.Func {
	return expression.Func{
		Params: []expression.Param{{Type: expression.StringType()}, {Type: expression.StringType()}}, Variadic: true,
		Result: expression.StringType(),
		Call: func(args []any) (any, error) {
			patterns := make([]string, len(args))
			for i, a := range args {
				patterns[i] = expression.Format(a)
			}
			return hashFiles(workspace, patterns)
		},
	}
}

func hashFiles(workspace string, patterns []string) (string, error) {
	root, err := os.OpenRoot(workspace)
	if err != nil {
		return "", err
	}
	defer root.Close()
	names := map[string]bool{}
	for _, p := range patterns {
		p, exclude := strings.CutPrefix(p, "!")
		matches, err := doublestar.Glob(root.FS(), path.Clean(p), doublestar.WithFilesOnly(), doublestar.WithNoFollow())
		if err != nil {
			return "", fmt.Errorf("hashFiles: %s: %w", p, err)
		}
		for _, m := range matches {
			if names[m] = true; exclude {
				delete(names, m)
			}
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	all := sha256.New()
	for _, name := range sortedKeys(names) {
		if err := addFile(all, root, name); err != nil {
			return "", fmt.Errorf("hashFiles: %w", err)
		}
	}
	return hex.EncodeToString(all.Sum(nil)), nil
}

func addFile(all io.Writer, root *os.Root, name string) error {
	f, _, err := openRegular(root, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer f.Close()
	one := sha256.New()
	if _, err := io.Copy(one, f); err != nil {
		return err
	}
	_, err = all.Write(one.Sum(nil))
	return err
}
