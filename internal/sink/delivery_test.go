package sink_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sink"
)

func TestASilentEndpointIsGivenUp(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		<-request.Context().Done()
	}))
	t.Cleanup(silent.Close)
	require.Equal(t, 10*time.Second, sink.HTTPClient(nil).Timeout)
	client := sink.HTTPClient(&http.Client{Timeout: 50 * time.Millisecond})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, silent.URL+"/planted", nil)
	require.NoError(t, err)
	err = sink.Deliver(client, request, func(int) bool { return true })
	failed := sink.FailureOf(err)
	require.Error(t, err)
	require.False(t, failed.Refused)
	require.Zero(t, failed.Status)
	require.NotContains(t, err.Error(), "planted")
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://soc.example.com/hook", "http://localhost:1/", "http://127.0.0.1", "http://[::1]:1/"} {
		require.NoError(t, sink.CheckURL(address))
	}
	for _, address := range []string{
		"", "planted", "https://", "https://\x00planted", "http://soc.example.com/planted", "file:///planted",
		"http://127.0.0.1.example.com/planted", "http://localhost.example.com/planted", "ftp://localhost/planted",
	} {
		err := sink.CheckURL(address)
		require.Error(t, err, address)
		require.NotContains(t, err.Error(), "planted")
	}
}
