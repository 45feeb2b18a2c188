//go:build arm64 || riscv64 || loong64

package snapshot

// sysFstatat is the number of newfstatat on Linux, where numbers are those of all newer architectures.
const sysFstatat = 79
