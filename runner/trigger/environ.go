package trigger

import (
	"errors"
	"fmt"
)

// ErrNoEvent is an environment that names no event.
var ErrNoEvent = errors.New("GITHUB_EVENT_NAME is not set: this is no job of GitHub Actions")

// Environ reads the event of a job in GitHub Actions: its name, its payload
// from the file at GITHUB_EVENT_PATH, and what GitHub's variables know better
// than the payload, such as the trial merge of a pull request. read reads a
// file. It fails with [ErrNoEvent] elsewhere, and otherwise as [Parse] does.
func Environ(lookup func(string) (string, bool), read func(path string) ([]byte, error)) (*Event, error) {
	env := func(name string) string { v, _ := lookup(name); return v }
	name, path := env("GITHUB_EVENT_NAME"), env("GITHUB_EVENT_PATH")
	if name == "" {
		return nil, ErrNoEvent
	}
	if err := check(name); err != nil {
		return nil, err
	}
	if path == "" {
		return nil, errors.New("GITHUB_EVENT_PATH is not set, so the payload of the event is unknown")
	}
	payload, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read GITHUB_EVENT_PATH: %w", err)
	}
	e, err := Parse(name, payload)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for variable, field := range map[string]*string{
		"GITHUB_REF": &e.Ref, "GITHUB_SHA": &e.Sha, "GITHUB_ACTOR": &e.Actor, "GITHUB_REPOSITORY": &e.Repository,
		"GITHUB_BASE_REF": &e.Base, "GITHUB_HEAD_REF": &e.From,
	} {
		if v := env(variable); v != "" {
			*field = v
		}
	}
	return e, nil
}
