package store

import (
	"bytes"
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// news are what inotify tells of a folder.
type news struct {
	told chan struct{}
	file *os.File
	done chan struct{}
}

// listen returns nil if inotify cannot be had, for instance because the person's
// limit is reached, or would not hear of what other machines do.
func listen(dir string, heed func(name string) bool) *news {
	if shared(dir) {
		return nil
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil
	}
	n := &news{told: make(chan struct{}, 1), file: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{})}
	const changes = unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO
	if _, err := unix.InotifyAddWatch(fd, dir, changes|unix.IN_ONLYDIR); err != nil {
		n.file.Close()
		return nil
	}
	go n.run(heed)
	return n
}

func (n *news) run(heed func(name string) bool) {
	defer close(n.done)
	buf := make([]byte, 4096)
	for {
		got, err := n.file.Read(buf) // it waits in the poller, as the file does not block
		if err != nil {
			return
		}
		if concerns(buf[:got], heed) {
			select {
			case n.told <- struct{}{}:
			default:
			}
		}
	}
}

// concerns reports whether one of the events counts: one without a name, such as
// that others were lost, always does.
func concerns(events []byte, heed func(name string) bool) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		size := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(events[12:]))
		if size > len(events) {
			return true
		}
		name := string(bytes.TrimRight(events[unix.SizeofInotifyEvent:size], "\x00"))
		if name == "" || heed == nil || heed(name) {
			return true
		}
		events = events[size:]
	}
	return false
}

func (n *news) close() {
	n.file.Close()
	<-n.done
}

// shared reports whether a folder is on a file system of several machines.
func shared(dir string) bool {
	var st unix.Statfs_t
	if unix.Statfs(dir, &st) != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.NFS_SUPER_MAGIC, unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC, unix.CEPH_SUPER_MAGIC, unix.V9FS_MAGIC, unix.FUSE_SUPER_MAGIC:
		return true
	}
	return false
}
