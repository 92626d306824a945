package console

import (
	"net/http"
	"net/url"
	"strings"

	"securitybot/api"
)

// distrustsPage is whose chat account is or was suspected.
type distrustsPage struct {
	api.DistrustList
	Form Form
}

func showDistrusts(x *exchange) error { return distrustsWith(x)(Form{}, http.StatusOK) }

func distrustsWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		page := distrustsPage{Form: form}
		if err := x.get("/v1/distrusts", &page); err != nil {
			return err
		}
		return x.render(status, "distrusted", page)
	}
}

func trust(x *exchange) error {
	email := x.r.PathValue("email")
	if err := x.post(at("distrusts", email, "clear"), because(x), nil); err != nil {
		return x.correct(err, "trust-"+email, distrustsWith(x))
	}
	return x.redirect("/console/distrusted", "trusted")
}

// peoplePage is a part of the directory.
type peoplePage struct {
	api.PeoplePage
	Filter Form
	Older  string
}

func showPeople(x *exchange) error {
	page := peoplePage{Filter: filled(x.r.Form)}
	page.Filter.ID = "find"
	query := cursorOf(x.r.Form)
	if words := strings.TrimSpace(page.Filter.Value("q")); words != "" {
		query.Set("q", words)
	}
	if err := x.filter(with("/v1/people", query), &page.PeoplePage, &page.Filter); err != nil {
		return err
	}
	page.Older = nextPage("/console/people", page.Next, query)
	return x.render(http.StatusOK, "people", page)
}

// personPage is what Securitybot knows of somebody.
type personPage struct {
	api.PersonDetail
	Form Form
	More string // all alerts about them
}

func (p personPage) title() string {
	if p.Name == "" {
		return p.Email
	}
	return p.Name
}

func showPerson(x *exchange) error { return personWith(x)(Form{}, http.StatusOK) }

func personWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		page := personPage{Form: form}
		if err := x.get(at("people", x.r.PathValue("email")), &page.PersonDetail); err != nil {
			return err
		}
		page.More = with("/console/alerts", url.Values{"person": {page.Email}})
		return x.render(status, "person", page)
	}
}

func losePhone(x *exchange) error {
	email := x.r.PathValue("email")
	if err := x.post(at("people", email, "lost-phone"), because(x), nil); err != nil {
		return x.correct(err, "lost-phone", personWith(x))
	}
	return x.redirect("/console/people/"+url.PathEscape(email), "lost_phone")
}

// erasePerson needs the address typed once more: it can't be undone.
func erasePerson(x *exchange) error {
	email := x.r.PathValue("email")
	if !strings.EqualFold(strings.TrimSpace(x.r.PostForm.Get("again")), email) {
		return x.correct(&refusal{
			Status: http.StatusBadRequest, Detail: "Nothing was erased.",
			Errors: []api.Fault{{Field: "again", Detail: "is not their address"}},
		}, "erase", personWith(x))
	}
	if err := x.post(at("people", email, "erase"), because(x), nil); err != nil {
		return x.correct(err, "erase", personWith(x))
	}
	return x.redirect("/console/people", "erased")
}
