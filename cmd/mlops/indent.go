package main

import (
	"bytes"
	"io"
)

// An indented writer writes whole lines two blanks further in.
type indented struct{ io.Writer }

func (w indented) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		if _, err := w.Writer.Write(append([]byte("  "), line...)); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}
