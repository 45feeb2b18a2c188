package plan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mlops-runner/mlops/spec"
)

// samples are plans of many shapes.
func samples(t testing.TB) []*Plan {
	t.Helper()
	out := []*Plan{
		{},
		{Nodes: []*Node{}, Params: []spec.Param{}, ParamTree: map[string]any{}, Gates: []spec.Str{}, Metrics: []Metric{}, Data: []Dataset{}},
		{Nodes: []*Node{{Needs: []Need{}, Env: []Var{}, Outputs: []string{}, Build: &Build{Args: []Var{}}, Retry: []spec.Retry{{On: []spec.Str{}, Exit: []int{}}},
			Steps: []Step{{With: map[string]any{}, Exprs: []Var{}}}, Leg: spec.Leg{{Name: "x", Value: []any{}}, {Name: "y", Value: map[string]any{}}}}}},
		{ParamTree: map[string]any{"nan": math.NaN(), "inf": math.Inf(-1), "zero": math.Copysign(0, -1), "s": "\xff\x00", "n": nil,
			"deep": []any{[]any{map[string]any{"a": []any{true, false, nil, "", 1.5}}}}}},
		hostile(),
		planOf(t, richFile), planOf(t, diamond), planOf(t, string(largeFile(2))),
	}
	for _, matrix := range []string{"k: [null, true, 1.5, text, [1, [2]], {a: {b: .nan}}]", "k: ${{ fromJSON(params.text) }}"} {
		out = append(out, planOf(t, matrixFile(matrix)))
	}
	return out
}

func TestCodec(t *testing.T) {
	t.Parallel()
	for i, p := range samples(t) {
		data := p.Encode()
		got, err := Decode(data)
		if err != nil {
			t.Fatalf("plan %d: %v", i, err)
		}
		if p.Nodes == nil {
			p.Nodes = []*Node{} // the one thing that is not told apart
		}
		same(t, fmt.Sprintf("plan %d", i), p, got)
		if !bytes.Equal(got.Encode(), data) {
			t.Errorf("plan %d is encoded otherwise the second time", i)
		}
		for k, n := range got.Nodes {
			if got.Index(n.ID) != k {
				t.Errorf("plan %d: %q is found at %d, not %d", i, n.ID, got.Index(n.ID), k)
			}
		}
	}
}

// Every field of a plan, however deep, has a value of its own, so that one that
// the codec forgets or confuses with another is seen.
func TestCodecHasEveryField(t *testing.T) {
	t.Parallel()
	f := &filler{}
	p := &Plan{}
	f.fill(reflect.ValueOf(p).Elem())
	for i, n := range p.Nodes {
		n.Kind = Select // the largest one
		for k := range n.Needs {
			n.Needs[k].Node = i - 1
		}
	}
	p.Nodes[0].Needs = nil
	got, err := Decode(p.Encode())
	if err != nil {
		t.Fatal(err)
	}
	same(t, "a plan with every field set", p, got)
	if f.count < 150 {
		t.Errorf("only %d fields were set", f.count)
	}
}

// filler gives every field another value that is not zero.
type filler struct{ count int }

func (f *filler) fill(v reflect.Value) {
	f.count++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.count))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(-int64(f.count) << 20)
	case reflect.Uint8:
		v.SetUint(1)
	case reflect.Float64:
		v.SetFloat(float64(f.count) + 0.5)
	case reflect.Interface:
		v.Set(reflect.ValueOf(map[string]any{"k": []any{float64(f.count)}}))
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]any{fmt.Sprint(f.count): true}))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i))
			}
		}
	default:
		panic("a field of a kind that the test does not know: " + v.Type().String())
	}
}

