package main

import (
	"context"
	"os"
	"path/filepath"
)

// startRows measure the program as such: its start and size.
func startRows() []row {
	return []row{
		{"start", "mlops --version, process start to end", seconds, setupStart},
		{"binary", "size of the program", size, setupBinary},
	}
}

func setupStart(b *bench) (contest, error) {
	ks := []contestant{
		command("mlops --version", ours, "", b.mlops, "--version"),
		peerCommand("git --version", "", "git", "--version"),
		peerCommand("docker --version", "", "docker", "--version"),
		peerCommand("python3 -c pass", "", "python3", "-c", "pass"),
	}
	if path, err := b.lookups().act(); err == nil {
		ks = append(ks, command("act --version", peer, "", path, "--version"))
	} else {
		ks = append(ks, skipped("act --version", peer, err))
	}
	ks = append(ks, b.helloWorld(), command("true", floor, "", "/bin/true"))
	return contest{contestants: ks, targets: []target{{limit: 0.010}}}, nil
}

// helloWorld is what starting any static program in Go takes: its runtime.
func (b *bench) helloWorld() contestant {
	const name = "hello world in Go, static"
	dir, err := b.dir("hello")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nimport \"os\"\n\nfunc main() { os.Stdout.WriteString(\"hello\\n\") }\n"), 0o644)
	}
	if err == nil {
		_, err = execute(b.ctx, dir, "env", "CGO_ENABLED=0", "GOFLAGS=", "go", "build", "-ldflags", "-s -w", "-o", "hello", "main.go")
	}
	if err != nil {
		return skipped(name, floor, err)
	}
	return command(name, floor, "", filepath.Join(dir, "hello"))
}

func setupBinary(b *bench) (contest, error) {
	k := contestant{name: "bin/mlops", role: ours, sample: func(context.Context) (measurement, error) {
		info, err := os.Stat(b.mlops)
		if err != nil {
			return measurement{}, err
		}
		return measurement{Value: float64(info.Size())}, nil
	}}
	return contest{contestants: []contestant{k}, targets: []target{{limit: 30e6}}}, nil
}
