//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package worktree

import (
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// statRaw asks for name in the folder fd without following a link. It makes
// the call without telling Go's scheduler, because that costs a third of the
// call itself (1.28 µs against 0.90 with two workers); the caller is one of a
// few workers, and a stat on a local file system does not wait for a network.
func statRaw(fd int, name []byte, st *stat) syscall.Errno {
	var u unix.Stat_t
	for {
		_, _, errno := syscall.RawSyscall6(unix.SYS_NEWFSTATAT, uintptr(fd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(&u)), unix.AT_SYMLINK_NOFOLLOW, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno == 0 {
			fromUnix(&u, st)
		}
		return errno
	}
}

// fstatRaw asks for an open file; see statRaw.
func fstatRaw(fd int, st *stat) syscall.Errno {
	var u unix.Stat_t
	_, _, errno := syscall.RawSyscall(unix.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(&u)), 0)
	if errno == 0 {
		fromUnix(&u, st)
	}
	return errno
}

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

// openBelow opens the folder rel below fd, for use as the place of other
// calls; no part of rel may be a symbolic link.
func openBelow(fd int, rel string) (int, error) {
	if rel == "" {
		rel = "."
	}
	n, err := unix.Openat2(fd, rel, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS,
	})
	if err == unix.ENOSYS || err == unix.EPERM { // before 5.6, or a filter that does not know the call
		return openStepwise(fd, strings.Split(rel, "/"), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC)
	}
	return n, err
}

// local file systems keep time stamps by the kernel's own clock and report
// every write to a file at once. Numbers from statfs(2).
func localType(t int64) bool {
	switch uint32(t) {
	case 0xef53, // ext2, 3, 4
		0x58465342, // xfs
		0x9123683e, // btrfs
		0x01021994, // tmpfs
		0x794c7630, // overlayfs
		0xf2f52010, // f2fs
		0x2fc12fc1, // zfs
		0xca451a4e, // bcachefs
		0x24051905: // ubifs
		return true
	}
	return false
}

// trustedFS reports whether the file system of the folder is one whose stats
// tell the truth. Network and FUSE file systems cache stats or invent them.
func trustedFS(fd int) bool {
	var s unix.Statfs_t
	return unix.Fstatfs(fd, &s) == nil && localType(int64(s.Type))
}
