package console

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"securitybot/api"
)

// newAlertPage is an alert that is written by hand.
type newAlertPage struct {
	Form      Form
	Key       string // names this alert, however often the form is sent
	Preview   *api.Preview
	Previewed string // what of the form the preview shows
}

// Message is the question as it would be sent.
func (p newAlertPage) Message() *message {
	if p.Preview == nil || p.Preview.Message == nil {
		return nil
	}
	shown := messageOf(p.Preview.Message.Text, p.Preview.Message.Blocks)
	return &shown
}

func showNewAlert(x *exchange) error {
	form := filled(x.r.Form)
	form.ID = "new"
	return x.render(http.StatusOK, "new", newAlertPage{Form: form, Key: "by-hand-" + rand.Text()})
}

// typedAlert is the alert that the API reads.
func typedAlert(form url.Values) map[string]any {
	body := map[string]any{}
	for _, name := range []string{"key", "detection", "title", "severity", "description", "url"} {
		if value := strings.TrimSpace(form.Get(name)); value != "" {
			body[name] = value
		}
	}
	subject := map[string]string{}
	if email := strings.TrimSpace(form.Get("subject")); email != "" {
		subject["email"] = email
	}
	body["subject"] = subject
	if typed := strings.TrimSpace(form.Get("context")); typed != "" {
		body["context"] = scopeOf(typed)
	}
	return body
}

// previewedOf names what was typed, so that nothing else is sent than was shown.
func previewedOf(body map[string]any) string {
	encoded, err := json.Marshal(body)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

func previewAlert(x *exchange) error {
	body := typedAlert(x.r.PostForm)
	page := newAlertPage{Form: x.typed("new", &refusal{}), Key: x.r.PostForm.Get("key"), Previewed: previewedOf(body)}
	if err := x.post("/v1/alerts/preview", body, &page.Preview); err != nil {
		return x.correct(renamed(err, "subject", "subject"), "new", newAlertWith(x))
	}
	return x.render(http.StatusOK, "new", page)
}

// sendAlert sends what was shown. What was changed since then is shown again.
func sendAlert(x *exchange) error {
	body := typedAlert(x.r.PostForm)
	if x.r.PostForm.Get("previewed") != previewedOf(body) {
		return previewAlert(x)
	}
	var taken api.Taken
	if err := x.post("/v1/alerts/by-hand", body, &taken); err != nil {
		return x.correct(renamed(err, "subject", "subject"), "new", newAlertWith(x))
	}
	done := "sent"
	if taken.Duplicate {
		done = "sent_before"
	}
	return x.redirect("/console/alerts/"+taken.ID, done)
}

// newAlertWith shows what was typed again, with what is wrong with it.
func newAlertWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		return x.render(status, "new", newAlertPage{Form: form, Key: x.r.PostForm.Get("key")})
	}
}
