package main

import "slices"

// rows is the table of all rows, in the order they run: those that the
// machine's memory matters to come first.
func rows() []row {
	return slices.Concat(startRows(), noopRows(), hostRows(), memoryRows(), yamlRows(), reportRows(), maskRows(), profileRows(), driftRows(), evaluateRows(), indexRows(), fileRows(), ociRows(), shareRows(), dockerRows())
}
