//go:build !unix

package store

func tooManyLinks(error) bool { return false }
