// Package tabletest writes tables of made-up customers for tests and benchmarks
// of whatever reads tables. The same seed gives the same rows, and they can be had
// as values too, so that a test can count for itself what a file holds.
package tabletest
