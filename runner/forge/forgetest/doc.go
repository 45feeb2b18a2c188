// Package forgetest holds fake forges that remember what they are told, and the
// conformance suite that every [forge.Forge] must pass, against a fake or a
// real one ([Run]).
//
// # Fakes
//
// [NewGitHub], [NewGitLab] and [NewBitbucket] make one repository, acme/churn. A
// fake is an [http.RoundTripper] for tests inside a synctest bubble, where its
// answers take time that nobody waits for, and a server on the loopback for
// programs ([Server.Start]). It can fail on demand ([Fault]).
//
// The fake GitHub holds each request and each of its own answers against
// GitHub's description of its API, so that neither side of a test can be wrong
// in the same way. What that description leaves out and GitHub does all the
// same is written down where the fake does it.
package forgetest
