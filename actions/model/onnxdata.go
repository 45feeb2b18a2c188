package model

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// externalEntry reads a key and its value.
func externalEntry(m message, location, where, length *string) error {
	var key, value string
	err := m.each(func(f field) error {
		switch f.number {
		case 1:
			key = f.text()
		case 2:
			value = f.text()
		}
		return nil
	})
	switch key {
	case "location":
		*location = value
	case "offset":
		*where = value
	case "length":
		*length = value
	}
	return err
}

// external holds a tensor's file to the model's folder.
func (o *onnxModel) external(offset int64, name, location, where, length string) {
	refuse := func(format string, args ...any) {
		o.refuse(o.in, offset, "tensor %.100q is in %.200q, "+format, append([]any{name, location}, args...)...)
	}
	if !filepath.IsLocal(location) || strings.Contains(location, `\`) {
		refuse("which is outside of the model's folder")
		return
	}
	if o.in.name != "" {
		refuse("which an archive cannot have")
		return
	}
	root, err := os.OpenRoot(filepath.Dir(o.path)) // links that lead out of it are errors
	if err != nil {
		refuse("which cannot be read: %v", err)
		return
	}
	defer root.Close()
	info, err := root.Stat(location)
	if err != nil || !info.Mode().IsRegular() {
		refuse("which is not in the model's folder")
		return
	}
	from, err1 := strconv.ParseInt(orZero(where), 10, 64)
	size, err2 := strconv.ParseInt(orZero(length), 10, 64)
	if errors.Join(err1, err2) != nil || from < 0 || size < 0 || from > info.Size()-size {
		refuse("at bytes %s to %s more of its %d", orZero(where), orZero(length), info.Size())
		return
	}
	if !o.files[location] {
		o.files[location] = true
		o.report.Holds.External = append(o.report.Holds.External, location)
	}
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
