package agent

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// ErrHandedOver reports that an agent has ended and the job goes on with another.
var ErrHandedOver = errors.New("agent: the job was handed over")

// ErrNoResult reports that an agent ended, or was lost, before it could say how the job ended.
var ErrNoResult = errors.New("agent: no result")

const (
	maxEventLine = 512 << 20 // bytes; a Result may list a million files
	maxPayload   = 4 << 20   // bytes of an Output event
)

// ReadEvents reads an agent's event stream, or its events.jsonl, up to the
// [Ended] event and returns that event's Result. watch, if not nil, gets every
// event in order and must not keep Event.Data.
//
// What is not an event is skipped: a runtime may write into the same stream. It
// fails with [ErrHandedOver] after a [HandedOver] event, with [ErrNoResult] if the
// stream ends first, and with the reader's error.
func ReadEvents(r io.Reader, watch func(Event)) (Result, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	var payload []byte
	for {
		line, err := readLine(br)
		if e, ok := parseEvent(line); ok {
			if e.N > 0 {
				if payload, err = readPayload(br, &e, payload); err != nil {
					return Result{}, fmt.Errorf("%w: %w", ErrNoResult, err)
				}
			}
			if watch != nil {
				watch(e)
			}
			switch e.Kind {
			case Ended:
				return *e.Result, nil
			case HandedOver:
				return Result{}, ErrHandedOver
			}
		}
		if err == io.EOF {
			return Result{}, ErrNoResult
		}
		if err != nil {
			return Result{}, fmt.Errorf("%w: %w", ErrNoResult, err)
		}
	}
}

// readLine returns the next line without its end. Of a line that is too long
// to be an event nothing is kept.
func readLine(br *bufio.Reader) ([]byte, error) {
	var long []byte
	tooLong := false
	for {
		part, err := br.ReadSlice('\n')
		if err == nil && long == nil && !tooLong {
			return part, nil
		}
		if tooLong = tooLong || len(long)+len(part) > maxEventLine; tooLong {
			long = nil
		} else {
			long = append(long, part...)
		}
		if err != bufio.ErrBufferFull {
			return long, err
		}
	}
}

// parseEvent finds an event in a line. Something else may stand before it, when
// its writer did not end its own line.
func parseEvent(line []byte) (Event, bool) {
	start := bytes.Index(line, []byte(`{"kind":"`))
	if start < 0 {
		return Event{}, false
	}
	var e Event
	if err := json.Unmarshal(line[start:], &e); err != nil {
		return Event{}, false
	}
	if e.N < 0 || e.N > maxPayload || e.N > 0 && e.Kind != Output || e.Kind == Ended && e.Result == nil {
		return Event{}, false
	}
	return e, true
}

func readPayload(br *bufio.Reader, e *Event, buf []byte) ([]byte, error) {
	if cap(buf) < e.N {
		buf = make([]byte, e.N)
	}
	e.Data = buf[:e.N]
	_, err := io.ReadFull(br, e.Data)
	return buf, err
}

// writeEvent writes e as ReadEvents reads it.
func writeEvent(w io.Writer, e Event) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	b = append(append(b, '\n'), e.Data...)
	_, err = w.Write(b)
	return err
}

// LoadResult reads the result from a control directory, where the job could
// write: nothing is followed out of it, and nobody waits for what is no file. It
// fails with [ErrNoResult] if there is none, and if the log beside it is not the
// one that the result speaks of.
func LoadResult(control *os.Root) (Result, error) {
	b, err := readRegular(control, ResultFile, maxEventLine)
	if errors.Is(err, fs.ErrNotExist) {
		return Result{}, fmt.Errorf("%w in %s", ErrNoResult, control.Name())
	}
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", ResultFile, err)
	}
	var r Result
	if err := json.Unmarshal(b, &r); err != nil {
		return Result{}, fmt.Errorf("%s: %w", ResultFile, err)
	}
	if r.Version != Version || r.Status == "" {
		return Result{}, fmt.Errorf("%s: version %d is not %d, or has no status", ResultFile, r.Version, Version)
	}
	st, err := control.Lstat(LogFile)
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", ResultFile, err)
	}
	if st.Size() != r.LogSize || !st.Mode().IsRegular() {
		return Result{}, fmt.Errorf("%s: the log has %d bytes and not %d", ResultFile, st.Size(), r.LogSize)
	}
	return r, nil
}

// readRegular reads a whole file below root, of at most max bytes.
func readRegular(root *os.Root, name string, max int64) ([]byte, error) {
	f, _, err := openRegular(root, name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = fmt.Errorf("is larger than %d bytes", max)
	}
	return b, err
}
