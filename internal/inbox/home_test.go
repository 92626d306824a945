package inbox_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
	"securitybot/internal/words"
)

// titled are the sections of a page with a title.
func titled(home chat.Home, title string) []chat.Section {
	var found []chat.Section
	for _, section := range home.Sections {
		if section.Title == title {
			found = append(found, section)
		}
	}
	return found
}

// reads is all that stands on a page.
func reads(home chat.Home) string {
	var out strings.Builder
	for _, section := range home.Sections {
		fmt.Fprintln(&out, section.Title)
		for _, paragraph := range section.Paragraphs {
			for _, span := range paragraph.Spans {
				fmt.Fprint(&out, span.Text)
			}
			fmt.Fprintln(&out)
		}
	}
	return out.String()
}

// buttonOf gives what a button of a section carries.
func buttonOf(t *testing.T, section chat.Section, action string) string {
	t.Helper()
	for _, button := range section.Buttons {
		if button.Action == action {
			return button.Value
		}
	}
	require.Fail(t, "no button "+action)
	return ""
}

const wasThisYou = "Was this you?"

func TestHomeListsTheOpenQuestions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Contains(t, reads(b.opens(alice.PersonKey)), "nothing that I need to ask you")
	b.reported("", nil) // not asked yet
	require.Empty(t, titled(b.opens(alice.PersonKey), wasThisYou))
	b.asked()
	b.askedUnder("db-1", nil)
	b.reported("db-1", nil) // joins it
	home := b.opens(alice.PersonKey)
	require.Len(t, titled(home, wasThisYou), 1)
	require.Len(t, titled(home, "Was this you? (×2)"), 1)
	require.Empty(t, titled(b.opens(bob), wasThisYou), "nobody else's")
}

// A press on the page works like one below the question, and shows the page anew.
func TestAnsweringOnHome(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	question := titled(b.opens(alice.PersonKey), wasThisYou)[0]

	reply := b.pressAt(chat.Ref{}, alice.PersonKey, words.ActionSnooze, buttonOf(t, question, words.ActionSnooze))
	require.Contains(t, reply.Tell, "remind you")
	require.NotNil(t, reply.Home)

	reply = b.pressAt(chat.Ref{}, alice.PersonKey, words.ActionNo, buttonOf(t, question, words.ActionNo))
	require.NotNil(t, reply.Ask)
	require.Equal(t, alert.No, b.story(id).Answer().Choice)
	require.Empty(t, titled(*reply.Home, wasThisYou), "it is answered")
	require.Contains(t, reads(*reply.Home), "sudo to an interactive shell: the security team has it")
	require.Equal(t, b.opens(alice.PersonKey), *reply.Home)

	reply = b.pressAt(chat.Ref{}, alice.PersonKey, words.ActionYes, buttonOf(t, question, words.ActionYes))
	require.Contains(t, reply.Tell, "it wasn't you", "an old page")
	require.NotNil(t, reply.Home)
	require.Nil(t, b.press(alice.PersonKey, words.ActionYes, buttonOf(t, question, words.ActionYes)).Home, "a message is no page")
}

// What a button of somebody's page carries is worth nothing to others.
func TestACopiedHomeButton(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.asked()
	question := titled(b.opens(alice.PersonKey), wasThisYou)[0]
	for _, button := range question.Buttons {
		reply := b.pressAt(chat.Ref{}, bob, button.Action, button.Value)
		require.Contains(t, reply.Tell, "somebody else", button.Action)
		require.Empty(t, titled(*reply.Home, wasThisYou), "and shows them their own page")
		require.Equal(t, store.ActorOther, b.last(id).Actor, button.Action)
	}
	require.Empty(t, b.story(id).Answers)
	require.Zero(t, b.story(id).Record.Snoozes)
}

func TestHomeListsTheLastTen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 12 {
		b.now = b.now.Add(time.Hour)
		id := b.asked()
		b.press(alice.PersonKey, words.ActionUnsure, b.value(id, words.ActionUnsure))
	}
	b.now = b.now.Add(time.Hour)
	b.confirmed("db-1")
	lately := titled(b.opens(alice.PersonKey), "What you answered lately")
	require.Len(t, lately, 1)
	require.Len(t, lately[0].Paragraphs, 10)
	require.Contains(t, reads(chat.Home{Sections: lately}), "sudo to an interactive shell: you confirmed it")
	require.Equal(t, 9, strings.Count(reads(chat.Home{Sections: lately}), "the security team has it"))
}

func TestHomeShowsTheOptOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.types(alice.PersonKey, "", "stop")
	require.Contains(t, reads(b.opens(alice.PersonKey)), "no questions until Tue 12:00 UTC")
	b.now = noon.Add(24 * time.Hour)
	require.NotContains(t, reads(b.opens(alice.PersonKey)), "no questions until", "it is over by itself")
	b.types(alice.PersonKey, "", "stop")
	b.types(alice.PersonKey, "", "start")
	require.NotContains(t, reads(b.opens(alice.PersonKey)), "no questions until")
}

// A suspected account learns nothing from the page and can do nothing with it.
func TestHomeUnderDistrust(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.confirmed("db-1")
	id := b.asked()
	question := titled(b.opens(alice.PersonKey), wasThisYou)[0]
	b.types(alice.PersonKey, "", "lost phone")

	home := b.opens(alice.PersonKey)
	require.Contains(t, reads(home), "nothing that I need to ask you")
	require.NotContains(t, reads(home), "sudo")
	for _, section := range home.Sections {
		require.Empty(t, section.Buttons)
	}
	reply := b.pressAt(chat.Ref{}, alice.PersonKey, words.ActionYes, buttonOf(t, question, words.ActionYes))
	require.NotContains(t, reads(*reply.Home), "sudo")
	require.False(t, b.phoneSays(id, alert.ProofApproved), "no push")
	require.Equal(t, alert.Verdict{Outcome: alert.Unproven, Reason: alert.ReasonDistrusted}, b.story(id).Record.Verdict)
}

// More than fits on a page does not keep it from being shown.
func TestAFullHome(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 30 {
		b.asked()
	}
	require.Len(t, titled(b.opens(alice.PersonKey), wasThisYou), 20)
}
