// Package concurrency keeps runs and jobs apart that must not be at work at once: the
// concurrency groups of an mlops.yaml. A group has a name and belongs to a store;
// whoever shares the store, in whatever folder or process, shares its groups.
//
// # Rules, after GitHub Actions
//
// One member of a group is at work, one may be pending. Who comes while one is
// at work becomes pending, in the place of an older pending one, which is
// replaced and never works. When the one at work leaves, the pending one follows.
// A newcomer may ask the one at work to stop (cancel-in-progress). Names are the
// same whatever their case.
//
// Members that nobody trusts wait like others, and stop and replace nobody but
// their like: a stranger can choose the name of his branch, of which groups are
// often made, and is not to end the runs of others with it.
//
// # Files
//
// Below groups/ in the store:
//
//	lock          held while the files below are looked at or changed: microseconds
//	NAME.json     who is at work and who is pending; NAME is a digest of the group's
//	NAME.TICKET   one for each of the two, locked as long as it lives
//
// Whether a member lives is told by the lock of its ticket, which the kernel
// gives back however it dies. So no number of a process is trusted, members see
// each other through walls between containers, and kill -9 frees a group at once.
//
// # Why a member is asked by a file, and not by SIGTERM
//
// What is to stop may be one job of a run, or one run of a service that has
// several: a signal would end all of them. It may run as another user, or in a
// container where its number means nothing. Each member watches the folder of the
// groups, so asking takes as long as a signal would, and the one that is asked can
// say by whom.
package concurrency
