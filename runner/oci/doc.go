// Package oci makes OCI artifacts of models and brings them to registries and
// back. An artifact has the media types of the CNCF's ModelPack specification
// (github.com/modelpack/model-spec, docs/spec.md and docs/config.md of v0.0.7),
// so that any registry keeps it and other clients read it. It knows the store's
// blobs and neither runs nor gates: what it says of a model it is told.
//
// # An artifact
//
// One manifest, one config and a layer a file, whose blob is the file itself: the
// store's blobs are sent as they lie, and nothing is stored twice. Weights are not
// compressed, as the specification advises: they hardly shrink, and a layer's digest
// is then the file's, which sha256sum tells. Only a symbolic link, which has no
// bytes, is a tar.
//
// The manifest is a function of the [Model] alone: no clock, no random, all sorted.
// A model that was packed once is that artifact for good ([Keep], [Find]), also if
// the same files come out of another run.
//
// # Transfers
//
// A registry is asked for what it has before anything is sent. Blobs travel several
// at a time; one whose connection breaks is tried again from the byte that it has come to:
// a pull by a range, a push where the registry tells how much it has. A pull grows in a
// folder beside the wanted one, which is renamed
// at the end: what carries the name is whole, and every byte of it was hashed on its
// way. What a broken pull leaves is used by the next. Archives, in which others pack
// folders, are unpacked up to a bound ([MaxRatio], [MaxUnpacked]).
//
// Why not oras.CopyGraph: it does not try a blob again, does not go on in its middle,
// and asks a question a blob before it learns that the whole artifact is there.
// Why oras-go at all: logins (config.json, helpers, tokens and their scopes),
// the registries' many answers, and referrers with their fallback to tags.
package oci
