package plan

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"time"
	"unsafe"

	"github.com/mlops-runner/mlops/spec"
)

// ErrCodec is what bytes are that Encode of this version did not make.
var ErrCodec = errors.New("not an encoded plan")

// codecMagic changes with the fields below.
const codecMagic = "mlops plan 1\n"

// Encode returns a plan as bytes that Decode reads in microseconds per job,
// where the YAML takes tens: what lets a run with an unchanged mlops.yaml skip
// the parser.
func (p *Plan) Encode() []byte {
	c := &codec{buf: []byte(codecMagic), write: true}
	c.plan(p)
	return c.buf
}

// Decode reads what Encode wrote. The plan's strings share the memory of data,
// which must not change any more. It fails with [ErrCodec].
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
	for _, n := range p.Nodes {
		for _, need := range n.Needs {
			if need.Node >= len(p.Nodes) {
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
}

func (c *codec) uint(v *uint64) {
	if c.write {
		c.buf = binary.AppendUvarint(c.buf, *v)
		return
	}
	n, size := binary.Uvarint(c.buf[min(c.at, len(c.buf)):])
	if size <= 0 {
		c.bad = true
		return
	}
	*v, c.at = n, c.at+size
}

func (c *codec) int64(v *int64) {
	u := uint64(*v)<<1 ^ uint64(*v>>63)
	c.uint(&u)
	*v = int64(u>>1) ^ -int64(u&1)
}

func (c *codec) int(v *int) {
	n := int64(*v)
	c.int64(&n)
	*v = int(n)
}

func (c *codec) bool(v *bool) {
	var n uint64
	if *v {
		n = 1
	}
	c.uint(&n)
	*v = n == 1
}

func (c *codec) float(v *float64) {
	n := math.Float64bits(*v)
	c.uint(&n)
	*v = math.Float64frombits(n)
}

func (c *codec) duration(v *time.Duration) { c.int64((*int64)(v)) }

// str reads without copying: the string points into the buffer.
func (c *codec) str(v *string) {
	n := uint64(len(*v))
	c.uint(&n)
	if c.write {
		c.buf = append(c.buf, *v...)
		return
	}
	if c.bad || n > uint64(len(c.buf)-c.at) {
		c.bad = true
		return
	}
	if n > 0 {
		*v = unsafe.String(&c.buf[c.at], int(n))
	}
	c.at += int(n)
}

// value carries what YAML may hold, as JSON; most jobs have none.
func (c *codec) value(v *any) {
	var text string
	if c.write {
		b, _ := json.Marshal(*v) // values from YAML always marshal
		text = string(b)
	}
	c.str(&text)
	if !c.write && !c.bad {
		c.bad = json.Unmarshal([]byte(text), v) != nil
	}
}

// list goes through a slice; nil and empty are the same. A length that the
// rest of the buffer cannot hold is refused before anything is allocated.
func list[S ~[]T, T any](c *codec, s *S, each func(*T)) {
	n := uint64(len(*s))
	c.uint(&n)
	if !c.write {
		if c.bad || n > uint64(len(c.buf)-c.at) {
			c.bad = true
			return
		}
		if n == 0 {
			return
		}
		*s = make(S, n)
	}
	for i := range *s {
		if c.bad {
			return
		}
		each(&(*s)[i])
	}
}

func (c *codec) strs(s *[]string) { list(c, s, c.str) }

func (c *codec) vars(s *[]Var) {
	list(c, s, func(v *Var) { c.str(&v.Name); c.str(&v.Value) })
}

func (c *codec) pos(p *spec.Pos) { c.int(&p.Line); c.int(&p.Col) }

func (c *codec) plan(p *Plan) {
	c.str(&p.Pipeline)
	c.str(&p.File)
	c.str(&p.ParamFile)
	c.bool(&p.Git)
	var tree any = p.ParamTree
	c.value(&tree)
	p.ParamTree, _ = tree.(map[string]any)
	list(c, &p.Params, c.param)
	list(c, &p.Metrics, func(m *Metric) { c.str(&m.Name); c.str(&m.Better); c.str(&m.Unit) })
	list(c, &p.Data, func(d *Dataset) { c.str(&d.Name); c.str(&d.Path); c.str(&d.Digest) })
	list(c, &p.Gates, func(s *spec.Str) { c.str(&s.Value); c.pos(&s.Pos) })
	c.nodes(p)
}

// nodes are allocated together: one allocation instead of one for each.
func (c *codec) nodes(p *Plan) {
	var flat []Node
	if c.write {
		for _, n := range p.Nodes {
			flat = append(flat, *n)
		}
	}
	list(c, &flat, c.node)
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
