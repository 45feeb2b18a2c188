// Package s3 speaks to servers of objects by the protocol of Amazon's S3: it
// reads, writes, lists and removes objects of one bucket, also only if they are
// still what the caller saw. It knows nothing of what the objects hold.
//
// # What is promised
//
// What may pass (a cut, a time-out, 408, 429, 5xx) is tried again with growing
// pauses; what will not (other 4xx, a certificate) ends at once. A bucket in
// another region is found by what the server says. Every byte that is written is
// signed for, so the server refuses what was damaged on the way. No message holds
// a key.
//
// # Why no library
//
// minio-go v7.4.1 costs 1.5 MB, 14 modules, and 2 ms of init on each start of
// the program, which takes 5 in all; a run that has nothing to do pays that for
// nothing. This package, with uploads in parts, is some 600 lines and 0.1 MB, since
// net/http is in the program anyway. The signature (AWS Signature Version 4) is two
// hashes, held to the examples that AWS documents and to a real server.
package s3
