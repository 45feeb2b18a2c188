package mask

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestDumps lets the programs themselves print a value, behind texts of all
// lengths, so that their lines break it anywhere.
func TestDumps(t *testing.T) {
	t.Parallel()
	const secret = "correct/horse+battery=staple\xc3\xb6\x01\x7f"
	s := &Set{}
	if err := s.Add(secret); err != nil {
		t.Fatal(err)
	}
	for _, dump := range []string{"od -An -tx1", "od -tx1", "od -Ax -tx1z -w24", "od -tx2", "xxd", "xxd -g1", "hexdump -C", "hexdump"} {
		if _, err := exec.LookPath(strings.Fields(dump)[0]); err != nil {
			t.Logf("%s: %v", dump, err)
			continue
		}
		for before := range 17 {
			c := exec.Command("sh", "-c", "LC_ALL=C "+dump)
			c.Stdin = strings.NewReader(strings.Repeat("-", before) + secret + "....")
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v", dump, err)
			}
			// Of a value of 32 bytes in three lines, at most three at each end of a line stay.
			left := regexp.MustCompile(`(?m)^[0-9a-f]{6,8}:?|  .{1,24}$|2[de]|[^0-9a-f]`).ReplaceAllString(s.Text(string(out)), "")
			if len(left) > 2*12 {
				t.Errorf("%s, %d bytes before it: %q stays of\n%smasked:\n%s", dump, before, left, out, s.Text(string(out)))
			}
		}
	}
	if text := "in 70 of 34 cases, at 12:30:45 and 0x70 0x34"; s.Text(text) != text {
		t.Errorf("%q is masked", text)
	}
}

// TestDumpOfFile is a key as a file: its own dump is found, line by line.
func TestDumpOfFile(t *testing.T) {
	t.Parallel()
	for _, dump := range []string{"od -An -v -tx1", "xxd -p"} {
		testDumpOfFile(t, dump)
	}
}

func testDumpOfFile(t *testing.T, dump string) {
	key := strings.Repeat("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n", 8)
	s := &Set{}
	if err := s.Add(key); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("sh", "-c", dump)
	c.Stdin = strings.NewReader(key)
	out, err := c.Output()
	if err != nil {
		t.Skipf("%s: %v", dump, err)
	}
	if got := s.Text(string(out)); strings.ContainsAny(got, "0123456789abcdef") {
		t.Errorf("of what %s prints stays\n%s", dump, got)
	}
}
