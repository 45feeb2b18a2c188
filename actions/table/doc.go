// Package table reads tables as typed columns, some thousand rows at a time:
// CSV and TSV, JSON Lines and Parquet, plain or packed by gzip or zstd, one file
// or many that have the same columns.
//
// It promises bounded memory whatever the size of a file, rows in their order,
// and errors that name the file, the row and the column. It knows nothing of
// what the values mean; package profile describes them.
package table
