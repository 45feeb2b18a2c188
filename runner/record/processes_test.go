package record

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// Two processes write below one root at once: of a run that both want to
// create one gets it, and every record is whole.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts processes")
	}
	root := t.TempDir()
	var shared []string
	for i := range 25 {
		shared = append(shared, fmt.Sprintf("019a9c4e-7a00-7000-8000-%012d", i), "")
	}
	outs := make([]strings.Builder, 2)
	cmds := make([]*exec.Cmd, len(outs))
	for i := range cmds {
		cmds[i] = exec.Command(os.Args[0])
		cmds[i].Env = append(os.Environ(), rootVariable+"="+root, idsVariable+"="+strings.Join(shared, ","))
		cmds[i].Stdout, cmds[i].Stderr = &outs[i], os.Stderr
		if err := cmds[i].Start(); err != nil {
			t.Fatal(err)
		}
	}
	var created []string
	for i, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %d: %v", i, err)
		}
		created = append(created, strings.Fields(outs[i].String())...)
	}
	slices.Sort(created)
	var listed []string
	for e, err := range List(root) {
		if err != nil {
			t.Fatal(err)
		}
		listed = append(listed, e.ID)
		if v, err := Verify(root, e.ID); err != nil || !v.OK() {
			t.Errorf("%s: %+v, %v", e.ID, v, err)
		}
	}
	slices.Sort(listed)
	if want := 25 + 2*25; len(created) != want || !slices.Equal(created, listed) {
		t.Errorf("%d created and %d listed, want %d of both, and the same", len(created), len(listed), want)
	}
}
