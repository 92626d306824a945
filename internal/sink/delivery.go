package sink

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	deliveryTimeout = 10 * time.Second
	maxAnswer       = 64 << 10  // bytes read of an answer, to use the connection again
	maxRetryAfter   = time.Hour // a case can't wait longer because somebody says so
)

// CheckURL tells whether cases may be sent to an address: https, or http on this
// machine. The error doesn't say the address, which may hold a secret.
func CheckURL(address string) error {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Hostname() == "" {
		return errors.New("the address is not a URL")
	}
	if parsed.Scheme == "https" || (parsed.Scheme == "http" && loopback(parsed.Hostname())) {
		return nil
	}
	return errors.New("the address must be https, or http on this machine")
}

func loopback(host string) bool {
	address := net.ParseIP(host)
	return host == "localhost" || (address != nil && address.IsLoopback())
}

// HTTPClient is what [Deliver] wants: a client with a time limit that follows no
// redirect, which would carry a case to an address that nobody configured. given may
// be nil; else it is copied.
func HTTPClient(given *http.Client) *http.Client {
	client := &http.Client{}
	if given != nil {
		*client = *given
	}
	if client.Transport == nil {
		client.Transport = &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			IdleConnTimeout: time.Minute, TLSHandshakeTimeout: deliveryTimeout,
		}
	}
	client.Timeout = cmp.Or(client.Timeout, deliveryTimeout)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Deliver sends a case over HTTP; taken tells which status says that it arrived. What
// the endpoint finds wrong with the request is final, the rest may pass. The error is
// an *Error that says neither the address nor the answer, which may repeat what was sent.
func Deliver(client *http.Client, request *http.Request, taken func(status int) bool) error {
	response, err := client.Do(request) //nolint:gosec // the address is the operator's, see CheckURL
	if err != nil {
		return &Error{Err: bare(err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer)
	status := response.StatusCode
	if taken(status) {
		return nil
	}
	return &Error{Refused: final(status), Status: status, RetryAfter: retryAfter(response.Header)}
}

func final(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.ParseUint(header.Get("Retry-After"), 10, 32)
	if err != nil {
		return 0
	}
	return min(time.Duration(seconds)*time.Second, maxRetryAfter)
}

// bare takes the address off an error.
func bare(err error) error {
	if address, ok := errors.AsType[*url.Error](err); ok {
		return address.Err
	}
	return err
}
