// Package provenance says, in the field's own formats and signed, where models come
// from. It makes in-toto Statements v1: SLSA provenance v1 of what a job wrote, a
// test-result v0.1 of each gate, and a verification summary (VSA v1) for each time
// an alias moves; signs them in DSSE envelopes; and keeps them as Sigstore bundles
// v0.3 in JSON, which cosign and sigstore-go verify with the public key alone. It
// judges nothing: what it says is what the record, the version and the journal say.
//
// # What holds what
//
// The provenance of a job and the results of gates name the digest of the run's
// SHA256SUMS, which covers the whole record. The summary names the digest of
// the model's tree, of the journal's line and of the bundles it rests on. So
// whoever changes a byte of any of these needs the key.
//
// # Where the files are
//
//	runs/YYYY/MM/<id>/attest/job-<job>.provenance.json
//	runs/YYYY/MM/<id>/attest/gate-<n>.test-result.json
//	models/<model>/attest/<line>.summary.json     line of the journal that moved the alias
//
// # Keys
//
// A private key is PKCS #8 in PEM, ed25519 or ECDSA P-256; with a passphrase
// it is encrypted as openssl does (PBES2: PBKDF2 with HMAC-SHA-256, AES-256-CBC). A
// key's id is the SHA-256 of its public half (PKIX, DER) in hex, the hint of the
// bundle. Which keys are trusted for which
// models, and until when, a [Trust] says.
//
// # At once
//
// A [Key], a [Public], a [Trust] and a [File] do not change once they are made, so that any
// number of callers may use one at once. [Keep] writes a whole file or none; of two
// writers of one place the later one stays.
//
// Why go-securesystemslib for the envelopes and not sigstore-go for all: the first
// adds 0.3 MB and 0.2 ms of initialization, the second 15 MB and 370 packages
// for certificates and logs that a key of one's own does not use. A module beside
// this package (sigstoretest) holds what is written here against both sigstore-go
// and in-toto's own types.
package provenance