// The least sizes of elements are what bounds memory; they must not be more
// than an element can take.
func TestCodecSizes(t *testing.T) {
	t.Parallel()
	c := &codec{write: true}
	size := func(put func()) int {
		before := len(c.buf)
		put()
		return len(c.buf) - before
	}
	same(t, "node", minNode, size(func() { c.node(&Node{}) }))
	same(t, "step", minStep, size(func() { c.step(&Step{}) }))
	same(t, "retry", minRetry, size(func() { c.retry(&spec.Retry{}) }))
	same(t, "service", minService, size(func() { c.service(&Service{}) }))
	same(t, "param", 6, size(func() { c.param(&spec.Param{}) }))
	same(t, "text", 3, size(func() { c.text(&spec.Str{}) }))
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	whole := planOf(t, diamond).Encode()
	for n := range len(whole) {
		if p, err := Decode(whole[:n:n]); !errors.Is(err, ErrCodec) || p != nil {
			t.Fatalf("the first %d of %d bytes: %v, %v", n, len(whole), p, err)
		}
	}
	for name, data := range map[string][]byte{
		"nothing":               nil,
		"one byte more":         append(bytes.Clone(whole), 0),
		"another version":       append([]byte("mlops plan 1\n"), whole[len(codecMagic):]...),
		"a need of a later one": (&Plan{Nodes: []*Node{{Needs: []Need{{Node: 1}}}, {}}}).Encode(),
		"a need of itself":      (&Plan{Nodes: []*Node{{Needs: []Need{{Node: 0}}}}}).Encode(),
		"a need before all":     (&Plan{Nodes: []*Node{{}, {Needs: []Need{{Node: -1}}}}}).Encode(),
		"an unknown kind":       (&Plan{Nodes: []*Node{{Kind: 7}}}).Encode(),
		"nested for ever":       nested(1 << 20),
		"a length that lies":    forged(math.MaxUint64),
		"a length of 2^40":      forged(1 << 40),
	} {
		if p, err := Decode(data); !errors.Is(err, ErrCodec) || p != nil {
			t.Errorf("%s: %v, %v", name, p, err)
		}
	}
}

// forged is the start of a plan whose params claim to be n.
func forged(n uint64) []byte {
	b := append([]byte(codecMagic), 0, 0, 0, 0, 0) // three texts, Git, no tree
	return append(binary.AppendUvarint(b, n), make([]byte, 1000)...)
}

// nested is a plan whose tree is n lists, one inside the other, each of which
// claims as many elements as there are bytes left.
func nested(n int) []byte {
	b := append([]byte(codecMagic), 0, 0, 0, 0, byte(isMap), 1, 0)
	for left := 4 * n; left > 4; left -= 4 {
		b = binary.AppendUvarint(append(b, byte(isList)), uint64(left/2))
	}
	return b
}

// Decoding takes memory in proportion to the data, whatever the data claims.
// Not parallel: it counts what is allocated.
func TestDecodeAllocation(t *testing.T) {
	seeds := [][]byte{nested(1 << 18), forged(1 << 62)}
	whole := planOf(t, string(largeFile(200))).Encode()
	seeds = append(seeds, whole)
	for i := range 400 { // lengths made larger at many places
		b := bytes.Clone(whole)
		at := len(codecMagic) + i*(len(b)-len(codecMagic)-4)/400
		copy(b[at:], []byte{0xff, 0xff, 0x03})
		seeds = append(seeds, b)
	}
	for _, data := range seeds {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := Decode(data)
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(64*len(data)+1<<20); took > most {
			t.Errorf("decoding %d bytes took %d bytes, more than %d (%v, %v)", len(data), took, most, p != nil, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, p := range samples(f) {
		f.Add(p.Encode())
	}
	f.Add(forged(1 << 50))
	f.Add(nested(100))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			if !errors.Is(err, ErrCodec) || p != nil {
				t.Fatalf("%v, %v", p, err)
			}
			return
		}
		again := p.Encode()
		q, err := Decode(again)
		if err != nil {
			t.Fatalf("what was decoded cannot be encoded: %v", err)
		}
		if !bytes.Equal(q.Encode(), again) {
			t.Fatal("encoded otherwise the second time")
		}
		if err := p.WriteText(&strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Select(nil, true); err != nil {
			t.Fatal(err)
		}
	})
}

// The zero of a duration and a negative one survive.
func TestCodecNumbers(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, -1, 1, math.MinInt64, math.MaxInt64} {
		p := &Plan{Nodes: []*Node{{Timeout: d, MaxParallel: int(d), Resources: spec.Resources{CPUs: float64(d), Memory: int64(d)}}}}
		got, err := Decode(p.Encode())
		if err != nil {
			t.Fatal(err)
		}
		same(t, d.String(), p, got)
	}
}
