package table

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/delta"
)

// The functions of this file look for counts inside a page by which the decoders
// of the library would reserve memory: lengths of runs, numbers of deltas,
// prefixes that repeat.

var errRuns = errors.New("page with more levels or codes than values")

// guardRuns counts the values of run-length encoded data. The last run may be
// filled up.
func guardRuns(data []byte, width, values int) error {
	for total := uint64(0); len(data) > 0; {
		head, n := binary.Uvarint(data)
		if n <= 0 {
			return errRuns
		}
		data = data[n:]
		count, size := head>>1, uint64(width+7)/8
		if head&1 != 0 {
			if count > uint64(len(data)) {
				return errRuns // of width 0 too: nobody writes them
			}
			count, size = count*8, count*uint64(width)
		}
		if total += count; count > maxPageValues || total > uint64(values)+maxPadding || size > uint64(len(data)) {
			return errRuns
		}
		data = data[size:]
	}
	return nil
}

// maxPadding is how many values writers add to fill a last run: 504 in those of
// bit-packed groups.
const maxPadding = 1 << 10

// guardDeltas looks at the head of delta-encoded numbers: block size, blocks and count.
func guardDeltas(data []byte, values int) error {
	var head [3]uint64
	for i := range head {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			return errRuns
		}
		head[i], data = v, data[n:]
	}
	if head[0] > 1<<20 || head[1] > 1<<12 || head[2] > uint64(values) {
		return fmt.Errorf("page with %d deltas in blocks of %d, of %d values", head[2], head[0], values)
	}
	return nil
}

// guardPrefixes adds up the lengths of the texts that share prefixes, a few
// bytes of which can stand for very many.
func guardPrefixes(data []byte, values int) error {
	if err := guardDeltas(data, values); err != nil {
		return err
	}
	var enc delta.BinaryPackedEncoding
	prefixes, err := enc.DecodeInt32(make([]int32, 0, values), data)
	if err != nil {
		return err
	}
	total := int64(len(data))
	for _, p := range prefixes {
		if total += int64(p); p < 0 || total > maxPage {
			return fmt.Errorf("page of more than %d bytes", maxPage)
		}
	}
	return nil
}
