package temporalclient

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
)

var oldKey, newKey = strings.Repeat("0a", 32), strings.Repeat("0b", 32)

func converterOf(t *testing.T, keys string) converter.DataConverter {
	t.Helper()
	made, err := newCodec(keys)
	require.NoError(t, err)
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), made)
}

func TestPayloadsAreUnreadableWithoutTheKey(t *testing.T) {
	t.Parallel()
	const secret = "the id of an alert"
	written, err := converterOf(t, newKey).ToPayload(secret)
	require.NoError(t, err)
	require.NotContains(t, written.String(), secret)
	again, err := converterOf(t, newKey).ToPayload(secret)
	require.NoError(t, err)
	require.NotEqual(t, written.GetData(), again.GetData(), "equal values are not seen to be equal")

	var read string
	require.NoError(t, converterOf(t, newKey).FromPayload(written, &read))
	require.Equal(t, secret, read)
	require.ErrorContains(t, converterOf(t, oldKey).FromPayload(written, &read), "does not have")
}

func TestKeysCanBeChanged(t *testing.T) {
	t.Parallel()
	before, err := converterOf(t, oldKey).ToPayload("kept")
	require.NoError(t, err)
	both := converterOf(t, newKey+", "+oldKey)
	var read string
	require.NoError(t, both.FromPayload(before, &read))
	require.Equal(t, "kept", read)
	after, err := both.ToPayload("new")
	require.NoError(t, err)
	require.NoError(t, converterOf(t, newKey).FromPayload(after, &read), "the first one writes")
	require.Error(t, converterOf(t, oldKey).FromPayload(after, &read))
}

func TestAPayloadThatWasChanged(t *testing.T) {
	t.Parallel()
	written, err := converterOf(t, newKey).ToPayload("kept")
	require.NoError(t, err)
	for name, spoil := range map[string]func(*common.Payload){
		"a byte":    func(p *common.Payload) { p.Data[len(p.Data)-1] ^= 1 },
		"the nonce": func(p *common.Payload) { p.Data[0] ^= 1 },
		"cut":       func(p *common.Payload) { p.Data = p.Data[:4] },
		"the key":   func(p *common.Payload) { p.Metadata[keyIDName] = []byte("00000000") },
	} {
		spoilt := &common.Payload{
			Metadata: map[string][]byte{
				converter.MetadataEncoding: []byte(encodingName), keyIDName: written.GetMetadata()[keyIDName],
			},
			Data: append([]byte(nil), written.GetData()...),
		}
		spoil(spoilt)
		var read string
		require.Error(t, converterOf(t, newKey).FromPayload(spoilt, &read), name)
	}
}

func TestWhatWasWrittenBeforeThereWasAKey(t *testing.T) {
	t.Parallel()
	plain, err := converter.GetDefaultDataConverter().ToPayload("plain")
	require.NoError(t, err)
	var read string
	require.NoError(t, converterOf(t, newKey).FromPayload(plain, &read))
	require.Equal(t, "plain", read)
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, keys := range []string{"", "abcd", strings.Repeat("zz", 32), newKey + ",", newKey + "00"} {
		_, err := newCodec(keys)
		require.Error(t, err, keys)
	}
}
