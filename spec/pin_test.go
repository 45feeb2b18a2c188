package spec

import (
	"errors"
	"strings"
	"testing"
)

const somePin = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

func TestPinDataset(t *testing.T) {
	t.Parallel()
	old := "sha256:" + strings.Repeat("0", 64)
	for _, c := range []struct{ name, in, want string }{
		{"one line", "data:\n  d: https://h/a.csv # why\n", "data:\n  d: {path: https://h/a.csv, digest: PIN} # why\n"},
		{"what braces would end", "data:\n  d: https://h/a,b[1].csv\n", "data:\n  d: {path: \"https://h/a,b[1].csv\", digest: PIN}\n"},
		{"quoted", "data: {d: 'https://h/it''s', e: x}\n", "data: {d: {path: 'https://h/it''s', digest: PIN}, e: x}\n"},
		{"escaped", "data: {d: \"https://h/\\\"a\\\"\"}\n", "data: {d: {path: \"https://h/\\\"a\\\"\", digest: PIN}}\n"},
		{"braces", "data: {d: {keep: false, path: s3://b/k/}}\n", "data: {d: {keep: false, path: s3://b/k/, digest: PIN}}\n"},
		{"lines", "data:\n  d:\n    path: s3://b/k   # c\n    keep: true\n", "data:\n  d:\n    path: s3://b/k   # c\n    digest: PIN\n    keep: true\n"},
		{"the last line without an end", "data:\n  d:\n    path: s3://b/k", "data:\n  d:\n    path: s3://b/k\n    digest: PIN"},
		{"Windows", "data:\r\n  d:\r\n    path: s3://b/k\r\nname: x\r\n", "data:\r\n  d:\r\n    path: s3://b/k\r\n    digest: PIN\r\nname: x\r\n"},
		{"pinned anew", "data: {d: {path: s3://b/k, digest: \"OLD\"}}\n", "data: {d: {path: s3://b/k, digest: PIN}}\n"},
		{"pinned anew on a line", "data:\n  d:\n    digest: OLD # of May\n    path: s3://b/k\n", "data:\n  d:\n    digest: PIN # of May\n    path: s3://b/k\n"},
		{"wide characters before it", "data: {ü: x, d: https://h/ü.csv, e: y}\n", "data: {ü: x, d: {path: https://h/ü.csv, digest: PIN}, e: y}\n"},
		{"quoted on two lines", "data:\n  d: \"s3://b/\\\n    k\"\n  e: x\n", "data:\n  d: {path: \"s3://b/\\\n    k\", digest: PIN}\n  e: x\n"},
		{"an expression", "data: {d: \"${{ params.u }}/a\"}\nparams: {u: s3://b}\n", "data: {d: {path: \"${{ params.u }}/a\", digest: PIN}}\nparams: {u: s3://b}\n"},
	} {
		text := strings.ReplaceAll(c.in, "OLD", old)
		got, err := PinDataset([]byte(text), "d", somePin)
		if want := strings.ReplaceAll(c.want, "PIN", somePin); err != nil || string(got) != want {
			t.Errorf("%s: %v\n got %q\nwant %q", c.name, err, got, want)
		}
	}
}

func TestPinDatasetRefuses(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"an alias":      "x: &a s3://b/k\ndata: {d: *a}\n",
		"an anchor":     "data: {d: &a s3://b/k, e: *a}\n",
		"several lines": "data:\n  d: >\n    s3://b/k\n",
		"a merge":       "x: &m {path: s3://b/k}\ndata: {d: {<<: *m}}\n",
		"no path":       "data: {d: {keep: true}}\n",
		"a list":        "data: {d: [s3://b/k]}\n",
	} {
		if got, err := PinDataset([]byte(text), "d", somePin); !errors.Is(err, ErrPlace) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if _, err := PinDataset([]byte("data: {e: x}\n"), "d", somePin); err == nil {
		t.Error("a dataset that is not there is pinned")
	}
}

// Whatever the file is, the edited one says the same but for the digest.
func FuzzPinDataset(f *testing.F) {
	for _, s := range []string{"data: {d: s3://b/k}", "data:\n  d:\n    path: 'x'\n", "data: {d: {path: \"a\", digest: b}}\n", "data:\n  d: |\n    x\n", "data: {d: a b}#", "? d\n: x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := PinDataset([]byte(text), "d", somePin)
		if err != nil {
			return
		}
		if !strings.Contains(string(got), somePin) || !samePlus([]byte(text), got, "d", somePin) {
			t.Errorf("%q becomes %q", text, got)
		}
		again, err := PinDataset(got, "d", somePin)
		if err != nil || string(again) != string(got) {
			t.Errorf("%q, pinned again, becomes %q, %v", got, again, err)
		}
	})
}
