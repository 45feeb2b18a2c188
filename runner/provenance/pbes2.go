package provenance

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Object identifiers of RFC 8018 and of NIST.
var (
	oidPBES2      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC  = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
)

// The parts of PKCS #8's EncryptedPrivateKeyInfo with PBES2 (RFC 5958, RFC 8018).
type (
	encryptedKey struct {
		Algorithm struct {
			ID     asn1.ObjectIdentifier
			Params pbes2
		}
		Data []byte
	}
	pbes2 struct {
		KDF struct {
			ID     asn1.ObjectIdentifier
			Params kdf
		}
		Cipher struct {
			ID asn1.ObjectIdentifier
			IV []byte
		}
	}
	kdf struct {
		Salt   []byte
		Rounds int
		Length int                      `asn1:"optional"`
		PRF    pkix.AlgorithmIdentifier `asn1:"optional"`
	}
)

const (
	rounds    = 600_000 // OWASP's figure for PBKDF2 with HMAC-SHA-256; 0.1 s
	maxRounds = 10_000_000
)

// encrypt wraps a key in PKCS #8 as `openssl pkcs8 -topk8 -v2 aes-256-cbc` does.
func encrypt(der []byte, passphrase string) ([]byte, error) {
	var k encryptedKey
	k.Algorithm.ID = oidPBES2
	p := &k.Algorithm.Params
	p.KDF.ID, p.Cipher.ID = oidPBKDF2, oidAES256CBC
	p.KDF.Params = kdf{Salt: make([]byte, 16), Rounds: rounds, PRF: pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256, Parameters: asn1.NullRawValue}}
	p.Cipher.IV = make([]byte, aes.BlockSize)
	rand.Read(p.KDF.Params.Salt) // never fails
	rand.Read(p.Cipher.IV)
	block, err := p.block(passphrase)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(der)%aes.BlockSize
	k.Data = append(bytes.Clone(der), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, p.Cipher.IV).CryptBlocks(k.Data, k.Data)
	return asn1.Marshal(k)
}

// decrypt unwraps it again.
func decrypt(data []byte, passphrase string) ([]byte, error) {
	var k encryptedKey
	if rest, err := asn1.Unmarshal(data, &k); err != nil || len(rest) > 0 {
		return nil, errors.New("encrypted key: want PBES2 with PBKDF2 and AES-256-CBC, as openssl pkcs8 -topk8 writes")
	}
	p := &k.Algorithm.Params
	if !k.Algorithm.ID.Equal(oidPBES2) || !p.KDF.ID.Equal(oidPBKDF2) || !p.Cipher.ID.Equal(oidAES256CBC) || !p.KDF.Params.PRF.Algorithm.Equal(oidHMACSHA256) {
		return nil, errors.New("encrypted key: want PBES2 with PBKDF2, HMAC-SHA-256 and AES-256-CBC")
	}
	if p.KDF.Params.Rounds < 1 || p.KDF.Params.Rounds > maxRounds || len(p.Cipher.IV) != aes.BlockSize || len(k.Data) == 0 || len(k.Data)%aes.BlockSize != 0 {
		return nil, errors.New("encrypted key: damaged")
	}
	block, err := p.block(passphrase)
	if err != nil {
		return nil, err
	}
	cipher.NewCBCDecrypter(block, p.Cipher.IV).CryptBlocks(k.Data, k.Data)
	pad := int(k.Data[len(k.Data)-1])
	if pad < 1 || pad > aes.BlockSize || !bytes.HasSuffix(k.Data, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrPassphrase
	}
	der := k.Data[:len(k.Data)-pad]
	// A wrong passphrase leaves a right padding once in 256 times.
	if rest, err := asn1.Unmarshal(der, new(asn1.RawValue)); err != nil || len(rest) > 0 {
		return nil, ErrPassphrase
	}
	return der, nil
}

func (p *pbes2) block(passphrase string) (cipher.Block, error) {
	key, err := pbkdf2.Key(sha256.New, passphrase, p.KDF.Params.Salt, p.KDF.Params.Rounds, 32)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	return aes.NewCipher(key)
}
