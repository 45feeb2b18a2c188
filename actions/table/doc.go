// Package table reads tables as typed columns, some thousand rows at a time:
// CSV and TSV, JSON Lines and Parquet, plain or packed by gzip or zstd, one file
// or many that have the same columns.
//
// It promises bounded memory whatever the size of a file, rows in their order,
// and errors that name the file, the row and the column. It knows nothing of
// what the values mean; package profile describes them.
//
// Of Parquet it reads all physical types: decimals as Float, unsigned 64-bit
// numbers as Int where the footer says that they fit and else as Float, times of
// all units and INT96 as Time, times of a day as Int in their unit, UUIDs in their
// usual form and other bytes of fixed length as hexadecimal Text. Fields of
// structures are columns named by their path (address.city); of a list or map,
// whatever it holds, there is one Int column with its number of elements, null
// where the list is. Text columns come as codes where the file has a dictionary.
// Encrypted files, LZO and pages of more than 256 MiB are refused.
package table
