// Package table reads tables as typed columns, some thousand rows at a time:
// CSV and TSV, JSON Lines and Parquet, plain or packed by gzip or zstd, one file
// or many that have the same columns.
//
// It promises bounded memory whatever the size of a file, rows in their order,
// and errors that name the file, the row and the column. It knows nothing of
// what the values mean; package profile describes them.
//
// What a file is, its first bytes say, and its name only where they do not.
// Delimited text has a comma, semicolon, tab or bar between fields, double or
// single quotes around those that need them, any line ends, and is UTF-8,
// UTF-16 or, where the first megabyte is neither, Windows-1252. It has a header
// unless a field of the first row is a number, a date or a truth value and none
// is a text above a column without texts; then the columns are c1, c2 and so on.
// Empty lines are no rows. A row with more or fewer fields than the first is an
// error, as is a value of more than 16 MiB, a row of more than 64 MiB, and a
// table of more than 100,000 columns or, in JSON, 10,000 different keys.
//
// A field of delimited text is null if it is empty or one of [Options.Nulls] and
// not quoted; of any kind but text it is so in quotes too. Kinds are found out so
// that no value loses anything but digits of a float: a column in which a number
// starts with a needless zero is text. In JSON only strings can be texts, dates
// and times; the members of an object are columns named by their path, an array
// is a text. Where a kind is asked for, more is taken for it: numbers with such
// zeros, in JSON what stands in quotes, and what [Truth] and [Moment] read.
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
