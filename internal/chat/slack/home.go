package slack

import (
	"context"
	"fmt"

	api "github.com/slack-go/slack"

	"securitybot/internal/chat"
)

// The limits of a Home tab, see docs.slack.dev/reference/views and
// /reference/methods/views.publish.
const (
	maxHomeBlocks = 100
	maxHomeText   = 40000 // characters: a view of 250 kB is refused
)

// PublishHome implements [chat.Chat] with views.publish.
func (s *Slack) PublishHome(ctx context.Context, user string, home chat.Home) error {
	blocks, err := s.renderHome(home)
	if err != nil {
		return fmt.Errorf("render home: %w", err)
	}
	request := api.PublishViewContextRequest{UserID: user, View: api.HomeTabViewRequest{
		Type: api.VTHomeTab, Blocks: api.Blocks{BlockSet: blocks},
	}}
	err = s.call(ctx, effect{person: true}, func(ctx context.Context) error {
		answer, err := s.api.PublishViewContext(ctx, request)
		if err == nil && (answer == nil || answer.ID == "") {
			return errIncomplete
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("publish home: %w", err)
	}
	return nil
}

// renderHome shows as many sections as there is room for, and says how many it
// left out.
func (s *Slack) renderHome(home chat.Home) ([]api.Block, error) {
	p := &painter{id: s.blockID, left: maxHomeText}
	blocks := []api.Block{} // a page may be empty
	for i, section := range home.Sections {
		room := maxHomeBlocks - len(blocks)
		if i < len(home.Sections)-1 {
			room-- // to say that there are more
		}
		shown, fits, err := p.section(section, room)
		if err != nil {
			return nil, err
		}
		if !fits {
			return append(blocks, p.more(len(home.Sections)-i)), nil
		}
		blocks = append(blocks, shown...)
	}
	return blocks, nil
}

// section is false where not even its title, one line and its buttons fit.
func (p *painter) section(section chat.Section, room int) ([]api.Block, bool, error) {
	blocks := p.header(section.Title)
	var tail []api.Block
	if len(section.Buttons) > 0 {
		actions, err := p.actions(section.Buttons, section.Title)
		if err != nil {
			return nil, false, err
		}
		tail = append(tail, actions)
	}
	room -= len(blocks) + len(tail)
	if room < min(1, len(section.Paragraphs)) || p.left == 0 {
		return nil, false, nil
	}
	blocks = append(blocks, p.paragraphs(section.Paragraphs, room)...)
	return append(blocks, tail...), true, nil
}
