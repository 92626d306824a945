package console

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"securitybot/api"
)

// alertPage is everything of one alert.
type alertPage struct {
	alertDetail
	Form Form
}

// alertDetail is the API's view, with a timeline that can be read back.
type alertDetail struct {
	api.Detail
	Timeline []entry `json:"timeline"`
}

func (p alertPage) title() string {
	if p.Title == "" {
		return "Alert " + short(p.ID)
	}
	return p.Title
}

// Undecided tells that the alert may still be withdrawn.
func (p alertPage) Undecided() bool { return p.Verdict == "" }

// CaseOpen tells that somebody has to see to the alert.
func (p alertPage) CaseOpen() bool { return p.Case != nil && p.Case.ResolvedAt.IsZero() }

// Reviewable tells that policy wants somebody to look at it, and nobody did.
func (p alertPage) Reviewable() bool { return p.Review != nil && p.Review.ReviewedAt.IsZero() }

// Actionable tells that a responder can do something about it.
func (p alertPage) Actionable() bool { return p.Undecided() || p.CaseOpen() || p.Reviewable() }

// Asked is the question as it was sent.
func (p alertPage) Asked() *message {
	if p.Question == nil {
		return nil
	}
	shown := messageOf(p.Question.Text, p.Question.Blocks)
	return &shown
}

func showAlert(x *exchange) error { return alertWith(x)(Form{}, 200) }

// alertWith shows the alert of the request's path, with a form that was refused.
func alertWith(x *exchange) func(Form, int) error {
	return func(form Form, status int) error {
		page := alertPage{Form: form}
		if err := x.get(at("alerts", x.r.PathValue("id")), &page.alertDetail); err != nil {
			return err
		}
		return x.render(status, "alert", page)
	}
}

// respondTo does something to an alert, and leads back to it.
func respondTo(x *exchange, deed, done string, body any) error {
	id := x.r.PathValue("id")
	if err := x.post(at("alerts", id, deed), body, nil); err != nil {
		return x.correct(err, deed, alertWith(x))
	}
	return x.redirect("/console/alerts/"+id, done)
}

// because is a body with the reason that was typed.
func because(x *exchange) map[string]any {
	return map[string]any{"reason": x.r.PostForm.Get("reason")}
}

func acknowledge(x *exchange) error {
	return respondTo(x, "acknowledge", "acknowledged", map[string]any{})
}

func resolve(x *exchange) error { return respondTo(x, "resolve", "resolved", because(x)) }

func withdraw(x *exchange) error { return respondTo(x, "withdraw", "withdrawn", because(x)) }

func review(x *exchange) error {
	return respondTo(x, "review", "reviewed", map[string]any{"fine": x.r.PostForm.Get("fine") == "true"})
}

func exportEvidence(x *exchange) error {
	return x.download(at("alerts", x.r.PathValue("id"), "evidence"))
}

// entry is a line of the timeline.
type entry struct {
	At     time.Time
	Kind   string
	Actor  string
	Fields []detail
}

// detail is one thing that an entry says. Exactly one of Text, Time and Raw is there.
type detail struct {
	Name string
	Text string
	Time time.Time
	Raw  string
}

// UnmarshalJSON implements [json.Unmarshaler]: an entry is one flat object.
func (e *entry) UnmarshalJSON(raw []byte) error {
	var head struct {
		At    time.Time `json:"at"`
		Kind  string    `json:"kind"`
		Actor string    `json:"actor"`
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &head); err != nil {
		return fmt.Errorf("read timeline entry: %w", err)
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return fmt.Errorf("read timeline entry: %w", err)
	}
	*e = entry{At: head.At, Kind: head.Kind, Actor: head.Actor}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.Contains([]string{"at", "kind", "actor"}, name) {
			e.Fields = append(e.Fields, detailOf(name, fields[name]))
		}
	}
	return nil
}

// detailOf tells what a field says in the form that people read best.
func detailOf(name string, raw json.RawMessage) detail {
	said := detail{Name: name}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			said.Time = at
		} else {
			said.Text = text
		}
		return said
	}
	if raw[0] == '{' || raw[0] == '[' {
		said.Raw = indented(raw)
		return said
	}
	said.Text = string(raw)
	return said
}

// Look is how grave an entry is, for its mark.
func (e entry) Look() string {
	switch e.Kind {
	case "answered", "late_answer", "asked", "explained":
		return "blue"
	case "distrusted", "case_opened", "press_refused", "reopened":
		return "bad"
	case "case_resolved", "trusted", "reviewed", "case_acknowledged":
		return "good"
	case "settled":
		return verdictLooks[e.said("verdict")]
	default:
		return ""
	}
}

// verdictLooks are those of the verdicts that are clearly good or bad.
var verdictLooks = map[string]string{"confirmed": "good", "denied": "bad"}

// said is what a field of the entry says as text.
func (e entry) said(name string) string {
	for _, field := range e.Fields {
		if field.Name == name {
			return field.Text
		}
	}
	return ""
}

func secondsLong(count int) time.Duration { return time.Duration(count) * time.Second }

// ties are what an alert has to do with another one, in words.
var ties = map[string]string{
	"occurrence": "The question asks about this one too", "member": "The case lists this one too",
	"joined_to": "Its question asks about this alert too", "case_of": "Its case lists this alert",
	"request": "What the wish is about",
}

// Tie tells what another alert has to do with this one.
func (alertPage) Tie(as string) string {
	if words, ok := ties[as]; ok {
		return words
	}
	return wording(as)
}

// Revision is that of the policy that made the plan.
func (p alertPage) Revision() string {
	var plan struct{ Revision string }
	if json.Unmarshal(p.Plan, &plan) != nil {
		return ""
	}
	return plan.Revision
}
