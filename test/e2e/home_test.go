package e2e_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// homeShown is a person's own page with us.
type homeShown struct {
	Text    string
	Actions []struct {
		ActionID string `json:"action_id"`
		BlockID  string `json:"block_id"`
	}
}

// home opens the page and waits until it says something.
func (b *bot) home(email, says string) homeShown {
	b.Helper()
	b.post("/sandbox/control/home", map[string]string{"user": email})
	var page homeShown
	b.eventually("the page says: "+says, func() bool {
		b.get("/sandbox/control/home?user="+url.QueryEscape(email), &page)
		return strings.Contains(page.Text, says)
	})
	return page
}

func (b *bot) decode(text []byte, into any) {
	b.Helper()
	require.NoError(b, json.Unmarshal(text, into))
}

// A person's page lists what is open, its buttons work, and what was answered stays.
func TestHome(t *testing.T) {
	t.Parallel()
	b := running(t)
	require.Empty(t, b.home(alice, "nothing that I need to ask you").Actions)
	first := b.reports(alertOn("db-1", alice, "high"))
	b.questionOf(alice, first)
	second := b.reports(alertOn("db-2", alice, "high"))
	b.questionOf(alice, second)
	page := b.home(alice, "db-2")
	require.Contains(t, page.Text, "db-1")
	require.Contains(t, b.home(bob, "nothing that I need to ask you").Text, "About Securitybot", "each has their own")

	b.post("/sandbox/control/click", map[string]string{"user": alice, "view": "home", "action_id": "yes", "block_id": page.Actions[0].BlockID})
	push := b.phone(alice, "approve")
	require.NotEmpty(t, push.TxID)
	answered, other := first, second
	b.eventually("one is confirmed", func() bool {
		if b.alert(second).Verdict != "" {
			answered, other = second, first
		}
		return b.alert(answered).Verdict == "confirmed"
	})
	require.Empty(t, b.alert(other).Verdict)
	b.home(alice, "you confirmed it")

	b.post("/sandbox/control/click", map[string]string{"user": alice, "view": "home", "action_id": "no"})
	b.settles(other, "denied", "")
	require.Empty(t, b.home(alice, "the security team has it").Actions)
	require.Len(t, b.questions(alice), 2)
	require.Len(t, b.pushes(alice), 1)
}

// The first message says who writes, who reads answers and how long they are kept.
func TestFirstContact(t *testing.T) {
	t.Parallel()
	b := running(t, policy(t, always+"retention: {answers_kept: 30d, read_by: the blue team}\n"))
	first := b.questionOf(alice, b.reports(alertAbout(alice)))
	require.True(t, first.says("This is my first message to you"))
	require.True(t, first.says("read by the blue team and kept for 30 days"))
	second := b.questionOf(alice, b.reports(alertAbout(alice)))
	require.False(t, second.says("first message"))
	require.True(t, b.questionOf(bob, b.reports(alertAbout(bob))).says("This is my first message to you"))
}
