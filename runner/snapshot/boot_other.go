//go:build !linux

package snapshot

// Boot returns an id of the machine's present boot, which is not to be had here: "".
func Boot() string { return "" }
