package slackserver

import (
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"securitybot/internal/sandbox/traffic"
)

const maxBody = 2 << 20

// apiError is an answer with ok:false.
type apiError struct {
	code       string
	messages   []string // response_metadata.messages
	needed     string   // the scope that is missing
	retryAfter int      // above zero: HTTP 429
}

func (e *apiError) Error() string { return e.code }

func refuse(code string, messages ...string) error {
	return &apiError{code: code, messages: messages}
}

type args map[string]string

func (a args) flag(name string) bool {
	return a[name] == "1" || strings.EqualFold(a[name], "true")
}

// number reads an optional positive number, at most limit.
func (a args) number(name string, fallback, limit int) int {
	n, err := strconv.Atoi(a[name])
	if err != nil || n <= 0 {
		return fallback
	}
	return min(n, limit)
}

type method struct {
	run   func(*Server, args) (object, error)
	tier  tier
	scope string
}

func methods() map[string]method {
	return map[string]method{
		"api.test":              {(*Server).apiTest, tier4, ""},
		"auth.test":             {(*Server).authTest, tierSpecial, ""},
		"bots.info":             {(*Server).botsInfo, tier3, "users:read"},
		"team.info":             {(*Server).teamInfo, tier3, ""},
		"users.lookupByEmail":   {(*Server).usersLookupByEmail, tier3, "users:read.email"},
		"users.info":            {(*Server).usersInfo, tier4, "users:read"},
		"users.list":            {(*Server).usersList, tier2, "users:read"},
		"users.getPresence":     {(*Server).usersGetPresence, tier3, "users:read"},
		"dnd.info":              {(*Server).dndInfo, tier3, "dnd:read"},
		"conversations.open":    {(*Server).conversationsOpen, tier3, "im:write"},
		"conversations.info":    {(*Server).conversationsInfo, tier3, "channels:read"},
		"conversations.list":    {(*Server).conversationsList, tier2, "channels:read"},
		"conversations.members": {(*Server).conversationsMembers, tier4, "channels:read"},
		"conversations.history": {(*Server).conversationsHistory, tier3, "im:history"},
		"conversations.replies": {(*Server).conversationsReplies, tier3, "im:history"},
		"chat.postMessage":      {(*Server).chatPostMessage, tierSpecial, "chat:write"},
		"chat.postEphemeral":    {(*Server).chatPostEphemeral, tier4, "chat:write"},
		"chat.update":           {(*Server).chatUpdate, tier3, "chat:write"},
		"chat.delete":           {(*Server).chatDelete, tier3, "chat:write"},
		"chat.getPermalink":     {(*Server).chatGetPermalink, tierSpecial, ""},
		"views.open":            {(*Server).viewsOpen, tier4, ""},
		"views.push":            {(*Server).viewsPush, tier4, ""},
		"views.update":          {(*Server).viewsUpdate, tier4, ""},
		"views.publish":         {(*Server).viewsPublish, tier4, ""},
		"usergroups.list":       {(*Server).usergroupsList, tier2, "usergroups:read"},
		"usergroups.users.list": {(*Server).usergroupsUsersList, tier2, "usergroups:read"},
		"reactions.add":         {(*Server).reactionsAdd, tier3, "reactions:write"},
		"apps.connections.open": {(*Server).appsConnectionsOpen, tierSpecial, ""},
	}
}

// serveAPI answers one Web API call: GET or POST, form or JSON, the token in the
// body or as Bearer.
func (s *Server) serveAPI(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("method")
	a, err := readArgs(w, r)
	if err != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = io.WriteString(w, `{"ok":false,"error":"invalid_form_data"}`)
		return
	}
	if r.URL.Query().Has("token") {
		s.opt.Desk.Violate("token in URL", name)
	}
	token := bearer(r, a)
	delete(a, "token")
	s.opt.Desk.Serve(w, r, traffic.Call{
		Service: "slack", Method: name, Args: a, Dialect: dialect{},
		Effect: func() traffic.Answer {
			out, err := s.call(name, token, a)
			return s.answer(out, err)
		},
	})
}

// readArgs merges the query and the body; JSON values that are not strings keep
// their JSON text.
func readArgs(w http.ResponseWriter, r *http.Request) (args, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	a := args{}
	for k, v := range r.URL.Query() {
		if k != "token" {
			a[k] = v[0]
		}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		return a, a.readJSON(r.Body)
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxBody); err != nil { //nolint:gosec // bounded above
			return a, err
		}
	default:
		if err := r.ParseForm(); err != nil {
			return a, err
		}
	}
	for k, v := range r.PostForm {
		a[k] = v[0]
	}
	return a, nil
}

