package console

import (
	"net/url"

	"securitybot/api"
)

// casesPage is a part of the open cases, the gravest first.
type casesPage struct {
	api.CasePage
	Older string
	First bool
}

func showCases(x *exchange) error {
	var page casesPage
	query := cursorOf(x.r.Form)
	if err := x.get(with("/v1/cases", query), &page.CasePage); err != nil {
		return err
	}
	page.First = len(query) == 0
	page.Older = nextPage("/console/cases", page.Next, nil)
	return x.render(200, "cases", page)
}

// reviewPage is a part of what policy wants looked at.
type reviewPage struct {
	api.ReviewPage
	Older string
	First bool
}

func showReviews(x *exchange) error {
	var page reviewPage
	query := cursorOf(x.r.Form)
	if err := x.get(with("/v1/reviews", query), &page.ReviewPage); err != nil {
		return err
	}
	page.First = len(query) == 0
	page.Older = nextPage("/console/review", page.Next, nil)
	return x.render(200, "review", page)
}

// cursorOf is the place in a list that an address names.
func cursorOf(given url.Values) url.Values {
	query := url.Values{}
	if place := given.Get("cursor"); place != "" {
		query.Set("cursor", place)
	}
	return query
}

// nextPage is the address of the next part of a list; "" at its end.
func nextPage(path string, next *string, query url.Values) string {
	if next == nil {
		return ""
	}
	on := url.Values{"cursor": {*next}}
	for name, values := range query {
		if name != "cursor" {
			on[name] = values
		}
	}
	return with(path, on)
}
