//go:build linux && (amd64 || arm64 || riscv64 || loong64)

package snapshot

import (
	"syscall"
	"unsafe"
)

// Numbers of Linux that package syscall lacks; golang.org/x/sys/unix has them,
// and imports too much (see the package documentation).
const (
	sysOpenat2 = 437 // on all architectures

	atSymlinkNofollow = 0x100
	oPath             = 0x200000
	resolveNoSymlinks = 0x04
	resolveBeneath    = 0x08
)

// openHow is struct open_how of openat2(2).
type openHow struct{ flags, mode, resolve uint64 }

// statRaw asks for name in the folder fd without following a link. It makes
// the call without telling Go's scheduler, because that costs a third of the
// call itself (1.28 µs against 0.90 with two workers); the caller is one of a
// few workers, and a stat on a local file system does not wait for a network.
func statRaw(fd int, name []byte, st *Stat) syscall.Errno {
	var u syscall.Stat_t
	for {
		_, _, errno := syscall.RawSyscall6(sysFstatat, uintptr(fd), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(&u)), atSymlinkNofollow, 0, 0)
		if errno == syscall.EINTR {
			continue
		}
		if errno == 0 {
			st.from(&u)
		}
		return errno
	}
}

// OfFile asks for an open file.
func (st *Stat) OfFile(fd int) syscall.Errno {
	var u syscall.Stat_t
	_, _, errno := syscall.RawSyscall(syscall.SYS_FSTAT, uintptr(fd), uintptr(unsafe.Pointer(&u)), 0)
	if errno == 0 {
		st.from(&u)
	}
	return errno
}

// OfPath asks for the file that a path leads to.
func (st *Stat) OfPath(path string) error {
	var u syscall.Stat_t
	err := syscall.Stat(path, &u)
	if err == nil {
		st.from(&u)
	}
	return err
}

func (st *Stat) from(u *syscall.Stat_t) {
	st.Dev, st.Ino, st.Size = uint64(u.Dev), u.Ino, u.Size
	st.Mtime = u.Mtim.Sec*1e9 + u.Mtim.Nsec
	st.Ctime = u.Ctim.Sec*1e9 + u.Ctim.Nsec
	st.Mode = u.Mode
}

// openBelow opens the folder rel below fd, for use as the place of other
// calls; no part of rel may be a symbolic link.
func openBelow(fd int, rel string) (int, error) {
	name, err := syscall.BytePtrFromString(rel)
	if err != nil {
		return -1, err
	}
	how := openHow{flags: oPath | syscall.O_DIRECTORY | syscall.O_CLOEXEC, resolve: resolveBeneath | resolveNoSymlinks}
	n, _, errno := syscall.Syscall6(sysOpenat2, uintptr(fd), uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&how)), unsafe.Sizeof(how), 0, 0)
	switch errno {
	case 0:
		return int(n), nil
	case syscall.ENOSYS, syscall.EPERM: // before 5.6, or a filter that does not know the call
		return openStepwise(fd, rel, oPath|syscall.O_DIRECTORY|syscall.O_CLOEXEC)
	}
	return -1, errno
}

func openAt(fd int, name string, flags int) (int, error) { return syscall.Openat(fd, name, flags, 0) }

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

func trustedFS(fd int) bool {
	var s syscall.Statfs_t
	return syscall.Fstatfs(fd, &s) == nil && localType(int64(s.Type))
}
