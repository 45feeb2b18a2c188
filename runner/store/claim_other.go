//go:build !linux

package store

import (
	"io/fs"
	"os"
	"strings"
)

// claimPrefix begins the names of claims in tmp/.
const claimPrefix = "claim-"

// tryClaim returns nil if somebody else has the claim.
func (d *Dir) tryClaim(thing Digest) (release func(), err error) {
	path := d.path("tmp", claimPrefix+thing.Hex())
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	ok, err := tryLock(f, true)
	if err != nil {
		f.Close()
		return func() {}, nil
	}
	// Whoever had the claim removes its file, so that none is left: a lock on a
	// removed file is worth nothing.
	if !ok || !names(path, f) {
		f.Close()
		return nil, nil
	}
	return func() {
		os.Remove(path)
		f.Close()
	}, nil
}

func names(path string, f *os.File) bool {
	there, err := os.Stat(path)
	if err != nil {
		return false
	}
	here, err := f.Stat()
	return err == nil && os.SameFile(here, there)
}

// abandonedClaim reports whether a file in tmp/ is a claim that nobody holds.
func (d *Dir) abandonedClaim(place string, e fs.DirEntry) (is, abandoned bool) {
	if place != "tmp" || !strings.HasPrefix(e.Name(), claimPrefix) {
		return false, false
	}
	f, err := os.OpenFile(d.path(place, e.Name()), os.O_RDWR, 0)
	if err != nil {
		return true, false
	}
	defer f.Close()
	ok, err := tryLock(f, true)
	return true, ok && err == nil
}
