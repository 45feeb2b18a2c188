package spec

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"testing"
)

// TestManyJobs holds a file that is read on many cores to what one core makes of it.
func TestManyJobs(t *testing.T) {
	for _, c := range []struct{ name, every7th string }{
		{"no mistakes", "env: {A: b}"},
		{"more mistakes than are shown", "nonsense: 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := severalJobs(2000, c.every7th)
			f1, ds1 := parseOn(1, src)
			f4, ds4 := parseOn(4, src)
			if !reflect.DeepEqual(ds1, ds4) {
				t.Errorf("one core says\n%v\nfour say\n%v", ds1, ds4)
			}
			if !reflect.DeepEqual(f1, f4) {
				t.Error("four cores make another file of it than one")
			}
		})
	}
}

func severalJobs(n int, every7th string) []byte {
	var b bytes.Buffer
	b.WriteString("jobs:\n")
	for i := range n {
		fmt.Fprintf(&b, "  j%d:\n    steps: [{id: a, uses: x, with: {n: 1}}, {run: \"echo ${{ github.sha }} %d\"}]\n", i, i)
		if i%7 == 0 {
			fmt.Fprintf(&b, "    %s\n", every7th)
		}
	}
	return b.Bytes()
}

func parseOn(cores int, src []byte) (*File, Diagnostics) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
	return Parse(FileName, src, Options{})
}
