// Package columns writes the columns block of a data check from a profile, tells
// which of its lines a profile breaks, and shows as a patch how the lines must
// change for the data to be accepted. Lines are those of [spec.ParseColumn].
//
// What is written allows more than was seen: bounds that are the extremes of one
// batch fail with the next. What a profile knows by bounds or estimates alone, such
// as whether 100,000 values all differ, is neither written nor judged as if it were
// known.
//
// Everything is pure and safe for concurrent use.
package columns
