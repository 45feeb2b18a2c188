//go:build !linux

package disk

// SyncAll syncs the files one by one: there is no call for a file system.
func (d Real) SyncAll(_ string, files []string) (calls int64, err error) {
	for _, path := range files {
		calls++
		if err := d.Sync(path); err != nil {
			return calls, err
		}
	}
	return calls, nil
}
