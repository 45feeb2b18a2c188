package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// facts say what the samples were taken on.
type facts struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
	Load   string `json:"load"` // the three load averages at the start
	Go     string `json:"go"`
	Docker string `json:"docker"` // engine's version, or "none"
	Mlops  string `json:"mlops"`
}

// machine collects the facts; what cannot be had is "unknown" or "none".
func machine(ctx context.Context, mlops string) facts {
	return facts{
		CPU:    fileField("/proc/cpuinfo", "model name"),
		Cores:  runtime.NumCPU(),
		Kernel: firstLine("/proc/sys/kernel/osrelease"),
		Load:   firstLine("/proc/loadavg"),
		Go:     runtime.Version(),
		Docker: answer(ctx, "none", "docker", "version", "--format", "{{.Server.Version}}"),
		Mlops:  answer(ctx, "unknown", mlops, "--version"),
	}
}

func (m facts) write(w io.Writer) {
	fmt.Fprintf(w, "%s × %d, Linux %s, load %s\n%s, Docker %s, %s\n", m.CPU, m.Cores, m.Kernel, m.Load, m.Go, m.Docker, m.Mlops)
}

// answer returns the first line that a command prints, or otherwise.
func answer(ctx context.Context, otherwise string, argv ...string) string {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output()
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return otherwise
	}
	return line
}

func firstLine(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return line
}

// fileField returns the value of the first "name : value" line of a file.
func fileField(path, name string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
