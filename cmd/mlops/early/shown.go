package early

import "encoding/binary"

// A Shown is what a run shows that has nothing to do, as the plain view writes it
// to what is no terminal. There is none for a run of which more has to be known
// than that its files are as they were.
type Shown struct {
	Before, After string   // the text, around the time that the run took
	Vacant        []string // what has to be absent from the store, or be an empty folder
}

// Append puts what is shown, nil for nothing, before the rest of a snapshot's payload.
func (s *Shown) Append(b, rest []byte) []byte {
	var parts []string
	if s != nil {
		parts = append([]string{s.Before, s.After}, s.Vacant...)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(len(parts)))
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return append(b, rest...)
}

// Cut undoes Append. It is false for what Append did not write.
func Cut(payload []byte) (s *Shown, rest []byte, ok bool) {
	n, b, ok := number(payload)
	if !ok || n > len(b) {
		return nil, nil, false
	}
	parts := make([]string, n)
	for i := range parts {
		size, more, ok := number(b)
		if !ok || size > len(more) {
			return nil, nil, false
		}
		parts[i], b = string(more[:size]), more[size:]
	}
	switch n {
	case 0:
		return nil, b, true
	case 1:
		return nil, nil, false
	}
	return &Shown{parts[0], parts[1], parts[2:]}, b, true
}

func number(b []byte) (n int, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	return int(binary.LittleEndian.Uint32(b)), b[4:], true
}
