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
package source
