package slack

import (
	"context"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

// inputName is the block id and the action id of a prompt's only input.
const inputName = "explanation"

// presser is whom a reply goes to, and where they are.
type presser struct {
	user    string
	place   chat.Ref // empty after a prompt, and on a Home
	thread  string
	trigger string // opens one prompt, within 3 s of the press
}

// carry is the work of a reply, or nil.
func (r *Receiver) carry(to presser, reply chat.Reply) work {
	if reply.Ask == nil && reply.Tell == "" && reply.Home == nil {
		return nil
	}
	return func(ctx context.Context) {
		if reply.Ask != nil { // first: the trigger is short-lived
			r.ask(ctx, to, *reply.Ask)
		}
		if reply.Tell != "" {
			r.tell(ctx, to, reply.Tell)
		}
		if reply.Home != nil {
			r.publish(ctx, to, *reply.Home)
		}
	}
}

// ask opens the prompt; where that fails, the person is asked in the thread.
func (r *Receiver) ask(ctx context.Context, to presser, prompt chat.Prompt) {
	err := r.slack.openPrompt(ctx, to.trigger, prompt)
	if err == nil {
		return
	}
	r.log.WarnContext(ctx, "prompt not opened, asking in the thread", "error", err)
	to.thread = first(to.thread, to.place.TS)
	line := prompt.Label
	if to.place.Channel != "" && to.place.Channel[0] == 'D' {
		err = r.slack.say(ctx, chat.Recipient{Channel: to.place.Channel, Thread: to.thread}, line)
	} else {
		err = r.slack.whisper(ctx, to, line)
	}
	if err != nil {
		r.log.ErrorContext(ctx, "person not asked for words", "error", err)
	}
}

// tell shows a line to the presser. Who is not in the conversation where they
// pressed, as somebody else in a person's direct one, is told in their own.
func (r *Receiver) tell(ctx context.Context, to presser, text string) {
	err := r.slack.whisper(ctx, to, text)
	if err != nil && to.place.Channel != "" && chat.FailureOf(err).Reason == "user_not_in_channel" {
		err = r.slack.say(ctx, chat.Recipient{User: to.user}, text)
	}
	if err != nil {
		r.log.WarnContext(ctx, "reply not shown", "error", err)
	}
}

// publish shows the presser their Home as it is now. Where that fails it stays as
// it was: what it shows is checked when it is pressed, and opening it shows it anew.
func (r *Receiver) publish(ctx context.Context, to presser, home chat.Home) {
	if err := r.slack.PublishHome(ctx, to.user, home); err != nil {
		r.log.WarnContext(ctx, "home not shown", "error", err)
	}
}

// whisper shows a line to one person: where they are, or in their direct conversation.
func (s *Slack) whisper(ctx context.Context, to presser, text string) error {
	if to.place.Channel == "" {
		return s.say(ctx, chat.Recipient{User: to.user}, text)
	}
	options := lineOptions(text)
	if to.thread != "" {
		options = append(options, api.MsgOptionTS(to.thread))
	}
	return s.call(ctx, effect{once: true}, func(ctx context.Context) error {
		_, err := s.api.PostEphemeralContext(ctx, to.place.Channel, to.user, options...)
		return err
	})
}

// say posts a line that nothing will ever look for.
func (s *Slack) say(ctx context.Context, to chat.Recipient, text string) error {
	_, err := s.post(ctx, to, lineOptions(text))
	return err
}

func lineOptions(text string) []api.MsgOption {
	return []api.MsgOption{
		api.MsgOptionText(fit(defang(clean(text)), maxText), true), api.MsgOptionDisableMarkdown(),
		api.MsgOptionDisableLinkUnfurl(), api.MsgOptionDisableMediaUnfurl(),
		api.MsgOptionParse(false), api.MsgOptionLinkNames(false),
	}
}

// openPrompt shows a modal with one input, see docs.slack.dev/surfaces/modals.
func (s *Slack) openPrompt(ctx context.Context, trigger string, prompt chat.Prompt) error {
	if len(prompt.Token) > maxPrivate {
		return refused("token_too_long")
	}
	element := api.NewPlainTextInputBlockElement(nil, inputName)
	if prompt.Placeholder != "" {
		element.Placeholder = plain(fit(line(prompt.Placeholder), maxPlaceholder))
	}
	element.Multiline, element.MaxLength = prompt.Lines, maxInput
	input := api.NewInputBlock(inputName, plain(fit(line(prompt.Label), maxModalLabel)), nil, element)
	input.Optional = true // no words are words too
	view := api.ModalViewRequest{
		Type:            api.VTModal,
		Title:           plain(fit(line(prompt.Title), maxModalButton)),
		Submit:          plain(fit(line(prompt.Submit), maxModalButton)),
		Close:           plain(fit(line(prompt.Cancel), maxModalButton)),
		Blocks:          api.Blocks{BlockSet: []api.Block{input}},
		PrivateMetadata: prompt.Token,
		CallbackID:      inputName,
		NotifyOnClose:   prompt.NotifyClose,
	}
	return s.call(ctx, effect{}, func(ctx context.Context) error {
		answer, err := s.api.OpenViewContext(ctx, trigger, view)
		if err == nil && (answer == nil || answer.ID == "") {
			return errIncomplete
		}
		return err
	})
}
