//go:build !linux

package store

// news are what a system tells of a folder: here nothing.
type news struct{ told chan struct{} }

func listen(string, func(string) bool) *news { return nil }

func (*news) close() {}
