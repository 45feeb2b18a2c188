package docker

import (
	"debug/elf"
	"os"
	"strings"
	"sync"

	"github.com/mlops-runner/mlops/runner"
)

// agentChecks remembers which programs were found usable on which platform,
// so that a hundred jobs read one ELF header once. The zero value is ready.
type agentChecks struct{ ok sync.Map }

// agentPath returns the host path of the program that becomes a container's
// PID 1, checked to be one that the container can run.
func (e *Executor) agentPath(t runner.Task) (string, error) {
	name := t.Agent
	if name == "" {
		var err error
		if name, err = os.Executable(); err != nil {
			return "", config("give the agent with --agent PATH", "docker: find this program's file: %w", err)
		}
	}
	key := [2]string{name, platformOf(t.Image)}
	if _, ok := e.agents.ok.Load(key); ok {
		return name, nil
	}
	if err := checkAgent(name, key[1]); err != nil {
		return "", err
	}
	e.agents.ok.Store(key, true)
	return name, nil
}

// checkAgent fails unless name is a static program for the platform.
func checkAgent(name, platform string) error {
	fix := "give mlops's release binary for " + platform + " with --agent PATH"
	f, err := elf.Open(name)
	if err != nil {
		return config(fix, "docker: %s cannot be the agent in a %s container: %w", name, platform, err)
	}
	defer f.Close()
	if arch := machine(f); arch != architecture(platform) {
		return config(fix, "docker: %s is built for %s and cannot be the agent in a %s container", name, arch, platform)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return config("build it with CGO_ENABLED=0, or "+fix, "docker: %s is linked dynamically and cannot be the agent in any container", name)
		}
	}
	return nil
}

// architecture is the second part of os/arch/variant.
func architecture(platform string) string {
	parts := strings.Split(platform, "/")
	if len(parts) < 2 {
		return platform
	}
	return parts[1]
}

// machine names an ELF file's architecture as Go and Docker do.
func machine(f *elf.File) string {
	little := f.Data == elf.ELFDATA2LSB
	switch f.Machine {
	case elf.EM_X86_64:
		return "amd64"
	case elf.EM_386:
		return "386"
	case elf.EM_AARCH64:
		return "arm64"
	case elf.EM_ARM:
		return "arm"
	case elf.EM_RISCV:
		return "riscv64"
	case elf.EM_S390:
		return "s390x"
	case elf.EM_PPC64:
		if little {
			return "ppc64le"
		}
		return "ppc64"
	default:
		return f.Machine.String()
	}
}
