package login

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"
)

const (
	personKey  = "person"
	attemptKey = "attempt"
	attemptFor = 10 * time.Minute // between leaving for the provider and coming back
	noteEvery  = 20               // parts of IdleFor: how often activity is written down
)

// identity is what the provider said of somebody who logged in.
type identity struct {
	Issuer string   `json:"issuer"`
	Email  string   `json:"email"` // as lower has it
	Name   string   `json:"name,omitempty"`
	Values []string `json:"values,omitempty"` // of the roles' claim
}

// attempt is a login that is under way at the provider.
type attempt struct {
	Issuer   string `json:"issuer"`
	State    string `json:"state"`
	Nonce    string `json:"nonce"`
	Verifier string `json:"verifier"`
	Next     string `json:"next"`
}

// jar keeps one kind of session, with one value in each. The value's key keeps the
// token of another kind from being of any use here.
type jar struct {
	*scs.SessionManager
	key string
	now func() time.Time
}

func newJar(opt Options, name, key string, lifetime time.Duration, secure bool) *jar {
	if secure {
		name = "__Host-" + name // no other host, nor a page over http, can set it
	}
	// scs.New would start a store of its own, which never ends. What it would do
	// beside is to give each manager's sessions a key of their own in a context: none
	// of ours leaves its jar.
	return &jar{&scs.SessionManager{
		Store: rows{opt.Sessions}, HashTokenInStore: true, Codec: scs.GobCodec{}, Lifetime: lifetime,
		Cookie: scs.SessionCookie{
			Name: name, Secure: secure, HttpOnly: true, Path: "/",
			// Strict would keep the cookie from the provider's redirect back to us.
			// SameOrigin does for posts what Strict would do.
			SameSite: http.SameSiteLaxMode,
		},
	}, key, opt.Now}
}

// shown is the token that a browser sends, "" for none.
func (j *jar) shown(r *http.Request) string {
	cookie, err := r.Cookie(j.Cookie.Name)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// open loads the session of a token, or an empty one.
func (j *jar) open(ctx context.Context, token string) (context.Context, error) {
	ctx, err := j.Load(ctx, token)
	if err != nil {
		return nil, fmt.Errorf("read session: %w", err)
	}
	return ctx, nil
}

// find reads what a session holds; false when there is none, or it is over.
func (j *jar) find(ctx context.Context, token string, into any) (bool, error) {
	ctx, err := j.open(ctx, token)
	if err != nil {
		return false, err
	}
	content := j.GetBytes(ctx, j.key)
	if len(content) == 0 || !j.now().Before(j.Deadline(ctx)) {
		return false, nil
	}
	if err := json.Unmarshal(content, into); err != nil {
		return false, fmt.Errorf("decode session: %w", err)
	}
	return true, nil
}

// begin stores a session under a token that nobody has seen, which it returns,
// gives it to the browser, and ends the session that the browser had.
func (j *jar) begin(ctx context.Context, w http.ResponseWriter, before string, value any) (string, error) {
	content, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("encode session: %w", err)
	}
	ctx, err = j.open(ctx, before)
	if err != nil {
		return "", err
	}
	if err := errors.Join(j.RenewToken(ctx), j.Clear(ctx)); err != nil {
		return "", fmt.Errorf("renew session: %w", err)
	}
	j.Put(ctx, j.key, content)
	j.SetDeadline(ctx, j.now().Add(j.Lifetime).UTC())
	token, expires, err := j.Commit(ctx)
	if err != nil {
		return "", fmt.Errorf("store session: %w", err)
	}
	j.WriteSessionCookie(ctx, w, token, expires)
	return token, nil
}

// end forgets a session, and makes the browser forget it.
func (j *jar) end(ctx context.Context, w http.ResponseWriter, token string) error {
	ctx, err := j.open(ctx, token)
	if err != nil {
		return err
	}
	if err := j.Destroy(ctx); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	j.WriteSessionCookie(ctx, w, "", time.Time{})
	return nil
}

