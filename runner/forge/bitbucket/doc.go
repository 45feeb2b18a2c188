// Package bitbucket speaks to Bitbucket Cloud.
//
// # What Bitbucket does otherwise
//
// Comments show HTML as text, so a marker is a link definition that nobody
// refers to. Pull requests name their commits by 12 digits. A build status must
// have an address, and its key at most 40 characters. A deleted comment stays
// in the list.
//
// None of this was tried against bitbucket.org itself.
package bitbucket