func (a args) readJSON(body io.Reader) error {
	raw := map[string]json.RawMessage{}
	if err := json.NewDecoder(body).Decode(&raw); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for k, v := range raw {
		var text string
		if json.Unmarshal(v, &text) == nil {
			a[k] = text
		} else {
			a[k] = string(v)
		}
	}
	return nil
}

func bearer(r *http.Request, a args) string {
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return strings.TrimSpace(token)
	}
	return a["token"]
}

// call checks the token, the scope and the tier, and runs the method.
func (s *Server) call(name, token string, a args) (object, error) {
	m, known := methods()[name]
	if !known {
		return nil, refuse("unknown_method")
	}
	if err := s.authorize(name, token); err != nil {
		return nil, err
	}
	if m.scope != "" && !slices.Contains(s.opt.Scopes, m.scope) {
		return nil, &apiError{code: "missing_scope", needed: m.scope}
	}
	if wait, ok := s.limits.take("method:"+name, m.tier); !ok {
		return nil, &apiError{code: "ratelimited", retryAfter: wait}
	}
	out, err := m.run(s, a)
	if err == nil && changes(name) {
		s.opt.Changed()
	}
	return out, err
}

// changes tells whether a method alters what people see.
func changes(name string) bool {
	family, _, _ := strings.Cut(name, ".")
	return family == "chat" || family == "views" || family == "reactions"
}

func (s *Server) authorize(name, token string) error {
	isBot := same(token, s.opt.BotToken)
	isApp := same(token, s.opt.AppToken)
	wantsApp := name == "apps.connections.open"
	switch {
	case name == "api.test":
		return nil
	case token == "":
		return refuse("not_authed")
	case !isBot && !isApp:
		return refuse("invalid_auth")
	case wantsApp != isApp:
		return refuse("not_allowed_token_type")
	}
	return nil
}

func same(token, want string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(token), []byte(want)) == 1
}

func (s *Server) answer(out object, err error) traffic.Answer {
	if err == nil {
		out["ok"] = true
		return s.withScopes(jsonAnswer(http.StatusOK, out, ""))
	}
	var refused *apiError
	if !errors.As(err, &refused) {
		s.opt.Logger.Error("sandbox slack method failed", "error", err)
		refused = &apiError{code: "internal_error"}
	}
	if refused.retryAfter > 0 {
		return dialect{}.RateLimited(refused.retryAfter)
	}
	body := object{"ok": false, "error": refused.code}
	if len(refused.messages) > 0 {
		body["response_metadata"] = object{"messages": refused.messages}
	}
	if refused.needed != "" {
		body["needed"], body["provided"] = refused.needed, strings.Join(s.opt.Scopes, ",")
	}
	return s.withScopes(jsonAnswer(http.StatusOK, body, refused.code))
}

func (s *Server) withScopes(a traffic.Answer) traffic.Answer {
	a.Header.Set("X-Oauth-Scopes", strings.Join(s.opt.Scopes, ","))
	return a
}

// dialect words Slack's faults.
type dialect struct{}

func (dialect) RateLimited(retryAfter int) traffic.Answer {
	a := jsonAnswer(http.StatusTooManyRequests, object{"ok": false, "error": "ratelimited"}, "ratelimited")
	if retryAfter >= 0 {
		a.Header.Set("Retry-After", strconv.Itoa(retryAfter))
	}
	return a
}

func (dialect) Failed(code string) traffic.Answer {
	if code != "" {
		return jsonAnswer(http.StatusOK, object{"ok": false, "error": code}, code)
	}
	return traffic.Answer{
		Status: http.StatusInternalServerError, Error: "http_500",
		Header: http.Header{"Content-Type": {"text/html; charset=utf-8"}},
		Body:   []byte("<html><body><h1>Server Error</h1></body></html>"),
	}
}

func jsonAnswer(status int, body object, code string) traffic.Answer {
	data, err := json.Marshal(body)
	if err != nil {
		status, data, code = http.StatusInternalServerError, []byte(`{"ok":false,"error":"internal_error"}`), "internal_error"
	}
	return traffic.Answer{
		Status: status, Body: data, Error: code,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}
}
