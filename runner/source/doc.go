// Package source brings bytes from an address into a store, verified: https://,
// http://, s3:// and gs://. It knows nothing of jobs and runs.
//
// # What is promised
//
// A download is streamed to a file of the store's scratch place, verified there,
// and only then given to the store: nobody sees half of it. A connection that is
// cut or silent for a minute is taken up again where it ended, if the server
// gave a validator (ETag, Last-Modified) and answers ranges; otherwise it begins
// anew. What may pass (a cut, a time-out, 408, 429, 5xx) is tried again with
// growing pauses, as long as bytes come; what will not (other 4xx, a wrong
// digest, a certificate) ends at once. Large objects of S3 come in several
// ranges at a time, each only if the object is still the same one.
//
// Redirects may lead from http to https and to nothing else. No message holds a
// user, a password or a query of an address: that is where signatures stand.
//
// # Why no S3 library
//
// Three requests are needed: HEAD, GET with a range, and a list. minio-go v7.4.1
// costs 1.5 MB, 14 modules, and 2 ms of init on each start of the program, which
// takes 5 in all; a run that has nothing to do pays that for nothing. The
// signature (AWS Signature Version 4) is 60 lines of two hashes, held to the examples
// that AWS documents and to a real server. The HTTP half is needed in any case.
package source
