// Package record keeps what is known of a run: what it was asked, on which
// code, data and machine it ran, what each job did and which metrics came out.
// It reads the metrics that jobs report. It executes nothing, judges nothing,
// and holds no secrets: whoever fills in a record must leave them out.
package record
