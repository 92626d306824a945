package temporalclient

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encodingName = "binary/encrypted"
	keyIDName    = "encryption-key-id"
)

// codec encrypts payloads with AES-256-GCM, each under a nonce of its own and
// bound to its key's id. It reads what any of its keys wrote.
type codec struct {
	current string // the id of the key that writes
	ciphers map[string]cipher.AEAD
}

var _ converter.PayloadCodec = (*codec)(nil)

// newCodec takes keys in hex with commas between them: the first one writes.
func newCodec(keys string) (*codec, error) {
	made := &codec{ciphers: map[string]cipher.AEAD{}}
	for text := range strings.SplitSeq(keys, ",") {
		key, err := hex.DecodeString(strings.TrimSpace(text))
		if err != nil || len(key) != 32 {
			return nil, errors.New("a payload key is not 32 bytes in hex")
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("use payload key: %w", err)
		}
		sealed, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("use payload key: %w", err)
		}
		sum := sha256.Sum256(append([]byte("securitybot payload key id "), key...))
		id := hex.EncodeToString(sum[:4])
		made.ciphers[id] = sealed
		if made.current == "" {
			made.current = id
		}
	}
	return made, nil
}

// Encode implements [converter.PayloadCodec].
func (c *codec) Encode(payloads []*common.Payload) ([]*common.Payload, error) {
	encoded := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		plain, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("write payload: %w", err)
		}
		sealer := c.ciphers[c.current]
		nonce := make([]byte, sealer.NonceSize())
		_, _ = rand.Read(nonce) // never fails
		encoded[i] = &common.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingName), keyIDName: []byte(c.current),
			},
			Data: sealer.Seal(nonce, nonce, plain, []byte(c.current)),
		}
	}
	return encoded, nil
}

// Decode implements [converter.PayloadCodec]. What was never encrypted is read as
// it is: it may be from before there was a key, and nothing is decided by it.
func (c *codec) Decode(payloads []*common.Payload) ([]*common.Payload, error) {
	decoded := make([]*common.Payload, len(payloads))
	for i, payload := range payloads {
		if string(payload.GetMetadata()[converter.MetadataEncoding]) != encodingName {
			decoded[i] = payload
			continue
		}
		plain, err := c.open(string(payload.GetMetadata()[keyIDName]), payload.GetData())
		if err != nil {
			return nil, err
		}
		decoded[i] = &common.Payload{}
		if err := proto.Unmarshal(plain, decoded[i]); err != nil {
			return nil, fmt.Errorf("read payload: %w", err)
		}
	}
	return decoded, nil
}

func (c *codec) open(keyID string, sealed []byte) ([]byte, error) {
	opener, ok := c.ciphers[keyID]
	if !ok || len(sealed) < opener.NonceSize() {
		return nil, fmt.Errorf("payload is encrypted with key %.16q, which this process does not have", keyID)
	}
	plain, err := opener.Open(nil, sealed[:opener.NonceSize()], sealed[opener.NonceSize():], []byte(keyID))
	if err != nil {
		return nil, fmt.Errorf("decrypt payload: %w", err)
	}
	return plain, nil
}
