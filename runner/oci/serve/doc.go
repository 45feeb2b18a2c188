// Package serve is a registry of OCI artifacts over a store: what other
// registries hold, docker, skopeo and oras can push to it and pull from it, and
// its blobs are the store's. It speaks the OCI distribution specification 1.1
// (github.com/opencontainers/distribution-spec, spec.md), referrers and ranges
// with it; the protocol is done by cuelabs.dev/go/oci/ociregistry, which weighs a
// fifth of docker's own registry and knows referrers.
//
// # What is kept
//
// All of it is in the store's refs, so that garbage collection keeps it:
//
//	refs/registry/<repository>/_manifests/<hex>  tree of: manifest, type, blobs/<hex>...
//	refs/registry/<repository>/_tags/<tag>@      digest of a manifest
//
// A manifest's ref is written after all that it names is in the store: a push that
// breaks off leaves nothing that can be pulled. Unfinished uploads are files under
// registry/uploads of the store, and go on after the server was started anew; they
// are removed a day after their last byte.
//
// Repositories below models/ are another's, a [Shelf]'s: they show what the store knows
// anyway, by tags that are asked for each time, and nobody pushes to them.
//
// # Who may read what
//
// The store holds more than what was pushed here: datasets, logs. A repository
// shows the blobs alone that one of its manifests names, or that were pushed to it
// since the server started. A digest is no permission.
package serve
