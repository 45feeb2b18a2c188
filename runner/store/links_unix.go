//go:build unix

package store

import (
	"errors"

	"golang.org/x/sys/unix"
)

// tooManyLinks tells a full inode, which is one file's trouble, from a file
// system or an owner that allows no links at all.
func tooManyLinks(err error) bool { return errors.Is(err, unix.EMLINK) }
