package bulk_test

import (
	"bytes"
	"crypto/sha256"
	"syscall"
	"testing"

	"github.com/mlops-runner/mlops/runner/bulk"
)

// What was reserved for more than came is given back.
func TestReceiveGivesBack(t *testing.T) {
	t.Parallel()
	file := create(t, "to", nil)
	const size = 20 << 20
	if _, err := bulk.Receive(t.Context(), file, 0, sha256.New(), bytes.NewReader(make([]byte, size)), nil); err != nil {
		t.Fatal(err)
	}
	st, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if taken := st.Sys().(*syscall.Stat_t).Blocks * 512; st.Size() != size || taken > size+1<<20 {
		t.Errorf("%d bytes take %d", st.Size(), taken)
	}
}
