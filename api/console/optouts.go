package console

import (
	"net/http"
	"strings"

	"securitybot/api"
)

// optOutsPage is who is not asked, and whether anybody is.
type optOutsPage struct {
	OptOuts []api.OptOutView `json:"opt_outs"`
	Paused  bool             `json:"paused"`
	Form    Form
}

func showOptOuts(x *exchange) error { return optOutsWith(x)(Form{}, http.StatusOK) }

func optOutsWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		page := optOutsPage{Form: form}
		if err := x.get("/v1/opt-outs", &page); err != nil {
			return err
		}
		if err := x.get("/v1/pause", &page); err != nil {
			return err
		}
		return x.render(status, "optouts", page)
	}
}

func optOut(x *exchange) error {
	body := map[string]any{
		"person": strings.TrimSpace(x.r.PostForm.Get("person")), "for": strings.TrimSpace(x.r.PostForm.Get("for")),
		"reason": x.r.PostForm.Get("reason"),
	}
	if err := x.post("/v1/opt-outs", body, nil); err != nil {
		return x.correct(renamed(err, "until", "for"), "opt-out", optOutsWith(x))
	}
	return x.redirect("/console/opt-outs", "opted_out")
}

func optIn(x *exchange) error {
	if err := x.call(http.MethodDelete, at("opt-outs", x.r.PathValue("email")), nil, nil); err != nil {
		return x.correct(err, "opt-in", optOutsWith(x))
	}
	return x.redirect("/console/opt-outs", "opted_in")
}

func pause(x *exchange) error {
	if err := x.post("/v1/pause", because(x), nil); err != nil {
		return x.correct(err, "pause", optOutsWith(x))
	}
	return x.redirect("/console/opt-outs", "paused")
}

func resume(x *exchange) error {
	if err := x.post("/v1/resume", nil, nil); err != nil {
		return x.correct(err, "resume", optOutsWith(x))
	}
	return x.redirect("/console/opt-outs", "resumed")
}
