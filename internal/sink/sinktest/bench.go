package sinktest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"securitybot/internal/sink"
)

// bench is one test's target and the endpoint that it sends to.
type bench struct {
	*testing.T
	subject Subject
	target  sink.CaseTarget
	url     string

	mu     sync.Mutex
	answer http.HandlerFunc
	bodies [][]byte
}

func setup(t *testing.T, subject Subject) *bench {
	t.Helper()
	b := &bench{T: t, subject: subject}
	b.answers(subject.Taken, nil)
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	b.url = server.URL
	b.target = subject.New(t, server.URL)
	return b
}

// ServeHTTP keeps what comes in and answers as the test wants.
func (b *bench) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	b.mu.Lock()
	if err == nil {
		b.bodies = append(b.bodies, body)
	}
	answer := b.answer
	b.mu.Unlock()
	answer(w, request)
}

func (b *bench) answersBy(answer http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = answer
}

// answers lets the endpoint give one status to all, and repeat what it was sent, as
// some do to explain what is wrong with it.
func (b *bench) answers(status int, header map[string]string) {
	b.answersBy(func(w http.ResponseWriter, request *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		if status != http.StatusNoContent {
			_, _ = io.WriteString(w, "wrong: "+request.URL.Path) //nolint:gosec // no browser reads it
			_, _ = w.Write(b.last())
		}
	})
}

// got gives the bodies of all requests so far.
func (b *bench) got() [][]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([][]byte{}, b.bodies...)
}

func (b *bench) last() []byte {
	all := b.got()
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// texts are all texts of the last body, which has to be JSON.
func (b *bench) texts() []string {
	b.Helper()
	require.True(b, utf8.Valid(b.last()))
	var body any
	require.NoError(b, json.Unmarshal(b.last(), &body))
	return textsOf(body)
}

func textsOf(value any) []string {
	var texts []string
	switch value := value.(type) {
	case string:
		texts = append(texts, value)
	case []any:
		for _, inner := range value {
			texts = append(texts, textsOf(inner)...)
		}
	case map[string]any:
		for _, inner := range value {
			texts = append(texts, textsOf(inner)...)
		}
	}
	return texts
}

// failure is what an error says, checked for what it must not say.
func (b *bench) failure(err error) *sink.Error {
	b.Helper()
	failed, ok := errors.AsType[*sink.Error](err)
	require.True(b, ok, "%v", err)
	b.clean(err.Error())
	return failed
}

// clean fails if a text has a secret or what a case says.
func (b *bench) clean(text string) {
	b.Helper()
	for _, secret := range b.subject.Secrets {
		require.NotContains(b, text, secret)
	}
	told := Told(sink.Opened)
	for _, personal := range []string{told.Person.Email, told.Explanation, told.Title} {
		require.NotContains(b, text, personal)
	}
}
