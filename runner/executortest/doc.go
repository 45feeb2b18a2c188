// Package executortest holds the conformance suite that every
// [runner.Executor] must pass, and what its tests need: an agent as a program
// of its own ([BuildAgent]) and as a mode of the test's own binary ([Command]).
//
// Scripts in the suite are POSIX sh and use nothing that busybox lacks, so that
// an image with a static busybox is enough. What a place cannot do by its
// nature, such as limiting memory without a container, it declares in
// [Options.Cannot]; the suite then skips those cases.
package executortest
