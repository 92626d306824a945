package e2e_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/stretchr/testify/require"
)

// responders is the part of a policy that says who handles cases in the sandbox.
const responders = `
targets: {leads: {slack: "#security-leads"}}
responders: {group: S_RESPONDERS, own_cases: leads}
`

// always is a policy whose people are at work day and night, so that no test depends
// on when it runs.
const always = `version: 1
defaults: {working_hours: {zone: UTC, days: mon-sun, from: "00:00", to: "24:00"}}
` + responders

// types writes to the bot and waits for what it says to that.
func (b *bot) types(email, text string) string {
	b.Helper()
	return b.hears(email, func() {
		b.post("/sandbox/control/reply", map[string]string{"user": email, "text": text})
	})
}

// slash uses the command and waits for the answer.
func (b *bot) slash(email, text string) string {
	b.Helper()
	return b.hears(email, func() {
		b.post("/sandbox/control/command", map[string]string{"user": email, "text": text})
	})
}

// hears does something and waits for what only that person is told then.
func (b *bot) hears(email string, do func()) (reply string) {
	b.Helper()
	before := map[string]int{}
	for _, text := range b.whispers(email) {
		before[text]++
	}
	do()
	b.eventually(email+" gets a reply", func() bool {
		seen := map[string]int{}
		for _, text := range b.whispers(email) {
			if seen[text]++; seen[text] > before[text] {
				reply = text
				return true
			}
		}
		return false
	})
	return reply
}

// whispers are replies to one person, which only they see: in the DM and in the
// channels where they pressed something, in the order of each place.
func (b *bot) whispers(email string) []string {
	b.Helper()
	var told []string
	for _, place := range []string{"user=", "channel=security&user=", "channel=security-leads&user="} {
		var messages []shown
		b.get("/sandbox/control/messages?"+place+url.QueryEscape(email), &messages)
		for _, message := range messages {
			id, _ := message.about()
			if message.Ephemeral || (place == "user=" && message.Bot && id == "") {
				told = append(told, message.Text)
			}
		}
	}
	return told
}

// presses a button that only shows its presser what came of it.
func (b *bot) presses(email string, message shown, action string) string {
	b.Helper()
	return b.hears(email, func() { b.clicks(email, message, action) })
}

var codeShown = regexp.MustCompile(`shows (\d{3})`)

// code is what the phone will show, as a question says it.
func (s shown) code() string {
	if found := codeShown.FindStringSubmatch(s.Text); found != nil {
		return found[1]
	}
	return ""
}

// questionOf waits for the message that asks about an alert.
func (b *bot) questionOf(email, id string) shown {
	b.Helper()
	var found shown
	b.eventually(email+" is asked about it", func() bool {
		for _, message := range b.questions(email) {
			if about, _ := message.about(); about == id {
				found = message
				return true
			}
		}
		return false
	})
	return found
}

// confirmsAbout is a whole conversation about an alert of one's own.
func (b *bot) confirmsAbout(email string, body map[string]any) (id string) {
	b.Helper()
	id = b.reports(body)
	b.clicks(email, b.questionOf(email, id), "yes")
	b.phone(email, "approve")
	b.settles(id, "confirmed", "")
	return id
}

// becomes waits until an alert is in a state.
func (b *bot) becomes(id, status string) alertView {
	b.Helper()
	var view alertView
	b.eventually("it is "+status, func() bool {
		view = b.alert(id)
		return view.Status == status
	})
	return view
}

// refuses makes a request that must be refused, and gives what it says.
func (b *bot) refuses(status int, method, path string, body any) string {
	b.Helper()
	got, text := b.try(method, path, body)
	require.Equal(b, status, got, "%s %s: %s", method, path, text)
	return string(text)
}

// removes is a DELETE with a reason.
func (b *bot) removes(path, reason string) {
	b.Helper()
	status, text := b.try(http.MethodDelete, path, map[string]string{"reason": reason})
	require.Equal(b, http.StatusOK, status, "DELETE %s: %s", path, text)
}

// says tells whether a message's text, which carries its full meaning, says something.
func (s shown) says(text string) bool { return strings.Contains(s.Text, text) }
