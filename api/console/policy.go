package console

import (
	"encoding/json"
	"net/http"
	"strings"

	"securitybot/api"
)

// policyPage is the policy in force, what came before, and what it does with an alert.
type policyPage struct {
	api.PolicyView
	History   []api.PolicyView
	Form      Form
	Explained *api.Explanation
}

// InForce tells that no older revision is shown.
func (p policyPage) InForce() bool { return p.History != nil }

// Lines are the file's.
func (p policyPage) Lines() []string {
	if p.Text == nil || *p.Text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(*p.Text, "\n"), "\n")
}

func showPolicy(x *exchange) error { return x.policy(policyPage{}, http.StatusOK) }

func (x *exchange) policy(page policyPage, status int) error {
	if err := x.get("/v1/policy", &page.PolicyView); err != nil {
		return err
	}
	history := struct {
		Policies []api.PolicyView `json:"policies"`
	}{Policies: []api.PolicyView{}}
	if err := x.get("/v1/policies", &history); err != nil {
		return err
	}
	page.History = history.Policies
	return x.render(status, "policy", page)
}

func showRevision(x *exchange) error {
	var page policyPage
	if err := x.get(at("policies", x.r.PathValue("revision")), &page.PolicyView); err != nil {
		return err
	}
	return x.render(http.StatusOK, "policy", page)
}

// tryAlert asks what the policy does with an alert. Nothing is sent.
func tryAlert(x *exchange) error {
	page := policyPage{Form: Form{ID: "try", values: x.r.PostForm}}
	typed := []byte(strings.TrimSpace(x.r.PostForm.Get("alert")))
	if !json.Valid(typed) {
		page.Form.Problem = "The alert can’t be read."
		page.Form.Faults = []api.Fault{{Field: "alert", Detail: "is not JSON"}}
		return x.policy(page, http.StatusBadRequest)
	}
	err := x.post("/v1/policy/explain", json.RawMessage(typed), &page.Explained)
	if err != nil {
		return x.correct(err, "try", func(form Form, status int) error {
			page.Form = form
			return x.policy(page, status)
		})
	}
	return x.policy(page, http.StatusOK)
}

// Example is an alert to begin with.
func (policyPage) Example() string {
	return `{
  "detection": "sudo_interactive",
  "title": "Interactive root shell",
  "severity": "high",
  "subject": {"email": "alice@example.com"},
  "context": {"host": "web-1", "env": "prod"}
}`
}
