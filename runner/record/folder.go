package record

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxFolder is the longest folder name of a job in bytes; file systems allow
// 255, some encrypting ones 143.
const maxFolder = 140

// JobFolder returns the name of the folder of a job below jobs/. Lower-case
// letters, digits and - _ . = @ , + stand for themselves; an upper-case letter
// is ! and its lower case, so that train@opt=Adam and train@opt=adam are two
// folders where case does not count; every other byte, and a leading dot, is %
// and two hex digits. A name that would be longer than 140 bytes keeps its
// beginning and ends in ~ and 32 hex digits of the id's SHA-256. No two ids
// share a folder. See [JobID] for the way back.
func JobFolder(id string) string {
	const hexDigits = "0123456789abcdef"
	b := make([]byte, 0, len(id)+8)
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'A' && c <= 'Z':
			b = append(b, '!', c+'a'-'A')
		case plain(c) && (c != '.' || i > 0):
			b = append(b, c)
		default:
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	if len(b) <= maxFolder && len(b) > 0 {
		return string(b)
	}
	sum := sha256.Sum256([]byte(id))
	return string(b[:min(len(b), maxFolder-33)]) + "~" + hex.EncodeToString(sum[:16])
}

func plain(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("-_.=@,+", c) >= 0
}

// JobID returns the id that JobFolder made the name of. It reports false for a
// name that JobFolder never makes and for a shortened one, whose id is in its
// job.json.
func JobID(folder string) (string, bool) {
	var b []byte
	for i := 0; i < len(folder); i++ {
		switch c := folder[i]; {
		case c == '!' && i+1 < len(folder):
			i++
			b = append(b, folder[i]-'a'+'A')
		case c == '%' && i+2 < len(folder):
			x, err := hex.DecodeString(folder[i+1 : i+3])
			if err != nil {
				return "", false
			}
			b, i = append(b, x...), i+2
		default:
			b = append(b, c)
		}
	}
	id := string(b)
	return id, JobFolder(id) == folder && !strings.Contains(folder, "~")
}

// jobFile returns the slash-separated name of a job's file inside the record.
func jobFile(id, name string) string { return path.Join("jobs", JobFolder(id), name) }

// runFolder returns the folder of a run, relative to the root:
// runs/YYYY/MM/<id>, after the time in the id, so that an id alone finds it.
func runFolder(id uuid.UUID) string {
	t := idTime(id)
	return filepath.Join("runs", fmt.Sprintf("%04d", t.Year()), fmt.Sprintf("%02d", t.Month()), id.String())
}

// idTime returns the millisecond at which a UUID version 7 was made, in UTC.
func idTime(id uuid.UUID) time.Time {
	var ms int64
	for _, b := range id[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// parseID reads a UUID version 7 in its usual lower-case form of 36 characters.
func parseID(s string) (uuid.UUID, error) {
	id, err := uuid.Parse(s)
	if err != nil || id.Version() != 7 || id.String() != s {
		return uuid.UUID{}, fmt.Errorf("run id %q: want a lower-case UUID version 7", s)
	}
	return id, nil
}
