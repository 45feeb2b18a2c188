package agent

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// LearntFile is where an agent that has a key (Secrets.Key) keeps the values that
// were masked while the job ran, as soon as they are: for whoever masks what the
// agent does not see, such as the logs of services.
//
// Why encrypted, and in a file: the values must be there when the agent was
// killed and when its event stream was lost, so they have to lie somewhere; and
// who reads the disk, also after a crash that left the file behind, must not get
// them. The key is in the memory of the runner and of the agent alone.
const LearntFile = "learnt"

// maxLearnt bounds what is read of the file, which a job can write to, in bytes.
const maxLearnt = 64 << 20

// NewKey returns a key for Secrets.Key.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// A keeper writes learnt values. The nil keeper drops them.
type keeper struct {
	seal cipher.AEAD

	mu   sync.Mutex // guards all below
	file *os.File
	kept map[string]bool
	err  error // the first that writing met
}

func sealer(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("key of learnt values: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(b)
}

// openKeeper makes the file of the control directory; nil without a key.
func openKeeper(dir string, s *Secrets) (*keeper, error) {
	if s == nil || len(s.Key) == 0 {
		return nil, nil
	}
	seal, err := sealer(s.Key)
	if err != nil {
		return nil, err
	}
	f, err := reopenOwn(dir, LearntFile, os.O_WRONLY|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	return &keeper{seal: seal, file: f, kept: map[string]bool{}}, nil
}

func (k *keeper) keep(value string) {
	if k == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept[value] || k.err != nil {
		return
	}
	k.kept[value] = true
	line := base64.StdEncoding.EncodeToString(k.seal.Seal(nil, nil, []byte(value), nil))
	_, k.err = k.file.WriteString(line + "\n")
}

// close fails if a value could not be kept.
func (k *keeper) close() error {
	if k == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return errors.Join(k.err, k.file.Close())
}

// ReadLearnt returns the values of a LearntFile. A line that a kill cut off is
// left out. It fails if what stands there was not written with the key; then the
// values before it come back.
func ReadLearnt(r io.Reader, key []byte) (values []string, err error) {
	seal, err := sealer(key)
	if err != nil {
		return nil, err
	}
	for in := bufio.NewReader(io.LimitReader(r, maxLearnt)); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return values, fmt.Errorf("values that the job masked: %w", err)
		}
		sealed, err := base64.StdEncoding.DecodeString(string(bytes.TrimSuffix(line, []byte("\n"))))
		if err == nil {
			sealed, err = seal.Open(nil, nil, sealed, nil)
		}
		if err != nil {
			return values, errors.New("values that the job masked: something else was written among them")
		}
		values = append(values, string(sealed))
	}
}
