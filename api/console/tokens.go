package console

import (
	"net/http"
	"strconv"
	"strings"

	"securitybot/api"
)

// tokensPage is the API's tokens. Made has one that was made just now, which is
// never shown again.
type tokensPage struct {
	api.TokenList
	Form Form
	Made *api.MadeToken
}

// personTokenFor is how long a person's token lasts where nothing was typed: as long
// as it may.
const personTokenFor = "90d"

func showTokens(x *exchange) error { return tokensWith(x)(Form{}, http.StatusOK) }

func tokensWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error { return x.tokens(tokensPage{Form: form}, status) }
}

func (x *exchange) tokens(page tokensPage, status int) error {
	if err := x.get("/v1/tokens", &page.TokenList); err != nil {
		return err
	}
	return x.render(status, "tokens", page)
}

// makeToken shows the token on the page that answers: it must not be in an
// address or a cookie.
func makeToken(x *exchange) error {
	typed := x.r.PostForm
	body := map[string]any{"scopes": typed["scopes"]}
	for _, name := range []string{"source", "email", "for"} {
		if value := strings.TrimSpace(typed.Get(name)); value != "" {
			body[name] = value
		}
	}
	if body["email"] != nil && body["for"] == nil {
		body["for"] = personTokenFor
	}
	if names := strings.Fields(strings.ReplaceAll(typed.Get("detections"), ",", " ")); len(names) > 0 {
		body["detections"] = names
	}
	if severities := typed["severities"]; len(severities) > 0 {
		body["severities"] = severities
	}
	if limit := strings.TrimSpace(typed.Get("per_hour")); limit != "" {
		body["per_hour"] = limit // what is no number is the API's to refuse
		if number, err := strconv.Atoi(limit); err == nil {
			body["per_hour"] = number
		}
	}
	var made api.MadeToken
	if err := x.post("/v1/tokens", body, &made); err != nil {
		return x.correct(renamed(err, "until", "for"), "make", tokensWith(x))
	}
	return x.tokens(tokensPage{Made: &made}, http.StatusOK)
}

func endToken(x *exchange) error {
	id := x.r.PathValue("id")
	if err := x.call(http.MethodDelete, at("tokens", id), nil, nil); err != nil {
		return x.correct(err, "revoke", tokensWith(x))
	}
	return x.redirect("/console/tokens", "token_ended")
}
