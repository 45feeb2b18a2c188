package expression

// maxWork bounds what one evaluation may read: bytes of text compared or
// searched, and items visited, which count as itemWork bytes each. Reading so
// much takes about a second.
const (
	maxWork  = 1 << 28
	itemWork = 8
)

const (
	errText reason = "The maximum allowed memory size was exceeded"
	errWork reason = "The maximum allowed work was exceeded"
)

// A budget counts what one evaluation uses up. An expression has no loops, so
// it ends; but format() in format() doubles its text at each level, and a long
// text can be searched a thousand times.
type budget struct {
	built int // bytes of text
	work  int // bytes read
}

// text accounts for n bytes of new text.
func (b *budget) text(n int) error {
	b.built += n
	if b.built > MaxText {
		return errText
	}
	return nil
}

// visit accounts for looking at n items.
func (b *budget) visit(n int) error { return b.read(n * itemWork) }

// read accounts for looking at n bytes.
func (b *budget) read(n int) error {
	b.work += n
	if b.work > maxWork {
		return errWork
	}
	return nil
}

// readText accounts for looking at those values that are text.
func (b *budget) readText(vs ...any) error {
	n := 0
	for _, v := range vs {
		if s, ok := v.(string); ok {
			n += len(s)
		}
	}
	return b.read(n)
}

// left returns how many bytes of text may still be built.
func (b *budget) left() int { return MaxText - b.built }
