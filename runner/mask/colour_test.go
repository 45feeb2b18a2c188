package mask

import "testing"

// A value in which a program has coloured a part is readable on a terminal.
func TestColoured(t *testing.T) {
	t.Parallel()
	var s Set
	if err := s.Add("s3cr3t/token"); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a s3cr\x1b[1;31m3t\x1b[0m/token b":             "a *** b",
		"\x1b[2ms3cr3\x1b[Kt/token\x1b[0m s3cr\x1b7t/x": "\x1b[2m***\x1b[0m s3cr\x1b7t/x",
		"s3cr3t/token s3c\x1b[mr3t/token":               "*** ***",
		"\x1b[31mred\x1b[0m":                            "\x1b[31mred\x1b[0m",
		"s3cr3t/toke\x1b[31":                            "s3cr3t/toke\x1b[31",
		"s3cr3t/toke\x1b[31mn\x1b":                      "***\x1b",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
