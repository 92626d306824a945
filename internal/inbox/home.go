package inbox

import (
	"context"
	"fmt"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// What a Home lists at most.
const (
	mostOpen     = 20
	lastAnswered = 10
)

// Opened gives somebody's page: their open questions with working buttons, and
// what they answered last. Under distrust it offers nothing.
func (i *Inbox) Opened(ctx context.Context, who alert.PersonKey) (chat.Home, error) {
	person, _, err := i.record.Person(ctx, who)
	if err != nil {
		return chat.Home{}, fmt.Errorf("read person: %w", err)
	}
	suspected, err := i.record.Distrusted(ctx, who)
	if err != nil {
		return chat.Home{}, fmt.Errorf("read distrust: %w", err)
	}
	if suspected {
		return i.book.Home(nil, nil, nil, i.record.Now(), person.Zone, i.sealer), nil
	}
	open, err := i.openStories(ctx, who)
	if err != nil {
		return chat.Home{}, err
	}
	answered, err := i.record.AnsweredOf(ctx, who, lastAnswered)
	if err != nil {
		return chat.Home{}, fmt.Errorf("list answered questions: %w", err)
	}
	var standing *store.OptOut
	optOut, out, err := i.record.OptOutOf(ctx, who)
	if err != nil {
		return chat.Home{}, fmt.Errorf("read opt-out: %w", err)
	}
	if out {
		standing = &optOut
	}
	return i.book.Home(open, answered, standing, i.record.Now(), person.Zone, i.sealer), nil
}

func (i *Inbox) openStories(ctx context.Context, who alert.PersonKey) ([]store.Story, error) {
	open, err := i.record.OpenOf(ctx, who)
	if err != nil {
		return nil, fmt.Errorf("list open questions: %w", err)
	}
	var stories []store.Story
	asked := asking(open)
	for _, record := range asked[:min(len(asked), mostOpen)] {
		story, err := i.record.Story(ctx, record.ID)
		if err != nil {
			return nil, fmt.Errorf("read alert: %w", err)
		}
		stories = append(stories, story)
	}
	return stories, nil
}
