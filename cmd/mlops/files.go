package main

import (
	"fmt"
	"io"
	"os"
)

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size := int64(0)
	if st, err := f.Stat(); err == nil {
		size = st.Size()
	}
	if size > limit {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	text := make([]byte, 0, size+1) // one more, so that the end is seen without growing
	for {
		n, err := f.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case err == io.EOF:
			return text, nil
		case err != nil:
			return nil, err
		case int64(len(text)) > limit:
			return nil, fmt.Errorf("%s is larger than %d bytes", path, limit)
		case len(text) == cap(text):
			text = append(text, 0)[:len(text)]
		}
	}
}
