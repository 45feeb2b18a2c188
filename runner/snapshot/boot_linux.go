package snapshot

// Boot returns an id of the machine's present boot; "" if there is none to be
// had. A snapshot is good for one: after a power cut, files may have the stats
// that they had and other bytes.
func Boot() string {
	id, _ := ReadFile("/proc/sys/kernel/random/boot_id")
	for len(id) > 0 && (id[len(id)-1] == '\n' || id[len(id)-1] == ' ') {
		id = id[:len(id)-1]
	}
	return string(id)
}
