//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package worktree

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// closeRaw closes a file that was only read.
func closeRaw(fd int) { _, _, _ = syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0) }

// openRaw opens name in the folder fd.
func openRaw(fd int, name []byte, flags int) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.Syscall6(unix.SYS_OPENAT, uintptr(fd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(flags), 0, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}
