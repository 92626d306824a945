package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// LinksView are the addresses of an alert. Temporal is empty where no address
// of its web pages is known.
type LinksView struct {
	Self     string `json:"self"`
	Temporal string `json:"temporal"`
	Console  string `json:"console,omitempty"`  // its page; empty where nobody can log in
	Case     string `json:"case,omitempty"`     // where the case stands in the chat system; only of one alert
	Evidence string `json:"evidence,omitempty"` // the bundle; only of one alert
}

// Summary is an alert in a list. Verdict is empty until there is one.
type Summary struct {
	ID            string          `json:"id"`
	Key           string          `json:"key"`
	Source        string          `json:"source"`
	Status        alert.Status    `json:"status"`
	Verdict       alert.Outcome   `json:"verdict"`
	VerdictReason string          `json:"verdict_reason"`
	Detection     string          `json:"detection"`
	Title         string          `json:"title"`
	Severity      alert.Severity  `json:"severity"`
	Subject       alert.Subject   `json:"subject"`
	Who           store.Who       `json:"who"`           // whom it was resolved to; else as the subject says
	Answered      alert.Choice    `json:"answered"`      // the answer that counts; empty without one
	Authenticated bool            `json:"authenticated"` // a second factor approved the answer
	ReceivedAt    time.Time       `json:"received_at"`
	OccurredAt    time.Time       `json:"occurred_at,omitzero"`
	Deadline      time.Time       `json:"deadline,omitzero"`
	Escalation    *EscalationView `json:"escalation,omitempty"`
	Links         LinksView       `json:"links"`
	Relations
}

// Detail is everything of an alert.
type Detail struct {
	Summary
	Description string          `json:"description"`
	URL         string          `json:"url"`
	Context     json.RawMessage `json:"context,omitempty"`
	Reminders   []time.Time     `json:"reminders,omitempty"`
	Person      *PersonView     `json:"person,omitempty"`
	Question    *MessageView    `json:"question,omitempty"`    // as it was sent
	Answer      *AnswerView     `json:"answer,omitempty"`      // the one that counts
	Answers     []AnswerView    `json:"answers,omitempty"`     // all, as they were recorded
	Proof       *ProofView      `json:"proof,omitempty"`       // the last one, once it has a result
	Proofs      []ProofView     `json:"proofs,omitempty"`      // all attempts
	Plan        json.RawMessage `json:"plan,omitempty"`        // an alert.Plan, with rule and revision
	ErasedAt    time.Time       `json:"erased_at,omitzero"`    // personal content is gone since then
	Occurrences []string        `json:"occurrences,omitempty"` // ids of the alerts that the question asks about too
	Members     []string        `json:"members,omitempty"`     // ids of the alerts that the case lists
	Related     []Related       `json:"related,omitempty"`     // what this alert has to do with, in short
	Case        *CaseView       `json:"case,omitempty"`
	Timeline    []EntryView     `json:"timeline"`
}

// PersonView is whom the subject was resolved to.
type PersonView struct {
	Team       string `json:"team"`
	SlackID    string `json:"slack_id"`
	Email      string `json:"email,omitempty"`
	Username   string `json:"username,omitempty"`
	Name       string `json:"name,omitempty"`
	Distrusted bool   `json:"distrusted"`
}

// AnswerView is the answer that counts, in the person's own words.
type AnswerView struct {
	Choice      alert.Choice `json:"choice"`
	Explanation string       `json:"explanation"`
	At          time.Time    `json:"at"`
	Late        bool         `json:"late,omitempty"`
}

// ProofView is the last attempt to prove a yes, once it has a result.
type ProofView struct {
	Attempt     int               `json:"attempt"`
	Result      alert.ProofResult `json:"result"`
	Reason      string            `json:"reason"`
	Factor      string            `json:"factor"`
	Device      string            `json:"device,omitempty"` // as the second factor names it
	Transaction string            `json:"transaction"`
	Code        string            `json:"code,omitempty"` // shown in chat and on the phone
	BegunAt     time.Time         `json:"begun_at,omitzero"`
	PushedAt    time.Time         `json:"pushed_at,omitzero"`
	DecidedAt   time.Time         `json:"decided_at,omitzero"`
}

// Related is another alert in short, and what it has to do with the one that is
// shown: occurrence (the question asks about it too), member (the case lists it) or
// request (what the wish is about).
type Related struct {
	As         string         `json:"as"`
	ID         string         `json:"id"`
	Title      string         `json:"title"`
	Detection  string         `json:"detection"`
	Severity   alert.Severity `json:"severity"`
	Status     alert.Status   `json:"status"`
	Verdict    alert.Outcome  `json:"verdict"`
	ReceivedAt time.Time      `json:"received_at"`
}

// EscalationView is why there is a case, and since when.
type EscalationView struct {
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// EntryView is a line of the timeline: one flat object.
type EntryView struct {
	At     time.Time
	Kind   string
	Actor  string
	Fields map[string]json.RawMessage // of its kind; never at, kind or actor
}

// MarshalJSON implements [json.Marshaler]. What every entry has comes first.
func (e EntryView) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(struct {
		At    time.Time `json:"at"`
		Kind  string    `json:"kind"`
		Actor string    `json:"actor"`
	}{e.At, e.Kind, e.Actor})
	if err != nil {
		return nil, err
	}
	flat := bytes.NewBuffer(head[:len(head)-1])
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(flat, ",%s:%s", quoted, e.Fields[name])
	}
	flat.WriteByte('}')
	return flat.Bytes(), nil
}

