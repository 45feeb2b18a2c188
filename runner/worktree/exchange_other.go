//go:build !linux

package worktree

import "errors"

// exchange is not to be had here.
func (p place) exchange(_, _ string) error { return errors.ErrUnsupported }
