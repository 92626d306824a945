package duo

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	duoapi "github.com/duosecurity/duo_api_golang"
	"github.com/duosecurity/duo_api_golang/authapi"
)

const (
	userAgent   = "securitybot"
	maxAnswer   = 1 << 20
	dialTimeout = 5 * time.Second
)

// client is the library made fit for use: each call has a context, is made once,
// and tells a rate limit from an outage. The library by itself has no context,
// may wait for ever, and after a 429 sends the same request with an empty body.
type client struct {
	base   *duoapi.DuoApi
	pinned *http.Transport // the library's own: it carries the CAs that Duo pins
}

func newClient(options Options) (*client, error) {
	var pool *x509.CertPool // nil keeps the pinned CAs
	if options.CAFile != "" {
		var err error
		if pool, err = readCAs(options.CAFile); err != nil {
			return nil, err
		}
	}
	c := &client{}
	c.base = duoapi.NewDuoApi(options.IntegrationKey, options.SecretKey, options.Host, userAgent,
		duoapi.SetTransport(func(transport *http.Transport) {
			c.pinned = transport
			transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
			transport.TLSHandshakeTimeout = dialTimeout
			transport.IdleConnTimeout = time.Minute
			transport.TLSClientConfig.MinVersion = tls.VersionTLS12
			if pool != nil {
				transport.TLSClientConfig.RootCAs = pool
			}
		}))
	return c, nil
}

func readCAs(file string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read Duo CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("read Duo CA file: no certificate in it")
	}
	return pool, nil
}

// with gives the API for one call within ctx, and tells whether its request had a
// connection to leave by. A second call needs its own: the signature is over the time.
func (c *client) with(ctx context.Context) (*authapi.AuthApi, *atomic.Bool) {
	sent := new(atomic.Bool)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { sent.Store(true) },
	})
	once := *c.base
	once.SetCustomHTTPClient(&http.Client{Transport: roundTripper(func(request *http.Request) (*http.Response, error) {
		return c.roundTrip(request.Clone(ctx))
	})})
	return authapi.NewAuthApi(once), sent
}

// roundTripper lives for one call, whose context it puts on the request.
type roundTripper func(*http.Request) (*http.Response, error)

func (t roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return t(request) }

// limitedError is a 429.
type limitedError struct{ after time.Duration }

func (e *limitedError) Error() string { return "Duo's rate limit is reached" }

// statusError is an answer that can't be Duo's word on the request. A redirect is
// one: a signed request is for Duo alone, so it is never followed.
type statusError struct{ code int }

func (e *statusError) Error() string { return fmt.Sprintf("Duo answered with status %d", e.code) }

func (c *client) roundTrip(request *http.Request) (*http.Response, error) {
	if err := buffer(request); err != nil {
		return nil, err
	}
	response, err := c.pinned.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	switch {
	case response.StatusCode == http.StatusTooManyRequests:
		_ = response.Body.Close()
		return nil, &limitedError{after: retryAfter(response.Header)}
	case response.StatusCode >= 500, response.StatusCode >= 300 && response.StatusCode < 400:
		_ = response.Body.Close()
		return nil, &statusError{code: response.StatusCode}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxAnswer), response.Body}
	return response, nil
}

// buffer gives a request its Content-Length; the library would send it in chunks,
// which some proxies pass on empty.
func buffer(request *http.Request) error {
	if request.Body == nil {
		return nil
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return fmt.Errorf("read request body: %w", err)
	}
	request.ContentLength = int64(len(body))
	request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	request.Body, err = request.GetBody()
	return err
}

// unsaidWait is how long to wait after a 429 that doesn't say.
const unsaidWait = 10 * time.Second

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 16)
	if err != nil {
		return unsaidWait
	}
	return time.Duration(seconds) * time.Second
}

// bare takes the address off an error: it has a host and a transaction in it.
func bare(err error) error {
	if address, ok := errors.AsType[*url.Error](err); ok {
		return address.Err
	}
	return err
}
