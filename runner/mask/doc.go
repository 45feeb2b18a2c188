// Package mask takes secret values out of text, in all the forms in which
// programs print them, also where a value is spread over several writes.
//
// A [Set] holds the values; it may grow while it is in use. [Set.Text] masks a
// short text, a [Writer] a stream. Every hit, and every run of hits that overlap
// or touch, becomes three asterisks, whatever its length: how long a secret is
// says something about it.
//
// # Forms
//
// Of each value are found: the value, without the blanks around it, each of its
// lines of at least [MinLength] bytes, and of each of these
//
//   - base64 in both alphabets, at each of the three places where a value can
//     begin inside of a longer text: the characters that depend on nothing but
//     the value, and as the end of the text with and without padding; and the
//     lines of 76 and 64 characters in which tools break it;
//   - hexadecimal digits, lower and upper, and every four bytes of the value as
//     od, xxd and hexdump print them, in ones and twos, also in octal and decimal
//     numbers with and without sign, as the numbers of xxd -i and the characters of
//     od -c, whatever their lines break;
//   - of values of up to 256 bytes, the bytes as two hexadecimal digits each with
//     colons, dashes or blanks between them, as \x41, as 0x41 with commas, and as
//     decimal numbers with commas, in one line;
//   - URL escapes, with digits of both cases, more or fewer characters spared,
//     and + for a blank;
//   - the escapes of JSON (also twice, and with < > & as \u003c), of shells
//     (single and double quotes, backslashes, $'...'), of Go, Python, HTML, and a
//     doubled single quote.
//
// All of this is found, too, where escape sequences stand in it, as programs
// write them that colour a part of a word.
//
// What is not found: a value that was encrypted, compressed, reversed or cut
// into pieces, numbers of its bytes in other bases (xxd -b prints bits), of more than
// two bytes (od -t x4) or with other things between them, the last three bytes or
// fewer of a line of a dump, base64 that is broken into lines of other lengths. A job
// that wants to give a secret away can do so; masking guards against accidents.
//
// # How it works
//
// All forms of all values make one Aho-Corasick automaton
// (https://doi.org/10.1145/360825.360855). Where the automaton is at its root, a
// table of the three-byte blocks of all forms tells how far no form can begin
// (as in Wu and Manber, A fast algorithm for multi-pattern searching, 1994), so
// that ordinary text is looked at in every fourth byte or so. Dumps in numbers
// would spoil that, as every three digits are in one of them: of those, blocks
// around the blanks count, and six bytes must fit before the automaton starts.
//
// Why own code: the libraries of this kind search in texts that are there as a
// whole. Those in CI systems that do stream hold back too little where values
// overlap and leak (two of three that were tried did).
//
// Why the automaton is not one dense table: forms are long and share few
// prefixes, so that nearly all states have one successor. These keep that and a
// failure link; only states that branch have a row over the classes of bytes.
// A private key of 50 lines takes 8 MB so, and 60 with rows for all.
package mask