// summaryOf shows a record.
func summaryOf(record store.Record, links Links) Summary {
	return Summary{
		ID: record.ID, Key: record.Key, Source: record.Source, Status: record.Status,
		Verdict: record.Verdict.Outcome, VerdictReason: record.Verdict.Reason,
		Detection: record.Detection, Title: record.Title, Severity: record.Severity, Subject: record.Subject,
		ReceivedAt: record.ReceivedAt.UTC(), OccurredAt: record.OccurredAt.UTC(), Deadline: record.Deadline.UTC(),
		Who: store.WhoIs(alert.Person{}, record.Subject), Answered: record.Answered, Authenticated: record.Proven,
		Escalation: escalationOf(record), Links: links.linksOf(record.ID), Relations: relationsOf(record),
	}
}

func escalationOf(record store.Record) *EscalationView {
	if record.EscalatedAt.IsZero() {
		return nil
	}
	return &EscalationView{Reason: record.Escalation, At: record.EscalatedAt.UTC()}
}

// DetailOf shows a story.
func DetailOf(story store.Story, links Links) (Detail, error) {
	detail := Detail{
		Summary:     summaryOf(story.Record, links),
		Description: story.Record.Description,
		URL:         story.Record.URL,
		Context:     story.Record.Context,
		Reminders:   remindersOf(story.Record),
		Person:      personOf(story),
		Question:    questionOf(story.Entries),
		Answer:      answerOf(story.Answer()),
		Answers:     answersOf(story.Answers),
		Proof:       proofOf(story.Proof()),
		Proofs:      proofsOf(story.Proofs),
		ErasedAt:    story.Record.ErasedAt.UTC(),
		Occurrences: idsOf(story.Joined),
		Members:     idsOf(story.Members),
		Related:     relatedOf(story),
		Case:        caseOf(story.Case),
		Timeline:    make([]EntryView, 0, len(story.Entries)),
	}
	detail.Who = store.WhoIs(story.Person, story.Record.Subject)
	if story.Covering != nil {
		detail.CoveredBy = coveringOf(*story.Covering)
	}
	if post, ok := story.Posts[store.PurposeCase]; ok && post.State == store.PostDone && links.Chat != nil {
		detail.Links.Case = links.Chat(post.Channel, post.TS)
	}
	detail.Links.Evidence = "/v1/alerts/" + story.Record.ID + "/evidence"
	if story.Record.Plan != nil {
		plan, err := json.Marshal(story.Record.Plan)
		if err != nil {
			return Detail{}, fmt.Errorf("show plan: %w", err)
		}
		detail.Plan = plan
	}
	for _, entry := range story.Entries {
		view, err := entryOf(entry)
		if err != nil {
			return Detail{}, fmt.Errorf("read timeline entry %d: %w", entry.Seq, err)
		}
		detail.Timeline = append(detail.Timeline, view)
	}
	return detail, nil
}

// remindersOf are the moments when a question that stands reminds of itself.
func remindersOf(record store.Record) []time.Time {
	if record.Plan == nil || record.AskedAt.IsZero() {
		return nil
	}
	var moments []time.Time
	for _, after := range record.Plan.Reminders {
		moments = append(moments, record.Plan.After(record.AskedAt, after).UTC())
	}
	return moments
}

func personOf(story store.Story) *PersonView {
	key := story.Record.Person
	if key.User == "" {
		return nil
	}
	return &PersonView{
		Team: key.Team, SlackID: key.User, Email: story.Person.Email, Username: story.Person.Username,
		Name: story.Person.Name, Distrusted: story.Distrust != nil,
	}
}

func answerOf(answer *alert.Answer) *AnswerView {
	if answer == nil {
		return nil
	}
	return &AnswerView{Choice: answer.Choice, Explanation: answer.Explanation, At: answer.At.UTC(), Late: answer.Late}
}

func proofOf(proof *alert.Proof) *ProofView {
	if proof == nil || proof.Result == alert.ProofPending {
		return nil
	}
	shown := attemptOf(*proof)
	return &shown
}

func attemptOf(proof alert.Proof) ProofView {
	result, reason := proof.Result, proof.Reason
	if result == alert.ProofLost {
		result, reason = alert.ProofUnavailable, alert.ReasonLost
	}
	return ProofView{
		Attempt: proof.Attempt, Result: result, Reason: reason, Factor: proof.Factor, Device: proof.Device,
		Transaction: proof.Transaction, Code: proof.Code, BegunAt: proof.BegunAt.UTC(), PushedAt: proof.PushedAt.UTC(),
		DecidedAt: proof.DecidedAt.UTC(),
	}
}

func proofsOf(proofs []alert.Proof) []ProofView {
	var views []ProofView
	for _, proof := range proofs {
		views = append(views, attemptOf(proof))
	}
	return views
}

func answersOf(answers []alert.Answer) []AnswerView {
	var views []AnswerView
	for i := range answers {
		views = append(views, *answerOf(&answers[i]))
	}
	return views
}

func entryOf(entry store.Entry) (EntryView, error) {
	view := EntryView{At: entry.At.UTC(), Kind: entry.Kind, Actor: entry.Actor, Fields: map[string]json.RawMessage{}}
	for _, raw := range []json.RawMessage{entry.Data, entry.Personal} {
		if len(raw) == 0 {
			continue
		}
		if err := json.Unmarshal(raw, &view.Fields); err != nil {
			return EntryView{}, err
		}
	}
	for _, own := range []string{"at", "kind", "actor", "blocks"} { // a message's blocks are in the evidence
		delete(view.Fields, own)
	}
	return view, nil
}
