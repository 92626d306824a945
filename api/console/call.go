package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"securitybot/api"
)

// refusal is a problem that the API told.
type refusal struct {
	Type   string      `json:"type"`
	Title  string      `json:"title"`
	Status int         `json:"status"`
	Detail string      `json:"detail"`
	Errors []api.Fault `json:"errors"`
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%d: %s", r.Status, r.Detail) }

// correctable tells that whoever typed something can type something better.
func (r *refusal) correctable() bool {
	switch r.Status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusTooManyRequests,
		http.StatusForbidden, http.StatusRequestEntityTooLarge, http.StatusServiceUnavailable, http.StatusNotFound:
		return true
	default:
		return false
	}
}

// answer is what the API says, kept.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer() *answer { return &answer{header: http.Header{}} }

// Header implements [http.ResponseWriter].
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements [http.ResponseWriter].
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements [http.ResponseWriter].
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// refused reads why the API did not do it.
func (a *answer) refused() error {
	told := &refusal{Status: a.status}
	if json.Unmarshal(a.body.Bytes(), told) != nil || told.Detail == "" {
		told.Detail = http.StatusText(a.status)
	}
	told.Status = a.status
	return told
}

// call asks the API as whoever is logged in, and reads its answer. A refusal is
// a *refusal.
func (x *exchange) call(method, target string, body, into any) error {
	answered, err := x.ask(method, target, body)
	if err != nil {
		return err
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(answered.body.Bytes(), into); err != nil {
		return fmt.Errorf("read the API's answer to %s: %w", method, err)
	}
	return nil
}

func (x *exchange) get(target string, into any) error {
	return x.call(http.MethodGet, target, nil, into)
}

func (x *exchange) post(target string, body, into any) error {
	return x.call(http.MethodPost, target, body, into)
}

func (x *exchange) ask(method, target string, body any) (*answer, error) {
	request, err := x.request(method, target, body)
	if err != nil {
		return nil, err
	}
	answered := newAnswer()
	x.console.opt.API.ServeHTTP(answered, request)
	if answered.status >= http.StatusBadRequest {
		return nil, answered.refused()
	}
	return answered, nil
}

// request is one to the API. Its context says who makes it.
func (x *exchange) request(method, target string, body any) (*http.Request, error) {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("write a request: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(x.r.Context(), method, target, bytes.NewReader(encoded))
	if err != nil {
		return nil, fmt.Errorf("make a request: %w", err)
	}
	request.Host, request.RemoteAddr = x.r.Host, x.r.RemoteAddr
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}

// download hands the API's answer on as it comes. A refusal is shown as a page.
func (x *exchange) download(target string) error {
	request, err := x.request(http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	passing := &passage{ResponseWriter: x.w, refused: newAnswer()}
	x.console.opt.API.ServeHTTP(passing, request)
	if passing.refused.status != 0 {
		return passing.refused.refused()
	}
	return nil
}

// passage lets an answer through, and keeps a refusal.
type passage struct {
	http.ResponseWriter
	refused *answer
}

// Header implements [http.ResponseWriter].
func (p *passage) Header() http.Header { return p.ResponseWriter.Header() }

// WriteHeader implements [http.ResponseWriter].
func (p *passage) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		p.refused.WriteHeader(status)
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (p *passage) Write(b []byte) (int, error) {
	if p.refused.status != 0 {
		return p.refused.Write(b)
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] flush.
func (p *passage) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// at is a path of the API with what people typed in it, escaped.
func at(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = url.PathEscape(part)
	}
	return "/v1/" + strings.Join(escaped, "/")
}

// with adds a query to a path.
func with(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}
