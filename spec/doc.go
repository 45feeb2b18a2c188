// Package spec is the language of mlops.yaml: it turns the bytes of the file
// into a checked [File], or into [Diagnostics] that name every mistake at once,
// each with its place, the source line and the cure.
//
// [Parse] reads no file but through [Options], runs nothing and knows no action
// but those it is given. It may be called by several goroutines at once. Time and
// memory are bounded by the size of the source, whatever it holds: [MaxSize]
// bytes, 64 levels of nesting, 200,000 values through aliases.
//
// One table (table_*.go) lists every key. Parse walks the YAML nodes by it, and
// [Schema] writes it as JSON Schema, so that editors and the parser agree.
//
// # Why not decode into structs
//
// yaml.v3 decodes into structs in quadratic time for large mappings, stops at the
// first mistakes, and loses places and the difference between 3.10 and 3.1. Nodes
// keep all that; checking a file of 10,000 jobs costs about a third of what the
// decoder itself needs for them (BenchmarkParse10000Jobs).
//
// # Scripts
//
// ${{ }} in `run:` never becomes shell text. [Step.Script] puts a reference to an
// environment variable in its place, quoted as the text around it asks for, and
// Parse refuses the few places where no reference can stand.
package spec
