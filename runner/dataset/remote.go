package dataset

import (
	"strings"

	"github.com/mlops-runner/mlops/runner/store"
)

// A Remote is a dataset at an address.
type Remote struct {
	Name    string       // of the dataset
	Address string       // https://, http://, s3:// or gs://
	Pin     store.Digest // that the content must have; zero if whatever is there will do
	Folder  bool         // everything below the address
}

// Fetched is what came from an address.
type Fetched struct {
	Digest store.Digest // of the file, or of the folder's manifest
	Size   int64        // bytes of all files
	Files  int
	// Tags are what the server calls the content of each file (version id or ETag),
	// by path in the folder, "" for a file by itself.
	Tags map[string]string
}

// Shown is the address of a dataset without what might be secret in it: user and
// password, and of a web address all behind the path, where signatures stand.
func Shown(address string) string {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok {
		return address
	}
	if strings.HasPrefix(scheme, "http") {
		if i := strings.IndexAny(rest, "?#"); i >= 0 {
			rest = rest[:i]
		}
	}
	host, file, slash := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if slash {
		host += "/"
	}
	return scheme + "://" + host + file
}
