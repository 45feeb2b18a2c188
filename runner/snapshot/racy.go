package snapshot

import "time"

// racyWindow is how long after a change of a file another one might leave its
// stat as it is. Linux stamps files with the tick of the kernel's clock (up to
// 10 ms), FAT counts in 2 s.
const racyWindow = 2 * time.Second

// Young reports whether a file that is read at now may be changed afterwards
// without a trace in its stat. A change time in the future means that the
// clock was set back, and tells nothing. A modification time in the future was
// set by hand; any write would move it, so only the window around now counts.
func Young(st *Stat, now time.Time) bool {
	t, w := now.UnixNano(), int64(racyWindow)
	if st.Ctime != 0 {
		return st.Ctime > t-w || st.Mtime > t-w && st.Mtime < t+w
	}
	return st.Mtime > t-w
}
