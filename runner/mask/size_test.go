package mask

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"
)

// TestSize holds the automaton to the memory that the package documentation
// promises.
func TestSize(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var key strings.Builder
	for range 50 {
		key.WriteString(letters(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 64) + "\n")
	}
	s := &Set{}
	if err := s.Add(key.String()); err != nil {
		t.Fatal(err)
	}
	a := s.automaton()
	size := len(a.states)*int(unsafe.Sizeof(node{})) + 4*len(a.rows)
	if size > 8_300_000 {
		t.Errorf("%d states, %d rows of %d classes: %d bytes", len(a.states), len(a.rows)/a.classes, a.classes, size)
	}
}
