package forge

import (
	"context"
	"errors"
	"strings"
)

// retires reports whether the comments that are there have to make way for a
// fresh one.
func (w *writer) retires(own []seen) bool {
	m := newest(own).marker
	return w.post.Fresh && w.created == 0 && (m.Run != w.post.Marker.Run || m.Attempt != w.post.Marker.Attempt)
}

// retire takes comments out of use. It comes before the fresh one is made: who
// stops in between leaves none, and the next report makes one.
func (s *Sticky) retire(ctx context.Context, own []seen) error {
	for _, c := range own {
		if err := s.Thread.Edit(ctx, c.ID, s.retired(c)); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// hide folds comments away, where the forge can.
func (s *Sticky) hide(ctx context.Context, own []seen) error {
	h, ok := s.Thread.(Hider)
	if !ok {
		return nil
	}
	for _, c := range own {
		if err := h.Hide(ctx, c.Comment); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
	}
	return nil
}

// replace takes comments out of use for a fresh one. That they are folded away
// matters less than the report, so it may fail.
func (w *writer) replace(ctx context.Context, own []seen) error {
	if err := w.retire(ctx, own); err != nil {
		return err
	}
	_ = w.hide(ctx, own)
	return nil
}

// retired is the body of a comment with its marker made one that nobody looks for.
func (s *Sticky) retired(c seen) string {
	mark := s.mark(c.marker)
	text, ok := strings.CutSuffix(strings.TrimRight(c.Body, " \t\r\n"), mark)
	if !ok { // in the other form
		return c.Body + "\n" + strings.Replace(mark, "mlops:report", "mlops:retired", 1)
	}
	return text + strings.Replace(mark, "mlops:report", "mlops:retired", 1)
}

// Minimize takes the comments of a key out of use.
func (s *Sticky) Minimize(ctx context.Context, key string) error {
	own, err := s.own(ctx, key)
	if err != nil {
		return err
	}
	return s.Clock.Repeat(ctx, func() error {
		if err := s.retire(ctx, own); err != nil {
			return err
		}
		return s.hide(ctx, own)
	})
}

// sameText compares a comment with what it should say. Forges may have ended
// lines in their own way, and cut white space from the end.
func sameText(a, b string) bool {
	return plainText(a) == plainText(b)
}

func plainText(s string) string {
	return strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), " \t\n")
}
