package record

import (
	"strings"
	"testing"
)

func TestJobFolder(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"train":                  "train",
		"train@depth=4,lr=0.1":   "train@depth=4,lr=0.1",
		"train@opt=Adam":         "train@opt=!adam",
		"train@path=a/b":         "train@path=a%2fb",
		"..":                     "%2e.",
		".hidden":                "%2ehidden",
		"a b\n":                  "a%20b%0a",
		"é":                      "%c3%a9",
		"100%":                   "100%25",
		"wow!":                   "wow%21",
		"a~b":                    "a%7eb",
		"":                       "~e3b0c44298fc1c149afbf4c8996fb924",
		strings.Repeat("x", 140): strings.Repeat("x", 140),
		strings.Repeat("x", 141): strings.Repeat("x", 107) + "~dedf4b21f92a4e06e2d5e2b5d6a7bc0d",
	} {
		got := JobFolder(id)
		if strings.HasPrefix(want, "xxx") && len(id) > 140 {
			if len(got) != 140 || !strings.HasPrefix(got, want[:108]) {
				t.Errorf("a long id becomes %s", got)
			}
			continue
		}
		if got != want {
			t.Errorf("%q becomes %s, want %s", id, got, want)
		}
		if back, ok := JobID(got); id != "" && (!ok || back != id) {
			t.Errorf("%s leads back to %q, %v", got, back, ok)
		}
	}
	for _, folder := range []string{"Train", "a%2", "a%2F", "%61", "a!", "a!!", "a/b", ".x", "a~b", strings.Repeat("x", 141)} {
		if id, ok := JobID(folder); ok {
			t.Errorf("%s leads back to %q", folder, id)
		}
	}
}

func FuzzJobFolder(f *testing.F) {
	for _, id := range []string{"train@depth=4", "", "..", "A/b\x00", strings.Repeat("é", 99)} {
		f.Add(id, "x")
	}
	f.Fuzz(func(t *testing.T, id, other string) {
		folder := JobFolder(id)
		if folder == "" || len(folder) > maxFolder || folder[0] == '.' || strings.ContainsAny(folder, "/\\:*?\"<>| \x00") || strings.ToLower(folder) != folder {
			t.Errorf("%q becomes %q", id, folder)
		}
		if back, ok := JobID(folder); ok && back != id || !ok && !strings.Contains(folder, "~") {
			t.Errorf("%q becomes %q and that %q", id, folder, back)
		}
		if other != id && JobFolder(other) == folder {
			t.Errorf("%q and %q share %q", id, other, folder)
		}
		if got, ok := JobID(other); ok && JobFolder(got) != other {
			t.Errorf("%q leads to %q and that to %q", other, got, JobFolder(got))
		}
	})
}
