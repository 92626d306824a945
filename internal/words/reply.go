package words

import (
	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// Explain asks for a few words after an answer; false when policy wants none.
func (b *Book) Explain(record store.Record, choice alert.Choice, token string) (chat.Prompt, bool) {
	wanted := alert.ExplainOptional
	if record.Plan != nil && record.Plan.Explanation != "" {
		wanted = record.Plan.Explanation
	}
	if wanted == alert.ExplainOff {
		return chat.Prompt{}, false
	}
	prompt := chat.Prompt{
		Token: token, Title: b.text("explain.title", nil), Label: b.text("explain.label", nil),
		Placeholder: b.text("explain.placeholder", nil), Submit: b.text("explain.send", nil),
		Cancel: b.text("explain.skip", nil), Lines: true,
	}
	switch {
	case choice == alert.Yes && record.Plan != nil && provable(record.Plan):
		prompt.Title = b.text("explain.yes_title", nil)
		prompt.Label = b.text("explain.yes_label", fill{"Code": record.Code})
	case choice.Refuses():
		prompt.Title = b.text("explain.no_title", nil)
		prompt.Label = b.text("explain.no_label", nil)
	}
	if wanted == alert.ExplainRequired && choice == alert.Yes {
		prompt.Placeholder = b.text("explain.required", nil)
		prompt.Cancel, prompt.NotifyClose = b.text("explain.close", nil), true
	}
	return prompt, true
}

// Refused tells somebody why what they did changed nothing; "" tells nothing.
func (b *Book) Refused(refusal store.Refusal) string {
	if key := "refused." + string(refusal); known(key) {
		return b.text(key, nil)
	}
	return ""
}

// Snoozed confirms that the reminder is put off, and that the deadline isn't.
func (b *Book) Snoozed(story store.Story) string {
	return b.text("reply.snoozed", fill{
		"Left": span(story.Record.Plan.Snooze), "Until": day(story.Record.Deadline, story.At, story.Person.Zone),
	})
}

// PushComing confirms a wish for another push.
func (b *Book) PushComing(record store.Record) string {
	return b.text("reply.push_coming", fill{"Code": record.Code})
}

// TypedAnswer confirms an answer that was typed.
func (b *Book) TypedAnswer(record store.Record, choice alert.Choice) string {
	switch {
	case choice.Refuses():
		return b.text("typed.no", nil)
	case choice == alert.Yes && record.Plan != nil && provable(record.Plan):
		return b.text("typed.yes", fill{"Code": record.Code})
	case choice == alert.Yes && record.Plan != nil && record.Plan.RecordUnproven:
		return b.text("typed.noted", nil)
	default:
		return b.text("typed.other", nil)
	}
}

// Noted confirms words that joined an answer.
func (b *Book) Noted() string { return b.text("reply.noted", nil) }

// NothingOpen answers somebody who writes without being asked.
func (b *Book) NothingOpen() string { return b.text("reply.nothing_open", nil) }

// WhichOne asks to answer below the question that is meant.
func (b *Book) WhichOne() string { return b.text("reply.which_one", nil) }

// NotUnderstood helps somebody whose words are no answer.
func (b *Book) NotUnderstood() string { return b.text("reply.not_understood", nil) }

// CommandInQuestion answers a command that was written below a question.
func (b *Book) CommandInQuestion() string { return b.text("reply.command_in_question", nil) }
