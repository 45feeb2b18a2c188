package host

import (
	"slices"
	"testing"

	"github.com/mlops-runner/mlops/runner"
	"github.com/mlops-runner/mlops/runner/agent"
)

func TestVisible(t *testing.T) {
	t.Parallel()
	devices := []string{"/dev/nvidia10", "/dev/nvidia2", "/dev/nvidia0"}
	for _, c := range []struct {
		name    string
		environ []string
		want    []string
	}{
		{"all, by number", []string{"PATH=/bin"}, []string{"0", "2", "10"}},
		{"those that are named", []string{"CUDA_VISIBLE_DEVICES=10, GPU-1f"}, []string{"10", "GPU-1f"}},
		{"the last word counts", []string{"CUDA_VISIBLE_DEVICES=0", "CUDA_VISIBLE_DEVICES=2"}, []string{"2"}},
		{"none", []string{"CUDA_VISIBLE_DEVICES="}, nil},
		{"up to -1", []string{"CUDA_VISIBLE_DEVICES=2,-1,0"}, []string{"2"}},
	} {
		if got := visible(devices, c.environ); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if got := visible(nil, []string{"CUDA_VISIBLE_DEVICES=0"}); len(got) != 0 {
		t.Errorf("a machine without GPUs has %q", got)
	}
}

// A job sees the GPUs it was given, whatever the caller sees.
func TestDevices(t *testing.T) {
	t.Parallel()
	tk := runner.Task{Workspace: t.TempDir(), Control: t.TempDir(), Resources: runner.Resources{GPUs: 2, Devices: []string{"1", "3"}}}
	tk.Spec = agent.Spec{Steps: []agent.Step{{Run: `test "$CUDA_VISIBLE_DEVICES $NVIDIA_VISIBLE_DEVICES" = "1,3 1,3"`}}}
	e := New([]string{"PATH=/usr/bin:/bin", "CUDA_VISIBLE_DEVICES=0,1,2,3"})
	r, err := e.Run(t.Context(), tk, nil)
	if err != nil || r.Status != agent.Success {
		t.Errorf("%+v, %v", r, err)
	}
}
