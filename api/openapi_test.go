package api_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
	"github.com/stretchr/testify/require"

	"securitybot/api"
)

// described is the document, and what checks answers against it.
type described struct {
	document v3.Document
	mu       sync.Mutex // the validator is for one at a time
	validate validator.Validator
	seen     sync.Map // what was checked, for that takes its time
}

var describe = sync.OnceValues(func() (*described, error) {
	document, err := libopenapi.NewDocument(api.Description())
	if err != nil {
		return nil, err
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	validate, errs := validator.NewValidator(document)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	return &described{document: model.Model, validate: validate}, nil
})

func description(t *testing.T) *described {
	t.Helper()
	made, err := describe()
	require.NoError(t, err)
	return made
}

func TestTheDescriptionIsValid(t *testing.T) {
	t.Parallel()
	d := description(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	valid, faults := d.validate.ValidateDocument()
	require.True(t, valid, faults)
	require.True(t, strings.HasPrefix(d.document.Version, "3.1."))
}

// operation is something that the API does, as route table and document tell of it.
func operation(method, path string, scopes []string) string {
	slices.Sort(scopes)
	return fmt.Sprint(method, " ", path, " ", scopes)
}

func TestRoutesAndDescriptionAgree(t *testing.T) {
	t.Parallel()
	var routes, operations []string
	for _, route := range newDesk(t).server.Routes() {
		var scopes []string
		for _, scope := range route.Scopes {
			scopes = append(scopes, string(scope))
		}
		routes = append(routes, operation(route.Method, route.Path, scopes))
	}
	ids := map[string]bool{}
	for path, item := range description(t).document.Paths.PathItems.FromOldest() {
		for method, described := range item.GetOperations().FromOldest() {
			operations = append(operations, operation(strings.ToUpper(method), path, scopesOf(described)))
			require.NotEmpty(t, described.Summary, "%s %s", method, path)
			require.NotEmpty(t, described.Tags, "%s %s", method, path)
			require.False(t, ids[described.OperationId], described.OperationId)
			ids[described.OperationId] = true
		}
	}
	slices.Sort(routes)
	slices.Sort(operations)
	require.Equal(t, routes, operations)
}

// scopesOf are those of which an operation needs one.
func scopesOf(operation *v3.Operation) []string {
	var scopes []string
	for _, one := range operation.Security {
		for _, names := range one.Requirements.FromOldest() {
			scopes = append(scopes, names...)
		}
	}
	return scopes
}

// Everybody who is known may read it, whatever else they may do.
func TestTheDescriptionIsServed(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	for _, token := range []string{falcoToken, samToken, ghostToken} {
		answer := d.as(token, http.MethodGet, "/v1/openapi.yaml", "")
		require.Equal(t, http.StatusOK, answer.status)
		require.Equal(t, string(api.Description()), answer.body)
	}
	d.do(http.MethodGet, "/v1/openapi.yaml", "").problem(http.StatusUnauthorized)
}

// conforms checks an answer to a request that the document describes.
func (d *described) conforms(t *testing.T, routes []api.Route, request *http.Request, recorder *httptest.ResponseRecorder) {
	t.Helper()
	if !slices.ContainsFunc(routes, func(route api.Route) bool {
		return route.Method == request.Method && pattern(route.Path).MatchString(request.URL.Path)
	}) {
		return
	}
	if _, seen := d.seen.LoadOrStore(fingerprint(request, recorder), true); seen {
		return
	}
	answer := recorder.Result()
	answer.Body = io.NopCloser(bytes.NewReader(recorder.Body.Bytes()))
	d.mu.Lock()
	defer d.mu.Unlock()
	valid, faults := d.validate.ValidateHttpResponse(request, answer)
	var told strings.Builder
	for _, fault := range faults {
		fmt.Fprintln(&told, fault.Message, fault.Reason)
		for _, detail := range fault.SchemaValidationErrors {
			fmt.Fprintln(&told, "  ", detail.FieldPath, detail.Reason)
		}
	}
	require.True(t, valid, "%s %s: %d\n%s\n%s", request.Method, request.URL.Path, recorder.Code, told.String(), recorder.Body)
}

// fingerprint tells answers apart that have to be checked each for itself. Who is
// refused is so everywhere in the same way.
func fingerprint(request *http.Request, recorder *httptest.ResponseRecorder) string {
	place := request.Method + " " + request.URL.Path
	if recorder.Code == http.StatusUnauthorized || recorder.Code == http.StatusForbidden {
		place = ""
	}
	return fmt.Sprint(place, recorder.Code, recorder.Header().Get("Content-Type"), recorder.Body)
}

var patterns sync.Map // of paths

func pattern(path string) *regexp.Regexp {
	known, ok := patterns.Load(path)
	if !ok {
		known, _ = patterns.LoadOrStore(path, regexp.MustCompile("^"+regexp.MustCompile(`\\\{[a-z]+\\\}`).
			ReplaceAllString(regexp.QuoteMeta(path), "[^/]+")+"$"))
	}
	return known.(*regexp.Regexp)
}

// What is refused to whom is tried for every route there is.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	d := newOffice(t)
	callers := map[string]api.Caller{
		"a source that reports": {Source: "falco", Scopes: []api.Scope{api.ScopeIngest}},
		"a source that reads":   {Source: "siem", Scopes: []api.Scope{api.ScopeRead}},
		"a source with all":     {Source: "bold", Scopes: []api.Scope{api.ScopeIngest, api.ScopeRead, api.ScopeRespond, api.ScopeAdmin}},
		"a viewer":              {Email: sam.Email, Scopes: api.Viewer.Scopes()},
		"a responder":           {Email: sam.Email, Scopes: api.Responder.Scopes()},
		"an admin":              {Email: sam.Email, Scopes: api.Admin.Scopes()},
		"nobody in particular":  {Email: sam.Email},
	}
	for _, route := range d.server.Routes() {
		name, target := route.Method+" "+route.Path, filled(route.Path)
		d.do(route.Method, target, "{}").problem(http.StatusUnauthorized)
		d.as("sb_unknown_token", route.Method, target, "{}").problem(http.StatusUnauthorized)
		for who, caller := range callers {
			status := d.by(caller, route.Method, target, "{}").status
			if allowed(route, caller) {
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, "%s: %s", name, who)
			} else {
				require.Equal(t, http.StatusForbidden, status, "%s: %s", name, who)
			}
		}
		if len(route.Scopes) == 0 {
			continue
		}
		for _, email := range []string{"ghost@example.com", gone.Email} {
			unknown := api.Caller{
				Email: email, Session: true, Source: "bold",
				Scopes: []api.Scope{api.ScopeIngest, api.ScopeRead, api.ScopeRespond, api.ScopeAdmin},
			}
			require.Equal(t, http.StatusForbidden, d.by(unknown, route.Method, target, "{}").status, "%s: %s", name, email)
		}
	}
	require.Zero(t, d.stored())
}

// allowed tells who may do something: only sources report, only people respond and
// administer.
func allowed(route api.Route, caller api.Caller) bool {
	if len(route.Scopes) == 0 {
		return true
	}
	return slices.ContainsFunc(route.Scopes, func(scope api.Scope) bool {
		person := scope == api.ScopeRespond || scope == api.ScopeAdmin
		return caller.May(scope) && (!person || caller.Email != "") && (scope != api.ScopeIngest || caller.Source != "")
	})
}

// filled puts something that isn't there into a path.
func filled(path string) string {
	return strings.NewReplacer("{id}", strings.Repeat("0", 64), "{email}", "nobody@example.com", "{revision}", "none").Replace(path)
}

// by does something as somebody who was found out to be who they are.
func (d *desk) by(caller api.Caller, method, target, body string) answer {
	d.t.Helper()
	request := httptest.NewRequestWithContext(api.WithCaller(d.t.Context(), caller), method, target, strings.NewReader(body))
	return d.serve(request)
}
