// Package profile describes a table in a few kilobytes for each column: counts,
// moments, a histogram, the commonest values and how many differ. A profile is
// made in one pass, profiles of parts are merged into that of the whole, and two
// are compared without the data they describe.
package profile
