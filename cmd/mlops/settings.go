package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"gopkg.in/yaml.v3"

	"github.com/mlops-runner/mlops/runner/forge"
	"github.com/mlops-runner/mlops/runner/remote"
	"github.com/mlops-runner/mlops/runner/s3"
	"github.com/mlops-runner/mlops/runner/share"
	"github.com/mlops-runner/mlops/runner/store"
)

// A setting is a value and where it came from.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"` // a flag, a variable, a file, or default
}

// settingsFile is what config.yaml in the store's folder may say.
type settingsFile struct {
	Store    string `yaml:"store"`
	ReadOnly *bool  `yaml:"read-only"`
	Push     string `yaml:"push"`
}

const settingsName = "config.yaml"

// storeFlag lets a command name the shared store.
func (a *app) storeFlag(f *pflag.FlagSet) {
	f.StringVar(&a.shared, "store", "", "the shared store: s3://BUCKET/PREFIX or a `folder`; \"none\" for none (default: MLOPS_STORE, or store: in the store's config.yaml)")
}

// maxSettings bounds what is read of the file.
const maxSettings = 1 << 20

// readSettings reads config.yaml in the folder of the store; one that is not there says nothing.
func readSettings(path string) (f settingsFile, err error) {
	text, err := readLimited(path, maxSettings)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil && err != io.EOF {
		_, what, _ := strings.Cut(strings.ReplaceAll(err.Error(), "\n ", ""), ": ") // behind yaml:
		what = strings.Replace(strings.TrimPrefix(what, "unmarshal errors: "), " not found in type main.settingsFile", " is unknown", 1)
		return f, fixError{fmt.Errorf("%s: %s", path, what), "it may say store:, read-only: (true or false) and push: (" + pushWords + ")"}
	}
	return f, nil
}

// sharing is which store this project shares, and how.
type sharing struct {
	address  setting // Value "" means none
	readOnly setting
	push     setting // one of pushNothing, pushPromotions and pushAll
	base     string  // folder that a relative path begins at
}

// sharing decides between flag, environment and file.
func (a *app) sharing(p *project) (s sharing, err error) {
	path := filepath.Join(p.sharedStore(), settingsName)
	f, err := readSettings(path)
	if err != nil {
		return s, err
	}
	cwd, err := os.Getwd()
	if err != nil {
		return s, err
	}
	s = sharing{address: setting{"store", "", "default"}, readOnly: setting{"read-only", "false", "default"}, base: cwd}
	switch env := os.Getenv("MLOPS_STORE"); {
	case a.shared != "":
		s.address.Value, s.address.From = a.shared, "--store"
	case env != "":
		s.address.Value, s.address.From = env, "MLOPS_STORE"
	case f.Store != "":
		s.address.Value, s.address.From, s.base = f.Store, path, p.root
	}
	if s.address.Value == "none" {
		s.address.Value = ""
	}
	if f.ReadOnly != nil {
		s.readOnly.Value, s.readOnly.From = strconv.FormatBool(*f.ReadOnly), path
	}
	if env := os.Getenv("MLOPS_STORE_READ_ONLY"); env != "" {
		on, err := strconv.ParseBool(env)
		if err != nil {
			return s, usagef("MLOPS_STORE_READ_ONLY is %q; write true or false", env)
		}
		s.readOnly.Value, s.readOnly.From = strconv.FormatBool(on), "MLOPS_STORE_READ_ONLY"
	}
	s.push, err = pushSetting(f.Push, path)
	return s, err
}

// What goes to the shared store by itself.
const (
	pushNothing    = "nothing"
	pushPromotions = "promotions" // models, when something was done to them
	pushAll        = "all"        // runs as well, with results and data, when they end

	pushWords = pushNothing + ", " + pushPromotions + " or " + pushAll
)

// pushSetting decides what goes to the shared store by itself. In CI the store here may
// be gone after the job, and nobody is there to push a promotion; a person decides. What a
// pull request promotes nobody has merged: others get it if somebody says so.
func pushSetting(file, path string) (setting, error) {
	s := setting{"push", pushNothing, "default"}
	switch {
	case ciFacts() == nil:
	case ofPullRequest(os.LookupEnv):
		s.From = "default for pull requests"
	default:
		s.Value, s.From = pushPromotions, "default in CI"
	}
	if file != "" {
		s.Value, s.From = file, path
	}
	if env := os.Getenv("MLOPS_STORE_PUSH"); env != "" {
		s.Value, s.From = env, "MLOPS_STORE_PUSH"
	}
	switch s.Value {
	case pushNothing, pushPromotions, pushAll:
		return s, nil
	}
	return s, usagef("push, of %s, is %q; write %s", s.From, s.Value, pushWords)
}

// ofPullRequest reports whether CI runs for a pull request.
func ofPullRequest(lookup func(string) (string, bool)) bool {
	ci, _ := forge.Detect(lookup)
	return ci.Number > 0 || strings.HasPrefix(ci.Event, "pull_request")
}

// s3Options are what the environment says of servers of objects.
func s3Options() s3.Options {
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	return s3.Options{Lookup: os.LookupEnv, Home: home}
}

// open opens the shared store; nil if there is none.
func (s sharing) open(o s3.Options) (remote.Store, error) {
	if s.address.Value == "" {
		return nil, nil
	}
	r, err := remote.Open(s.address.Value, s.base, o)
	return r, curedFar(err)
}

// curedFar gives an error of a shared store its cure.
func curedFar(err error) error {
	var far *remote.Error
	if errors.As(err, &far) && far.Cure != "" {
		return fixError{err, far.Cure}
	}
	return cured(err)
}

// cache is what a run may take from the shared store; nil if there is none. A store
// that cannot be reached costs one short try, and the run goes on.
func (a *app) cache(p *project, local *store.Dir) (*share.Cache, error) {
	s, err := a.sharing(p)
	if err != nil {
		return nil, err
	}
	o := s3Options()
	o.Attempts = 2
	far, err := s.open(o)
	if err != nil || far == nil {
		return nil, err
	}
	trust, err := a.trust()
	if err != nil {
		return nil, err
	}
	return &share.Cache{
		Share: &share.Share{Local: local, Remote: far, Log: a.log, Trust: trust},
		Warn: func(err error) {
			var damaged *share.DamagedError
			if errors.As(err, &damaged) {
				a.say("%v", err)
				return
			}
			a.say("the shared store is not used in this run: %v", err)
		},
	}, nil
}
