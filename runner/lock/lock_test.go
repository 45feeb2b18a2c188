package lock

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/spec"
)

var (
	one = "sha256:" + strings.Repeat("1", 64)
	two = "sha256:" + strings.Repeat("2", 64)
)

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	f := File{Images: map[string]Entry{
		"python:3.12-slim":               {Digest: one, Platform: "linux/amd64"},
		"host.io:5000/a/b:1 linux/arm64": {Digest: two, Platform: "linux/arm64/v8"},
		"mlops/base:1":                   {ID: two, Platform: "linux/amd64"},
	}}
	text := f.Bytes()
	got, err := Parse("mlops.lock", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(f, got); diff != "" {
		t.Error(diff)
	}
	if string(got.Bytes()) != string(text) {
		t.Error("an equal file has another text")
	}
	want := map[string]runner.Pin{"python:3.12-slim": {Digest: one}, "host.io:5000/a/b:1 linux/arm64": {Digest: two}, "mlops/base:1": {ID: two}}
	if diff := cmp.Diff(want, got.Pins()); diff != "" {
		t.Error(diff)
	}
	if got.Pins()[runner.PinKey("host.io:5000/a/b:1", "linux/arm64")].Digest != two {
		t.Error("the key of a platform is another")
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	entry := func(s string) string { return "version: 1\nimages:\n  a:1:\n" + s }
	for text, want := range map[string]string{
		"":                               "l:1:1: l is empty [empty]",
		"version: 1\n<<<<<<< HEAD\nx: 1": "l:2:1: not YAML: could not find expected ':' [syntax]",
		"- a":                            "l:1:1: the lock file must be a mapping [wrong-type]",
		"images: {}":                     "l:1:1: the lock file has no version [missing-key]",
		"version: 2":                     "l:1:10: version 2 of the lock file is not known to this mlops, which reads version 1 [bad-value]",
		"version: 1\nimage: {}":          `l:2:1: unknown key "image" in the lock file [unknown-key]`,
		"version: 1\n---\nversion: 1":    "l:1:1: l holds more than one document [documents]",
		"version: 1\nimages: [a]":        "l:2:9: images must be a mapping [wrong-type]",
		entry("    platform: x\n"):       `l:3:3: image "a:1" has neither digest nor id [missing-key]`,
		entry("    digest: latest\n"):    `l:4:13: "digest" in image "a:1" must be sha256: and 64 hexadecimal digits, not "latest" [bad-value]`,
		entry("    hash: x\n"):           `l:4:5: unknown key "hash" in image "a:1" [unknown-key]`,
		entry("    digest: [x]\n"):       `l:4:13: "digest" in image "a:1" must be a text [wrong-type]`,
		entry(fmt.Sprintf("    digest: %s\n    id: %s\n", one, one)):                  `l:3:3: image "a:1" has both digest and id [conflict]`,
		entry(fmt.Sprintf("    digest: %s\n", one) + "  a:1:\n    id: " + two + "\n"): `l:5:3: duplicate key "a:1" in images [duplicate-key]`,
	} {
		_, err := Parse("l", []byte(text))
		var ds spec.Diagnostics
		if !errors.As(err, &ds) || ds[0].Error() != want || ds[0].Fix == "" {
			t.Errorf("%q:\n got %v\nwant %s", text, err, want)
		}
	}
	if f, err := Parse("l", []byte("version: 1\nimages:\n")); err != nil || f.Pins() != nil {
		t.Errorf("no images: %+v, %v", f, err)
	}
}

// FuzzParse: whatever stands in the file, there is no panic, problems have a
// line, and what is read comes back when it is written.
func FuzzParse(f *testing.F) {
	f.Add(string(File{Images: map[string]Entry{"a:1": {Digest: one, Platform: "linux/amd64"}}}.Bytes()))
	f.Add("version: 1\nimages: &a {x: *a}")
	f.Add("version: 1\nimages: {? [a] : b, \"\\n\": {id: " + two + "}}")
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Parse("mlops.lock", []byte(text))
		var ds spec.Diagnostics
		switch {
		case errors.As(err, &ds):
			for _, d := range ds {
				if d.Pos.Line < 1 || d.Message == "" {
					t.Errorf("%+v", d)
				}
			}
		case err != nil:
			t.Errorf("not diagnostics: %v", err)
		default:
			again, err := Parse("mlops.lock", file.Bytes())
			if err != nil || !cmp.Equal(file, again) {
				t.Errorf("%+v became %+v, %v", file, again, err)
			}
		}
	})
}
