package plan

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
	"unsafe"

	"github.com/mlops-runner/mlops/spec"
)

// ErrCodec is what bytes are that Encode of this version did not make.
var ErrCodec = errors.New("not an encoded plan")

// codecMagic changes with the fields below.
const codecMagic = "mlops plan 6\n"

// Encode returns a plan as bytes that Decode reads in microseconds per job,
// where the YAML takes tens: what lets a run with an unchanged mlops.yaml skip
// the parser.
func (p *Plan) Encode() []byte {
	c := &codec{buf: []byte(codecMagic), write: true}
	c.plan(p)
	return c.buf
}

// Decode reads what Encode wrote. The plan's strings share the memory of data,
// which must not change any more. It fails with [ErrCodec], and takes memory in
// proportion to the size of data whatever data says.
func Decode(data []byte) (*Plan, error) {
	if len(data) < len(codecMagic) || string(data[:len(codecMagic)]) != codecMagic {
		return nil, ErrCodec
	}
	c := &codec{buf: data, at: len(codecMagic)}
	p := &Plan{}
	c.plan(p)
	if c.bad || c.at != len(data) {
		return nil, ErrCodec
	}
	for i, n := range p.Nodes {
		for _, need := range n.Needs {
			if need.Node < 0 || need.Node >= i {
				return nil, ErrCodec
			}
		}
	}
	p.reindex()
	return p, nil
}

// codec goes through a plan once, for writing or for reading: one list of
// fields serves both, so that they cannot disagree.
type codec struct {
	buf   []byte
	at    int
	write bool
	bad   bool

	// Where the small lists of nodes are cut from, a few hundred at a time.
	strings room[string]
	env     room[Var]
	needs   room[Need]
	inputs  room[Input]
	steps   room[Step]
}

// room is memory for lists of T that are made together and kept together. The
// zero value is empty.
type room[T any] struct {
	free []T
	size int // of the latest piece
}

// take returns a list of n; nobody else's grows into it.
func (r *room[T]) take(n int) []T {
	if n == 0 {
		return []T{}
	}
	if n > len(r.free) {
		r.size = min(max(2*r.size, 8), 512)
		if n > r.size/4 {
			return make([]T, n)
		}
		r.free = make([]T, r.size)
	}
	out := r.free[:n:n]
	r.free = r.free[n:]
	return out
}

func (c *codec) uint(v *uint64) {
	if c.write {
		c.buf = binary.AppendUvarint(c.buf, *v)
		return
	}
	*v = c.take()
}

// take reads a number. It is 0 when there is none.
func (c *codec) take() uint64 {
	if c.at < len(c.buf) && c.buf[c.at] < 0x80 { // nearly always
		c.at++
		return uint64(c.buf[c.at-1])
	}
	return c.takeLong()
}

func (c *codec) takeLong() uint64 {
	n, size := binary.Uvarint(c.buf[c.at:])
	if size <= 0 {
		c.bad = true
		return 0
	}
	c.at += size
	return n
}

func (c *codec) int64(v *int64) {
	if c.write {
		c.buf = binary.AppendVarint(c.buf, *v)
		return
	}
	u := c.take()
	*v = int64(u>>1) ^ -int64(u&1)
}

func (c *codec) int(v *int) {
	n := int64(*v)
	c.int64(&n)
	*v = int(n)
}

func (c *codec) bool(v *bool) {
	n := uint64(0)
	if *v {
		n = 1
	}
	c.uint(&n)
	*v, c.bad = n == 1, c.bad || n > 1
}

func (c *codec) float(v *float64) {
	n := math.Float64bits(*v)
	c.uint(&n)
	*v = math.Float64frombits(n)
}

func (c *codec) duration(v *time.Duration) { c.int64((*int64)(v)) }

// str reads without copying: the string points into the buffer.
func (c *codec) str(v *string) {
	if c.write {
		c.buf = append(binary.AppendUvarint(c.buf, uint64(len(*v))), *v...)
		return
	}
	n := c.take()
	if c.bad || n > uint64(len(c.buf)-c.at) {
		c.bad = true
		return
	}
	if n > 0 {
		*v = unsafe.String(&c.buf[c.at], int(n))
	}
	c.at += int(n)
}

// list goes through a slice, and tells nil from empty. size is the least that
// an element takes, in bytes: a length that the rest of the buffer cannot hold
// is refused before anything is allocated.
func list[S ~[]T, T any](c *codec, s *S, size int, each func(*T)) {
	listIn(c, nil, s, size, each)
}

// listIn is list with the memory taken from a room.
func listIn[S ~[]T, T any](c *codec, in *room[T], s *S, size int, each func(*T)) {
	n := uint64(0) // one more than the length; 0 for nil
	if *s != nil {
		n = uint64(len(*s)) + 1
	}
	c.uint(&n)
	if !c.write {
		if n == 0 || c.bad {
			return
		}
		if n--; n > uint64((len(c.buf)-c.at)/size) {
			c.bad = true
			return
		}
		if in != nil {
			*s = in.take(int(n))
		} else {
			*s = make(S, n)
		}
	}
	for i := range *s {
		if c.bad {
			return
		}
		each(&(*s)[i])
	}
}

func (c *codec) strs(s *[]string) { listIn(c, &c.strings, s, 1, c.str) }

func (c *codec) vars(s *[]Var) {
	listIn(c, &c.env, s, 2, func(v *Var) { c.str(&v.Name); c.str(&v.Value) })
}

func (c *codec) text(s *spec.Str) { c.str(&s.Value); c.pos(&s.Pos) }

func (c *codec) pos(p *spec.Pos) { c.int(&p.Line); c.int(&p.Col) }

func (c *codec) plan(p *Plan) {
	c.str(&p.Pipeline)
	c.str(&p.File)
	c.str(&p.ParamFile)
	c.bool(&p.Git)
	c.object(&p.ParamTree)
	list(c, &p.Params, 6, c.param)
	list(c, &p.Metrics, 3, func(m *Metric) { c.str(&m.Name); c.str(&m.Better); c.str(&m.Unit) })
	list(c, &p.Data, 5, func(d *Dataset) {
		c.str(&d.Name)
		c.str(&d.Path)
		c.str(&d.Source)
		c.str(&d.Digest)
		c.bool(&d.Keep)
	})
	list(c, &p.Gates, 3, c.text)
	c.str(&p.Baseline.Asked)
	c.bool(&p.Baseline.Run)
	c.bool(&p.Baseline.Gates)
	c.group(&p.Group)
	c.nodes(p)
}

// nodes are allocated together: one allocation instead of one for each.
func (c *codec) nodes(p *Plan) {
	flat := make([]Node, 0, len(p.Nodes))
	for _, n := range p.Nodes {
		flat = append(flat, *n)
	}
	list(c, &flat, minNode, c.node)
	if c.write {
		return
	}
	p.Nodes = make([]*Node, len(flat))
	for i := range flat {
		p.Nodes[i] = &flat[i]
	}
}

func (c *codec) param(p *spec.Param) {
	c.str(&p.Name)
	c.value(&p.Value)
	c.str(&p.Raw)
	c.pos(&p.Pos)
	c.bool(&p.Override)
}
