package slack

import (
	"context"
	"fmt"
	"strings"

	api "github.com/slack-go/slack"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

// command is what we read of a slash command, see
// docs.slack.dev/interactivity/implementing-slash-commands. Its response_url is
// left alone: the acknowledgement carries the reply.
type command struct {
	Team    string `json:"team_id"`
	User    string `json:"user_id"`
	Channel string `json:"channel_id"`
	Text    string `json:"text"`
	Trigger string `json:"trigger_id"` // one for each command, so it names the delivery
}

// command takes one slash command. An error means: not recorded, don't acknowledge.
func (r *Receiver) command(ctx context.Context, written command) (delivered, error) {
	me, err := r.workspace(ctx, written.Team)
	if err != nil {
		return delivered{}, err
	}
	if written.User == "" || written.Trigger == "" {
		return delivered{}, errMalformed
	}
	reply, err := r.inbox.Typed(ctx, chat.Typed{
		Delivery: strings.Join([]string{"command", me.team, written.User, written.Trigger}, "|"),
		Person:   alert.PersonKey{Team: me.team, User: written.User},
		At:       r.slack.now(),
		Place:    chat.Ref{Channel: written.Channel},
		Text:     decode(written.Text),
		Command:  true,
	})
	if err != nil {
		return delivered{}, fmt.Errorf("record command: %w", err)
	}
	told := reply.Tell
	reply.Tell = ""
	to := presser{user: written.User, trigger: written.Trigger}
	return delivered{body: whispered(told), next: r.carry(to, reply)}, nil
}

// whispered is the reply within an acknowledgement, shown to who wrote the command
// alone, or nil. Cut as it is, it stays below what Socket Mode can carry, 20 kB.
func whispered(text string) any {
	if text == "" {
		return nil
	}
	return map[string]any{
		"response_type": api.ResponseTypeEphemeral, "mrkdwn": false,
		"text": escape(fit(defang(clean(text)), maxText)),
	}
}
