package action

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
)

// Ask is the outcome of a step that asks whoever runs it for something that is done when
// the run has ended: request, as JSON, kept with the record of its job in a file whose name
// begins with prefix. A job may ask for several things; the same twice is one.
func Ask(prefix string, request any) (Outcome, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return Outcome{}, err
	}
	sum := sha256.Sum256(data)
	return Outcome{Files: map[string][]byte{fmt.Sprintf("%s%x.json", prefix, sum[:6]): data}}, nil
}