// sessions keeps who logged in apart from logins under way: a token that a
// browser had before the login is never one that somebody is logged in with.
type sessions struct {
	opt      Options
	rows     rows
	people   *jar
	attempts *jar
}

func newSessions(opt Options, secure bool) *sessions {
	return &sessions{
		opt: opt, rows: rows{opt.Sessions},
		people:   newJar(opt, "securitybot", personKey, opt.SessionFor, secure),
		attempts: newJar(opt, "securitybot-login", attemptKey, attemptFor, secure),
	}
}

// admit begins the session of somebody who logged in.
func (s *sessions) admit(ctx context.Context, w http.ResponseWriter, r *http.Request, who identity) error {
	token, err := s.people.begin(ctx, w, s.people.shown(r), who)
	if err != nil {
		return err
	}
	return s.note(ctx, token)
}

// dismiss ends the session that a browser shows.
func (s *sessions) dismiss(ctx context.Context, w http.ResponseWriter, r *http.Request) error {
	token := s.people.shown(r)
	if err := s.people.end(ctx, w, token); err != nil {
		return err
	}
	if err := s.rows.DeleteCtx(ctx, noteID(token)); err != nil {
		return fmt.Errorf("forget activity: %w", err)
	}
	return nil
}

// find is who is logged in, and notes that they are still there, unless it is their
// page that asks.
func (s *sessions) find(ctx context.Context, r *http.Request) (identity, error) {
	token := s.people.shown(r)
	if token == "" {
		return identity{}, ErrNobody
	}
	var who identity
	ok, err := s.people.find(ctx, token, &who)
	if err != nil {
		return identity{}, err
	}
	if !ok || who.Issuer != s.opt.Issuer {
		return identity{}, ErrNobody
	}
	return who, s.active(ctx, token, r.Header.Get(PollHeader) == "")
}

// The last activity has a row of its own. Were it in the session's, a request that
// runs while somebody logs out would write the session again.
func noteID(token string) string {
	digest := sha256.Sum256([]byte("active " + token))
	return base64.RawURLEncoding.EncodeToString(digest[:])
}

func (s *sessions) note(ctx context.Context, token string) error {
	now := s.opt.Now().UTC()
	if err := s.rows.CommitCtx(ctx, noteID(token), []byte(now.Format(time.RFC3339Nano)), now.Add(s.opt.IdleFor)); err != nil {
		return fmt.Errorf("note activity: %w", err)
	}
	return nil
}

// active refuses who has been away for too long, and notes now and then that the
// others are there.
func (s *sessions) active(ctx context.Context, token string, there bool) error {
	noted, ok, err := s.rows.FindCtx(ctx, noteID(token))
	if err != nil {
		return fmt.Errorf("read activity: %w", err)
	}
	at, wrong := time.Parse(time.RFC3339Nano, string(noted))
	away := s.opt.Now().Sub(at)
	switch {
	case !ok || wrong != nil || away >= s.opt.IdleFor:
		return ErrNobody
	case !there || away < s.opt.IdleFor/noteEvery:
		return nil
	default:
		return s.note(ctx, token)
	}
}

// rows are the record's sessions as scs wants a store.
type rows struct{ sessions Sessions }

var errNoContext = errors.New("sessions need a context")

func (r rows) FindCtx(ctx context.Context, id string) ([]byte, bool, error) {
	return r.sessions.FindSession(ctx, id)
}

func (r rows) CommitCtx(ctx context.Context, id string, data []byte, expires time.Time) error {
	return r.sessions.PutSession(ctx, id, data, expires)
}

func (r rows) DeleteCtx(ctx context.Context, id string) error {
	return r.sessions.DropSession(ctx, id)
}

// Find, Commit and Delete belong to scs's interface; it calls the ones above.
func (r rows) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (r rows) Commit(string, []byte, time.Time) error { return errNoContext }
func (r rows) Delete(string) error                    { return errNoContext }
