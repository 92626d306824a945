package duo

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

const (
	integrationKey = "DIPLANTEDINTEGRATION"
	secretKey      = "planted-secret-key-of-duo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answer is one reply of the stand-in for Duo.
type answer struct {
	status int // 0 is 200
	header map[string]string
	body   string
	hang   bool
	reset  bool
}

// received is one request that the stand-in saw.
type received struct {
	path   string
	values url.Values
	length int64
}

// server stands in for Duo's Auth API: each path has a queue of answers, the last
// of which stays. It refuses what isn't signed as Duo's documentation says.
type server struct {
	http    *httptest.Server
	mu      sync.Mutex
	answers map[string][]answer
	calls   []received
	seen    chan struct{}
}

const (
	onePhone = `{"stat":"OK","response":{"result":"auth","status_msg":"Account is active","devices":[
		{"device":"DTOKEN","type":"token","capabilities":["mobile_otp"]},
		{"device":"DPHONE","type":"phone","capabilities":["auto","push","sms"]}]}}`
	pushed = `{"stat":"OK","response":{"txid":"tx-1"}}`
)

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{answers: map[string][]answer{}, seen: make(chan struct{}, 100)}
	s.http = httptest.NewTLSServer(s)
	t.Cleanup(s.http.Close)
	s.on("preauth", answer{body: onePhone})
	s.on("auth", answer{body: pushed})
	return s
}

func (s *server) on(path string, answers ...answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answers
}

func (s *server) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	reply := s.next(request)
	switch {
	case reply.hang:
		<-request.Context().Done()
		return
	case reply.reset:
		reset(w)
		return
	}
	for name, value := range reply.header {
		w.Header().Set(name, value)
	}
	if reply.status != 0 {
		w.WriteHeader(reply.status)
	}
	_, _ = io.WriteString(w, reply.body)
}

func reset(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}

func (s *server) next(request *http.Request) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := request.ParseForm(); err != nil {
		return answer{status: http.StatusBadRequest}
	}
	path := strings.TrimPrefix(request.URL.Path, "/auth/v2/")
	s.calls = append(s.calls, received{path: path, values: request.Form, length: request.ContentLength})
	select {
	case s.seen <- struct{}{}:
	default:
	}
	want := signature(integrationKey, secretKey, request.Header.Get("Date"), request.Method, request.Host, request.URL.Path, request.Form)
	if !hmac.Equal([]byte(request.Header.Get("Authorization")), []byte(want)) {
		return answer{status: http.StatusUnauthorized, body: `{"stat":"FAIL","code":40103,"message":"Invalid signature"}`}
	}
	queue := s.answers[path]
	if len(queue) == 0 {
		return answer{status: http.StatusNotFound, body: `{"stat":"FAIL","code":40401}`}
	}
	if len(queue) > 1 {
		s.answers[path] = queue[1:]
	}
	return queue[0]
}

func (s *server) got(path string) []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []received
	for _, call := range s.calls {
		if call.path == path {
			calls = append(calls, call)
		}
	}
	return calls
}

// signature is Duo's rule in our own words, see duo.com/docs/authapi.
func signature(ikey, skey, date, method, host, path string, values url.Values) string {
	canon := strings.Join([]string{
		date, strings.ToUpper(method), strings.ToLower(host), path,
		strings.ReplaceAll(values.Encode(), "+", "%20"),
	}, "\n")
	mac := hmac.New(sha512.New, []byte(skey))
	_, _ = io.WriteString(mac, canon)
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(ikey+":"+hex.EncodeToString(mac.Sum(nil))))
}

// caFile writes the stand-in's certificate where New can read it.
func (s *server) caFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.http.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, block, 0o600))
	return file
}

// phone is the factor at the stand-in.
func phone(t *testing.T, s *server) *Duo {
	t.Helper()
	d, err := New(Options{
		IntegrationKey: integrationKey, SecretKey: secretKey,
		Host: strings.TrimPrefix(s.http.URL, "https://"), CAFile: s.caFile(t),
	})
	require.NoError(t, err)
	t.Cleanup(d.Close)
	return d
}

// nobody is an address where nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// The vector is Duo's own, from its documentation and its clients' tests.
func TestOurSignatureIsDuos(t *testing.T) {
	t.Parallel()
	got := signature("DIWJ8X6AEYOR5OMC6TQ1", "Zh5eGmUq9zpfQnyUIu5OL9iWoMMv5ZNmk3zLJ4Ep",
		"Tue, 21 Aug 2012 17:29:18 -0000", "POST", "api-XXXXXXXX.duosecurity.com", "/accounts/v1/account/list",
		url.Values{"realname": {"First Last"}, "username": {"root"}})
	require.Equal(t, "Basic RElXSjhYNkFFWU9SNU9NQzZUUTE6MWJmZmI4OTI0MzQ4ZjdkYjdkYTllN2Q3ZDc0OWRlZDkzYWFmZDAyZDhlOTA0OTYwZGE3Yjk2YzU3NTEwMjIwMTg1YTY0YTI4MjdlZThmMjRhYzVkMzA4MDJhOWVlOTdlNTlkZTQ0YjMwNGIxODI0MmYwZDU5NmQxNWE4MTIyYWY=", got)
}

// deadline is how long a test waits for what must come.
const deadline = 10 * time.Second
