package mask

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"
)

// numberDumps are programs that print bytes as numbers, with the numbers of the
// bytes around the value in them: dashes before it and dots behind it.
var numberDumps = map[string]string{
	"od":             "026455 027056",
	"od -An":         "026455 027056",
	"od -b":          "055 056",
	"od -An -t o1":   "055 056",
	"od -t d1":       "45 46",
	"od -An -t u1":   "45 46",
	"od -t u1 -w7":   "45 46",
	"od -d":          "11565 11822",
	"od -An -s -w10": "11565 11822",
	"hexdump -b":     "055 056",
	"hexdump -o":     "026455 027056",
	"hexdump -d":     "11565 11822",
	"xxd -i -u":      "0X2D, 0X2E,",
}

// Programs print random values, behind texts of all lengths, so that their lines
// break it anywhere: at most three bytes of it stay at each end.
func TestNumberDumps(t *testing.T) {
	t.Parallel()
	for dump, around := range numberDumps {
		if _, err := exec.LookPath(strings.Fields(dump)[0]); err != nil {
			t.Logf("%s: %v", dump, err)
			continue
		}
		for _, before := range []int{0, 1, 2, 5, 11, 16} {
			r := rand.New(rand.NewPCG(uint64(before), 43))
			secret := make([]byte, 24+r.IntN(100))
			for i := range secret {
				secret[i] = byte(1 + r.IntN(255))
			}
			secret[0], secret[len(secret)-1] = '<', '>' // blanks at its ends would not be of it
			s := &Set{}
			if err := s.Add(string(secret)); err != nil {
				t.Fatal(err)
			}
			c := exec.Command("sh", "-c", "LC_ALL=C "+dump)
			c.Stdin = strings.NewReader(strings.Repeat("-", before) + string(secret) + "....")
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%s: %v", dump, err)
			}
			masked := s.Text(string(out))
			if left := leftNumbers(masked, dump, around); len(left) > 6 {
				t.Errorf("%s, %d bytes before it: %q stays of\n%smasked:\n%s", dump, before, left, out, masked)
			}
		}
	}
}

// leftNumbers are the numbers that stand in a masked dump and are not of what is
// around the value.
func leftNumbers(masked, dump, around string) (left []string) {
	for line := range strings.Lines(masked) {
		words := strings.Fields(line)
		if !strings.Contains(dump, "-An") && !strings.HasPrefix(dump, "xxd") && len(words) > 0 {
			words = words[1:] // the offset
		}
		for _, w := range words {
			for part := range strings.SplitSeq(w, Mark) {
				if part != "" && part != "," && !strings.Contains(" "+around+" ", " "+part+" ") {
					left = append(left, part)
				}
			}
		}
	}
	return left
}

// Tables of numbers are no dumps of a value that has other bytes.
func TestNumbersThatStay(t *testing.T) {
	t.Parallel()
	s := &Set{}
	for _, v := range []string{"correct/horse", "tok3n\x00\x00\x00\x00\x00\x01"} {
		if err := s.Add(v); err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range []string{
		"143 157 162", "000 000 000 000", "0 0 0 0 0 0", "99 111 114", "99, 111, 114 114 101", "epoch  10  of  99   111",
		"067543 071165 was the mode", "143157 162162 145143",
	} {
		if s.Text(text) != text {
			t.Errorf("%q is masked as %q", text, s.Text(text))
		}
	}
	for text, want := range map[string]string{
		"the bytes 99 111 114 114 101 say it":            "the bytes *** say it",
		"1143 157 162 162 145":                           "1***",
		fmt.Sprintf("%06o %06o", 'c'|'o'<<8, 'r'|'r'<<8): Mark,
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
	}
}
