package console

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"securitybot/api"
)

// suppressionsPage is what is not asked about, and the form for an exception.
type suppressionsPage struct {
	Suppressions []api.SuppressionView `json:"suppressions"`
	Form         Form
	Filter       Form
	All          bool // those that are over, too
}

func showSuppressions(x *exchange) error { return suppressionsWith(x)(Form{}, http.StatusOK) }

func suppressionsWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		page := suppressionsPage{Form: form, Filter: filled(x.r.URL.Query()), All: x.r.URL.Query().Get("all") == "true"}
		page.Filter.ID = "filter"
		query := url.Values{"limit": {"200"}}
		if !page.All {
			query.Set("active", "true")
		}
		if person := strings.TrimSpace(page.Filter.Value("person")); person != "" {
			query.Set("person", person)
		}
		if err := x.filter(with("/v1/suppressions", query), &page, &page.Filter); err != nil {
			return err
		}
		return x.render(status, "suppressions", page)
	}
}

func revoke(x *exchange) error {
	id := x.r.PathValue("id")
	if err := x.call(http.MethodDelete, at("suppressions", id), because(x), nil); err != nil {
		return x.correct(err, "revoke-"+id, suppressionsWith(x))
	}
	return x.redirect("/console/suppressions", "revoked")
}

func except(x *exchange) error {
	typed := x.r.PostForm
	body := map[string]any{
		"person": strings.TrimSpace(typed.Get("person")), "detection": strings.TrimSpace(typed.Get("detection")),
		"severity": typed.Get("severity"), "reason": typed.Get("reason"), "for": strings.TrimSpace(typed.Get("for")),
		"scope": scopeOf(typed.Get("scope")),
	}
	if err := x.post("/v1/exceptions", body, nil); err != nil {
		return x.correct(renamed(err, "until", "for"), "except", suppressionsWith(x))
	}
	return x.redirect("/console/suppressions", "excepted")
}

// scopeOf reads a field of the context on each line, as name=value. What begins as
// JSON is taken as it is: values that are no texts can be said so.
func scopeOf(typed string) any {
	typed = strings.TrimSpace(typed)
	if strings.HasPrefix(typed, "{") && json.Valid([]byte(typed)) {
		return json.RawMessage(typed)
	}
	scope := map[string]string{}
	for line := range strings.Lines(typed) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name = strings.TrimSpace(name); name != "" {
			scope[name] = strings.TrimSpace(value)
		}
	}
	return scope
}
