package slack

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	api "github.com/slack-go/slack"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

const (
	slackbot      = "USLACKBOT" // is_bot is false for it
	usersPerPage  = 500
	patience      = 3 // rate limits in a row while listing people
	longestWait   = time.Minute
	unknownPerson = alert.ReasonUnknownPerson
)

// PersonByEmail implements [chat.Directory]. Slack doesn't know a deactivated
// person by email any more.
func (s *Slack) PersonByEmail(ctx context.Context, email string) (alert.Person, bool, error) {
	return s.person(ctx, func(ctx context.Context) (*api.User, error) {
		return s.api.GetUserByEmailContext(ctx, email)
	})
}

// PersonByID implements [chat.Directory].
func (s *Slack) PersonByID(ctx context.Context, user string) (alert.Person, bool, error) {
	return s.person(ctx, func(ctx context.Context) (*api.User, error) {
		return s.api.GetUserInfoContext(ctx, user)
	})
}

func (s *Slack) person(ctx context.Context, ask func(context.Context) (*api.User, error)) (alert.Person, bool, error) {
	me, err := s.me(ctx)
	if err != nil {
		return alert.Person{}, false, err
	}
	var user *api.User
	err = s.call(ctx, effect{person: true}, func(ctx context.Context) (err error) {
		user, err = ask(ctx)
		if err == nil && (user == nil || user.ID == "") {
			return errIncomplete
		}
		return err
	})
	if gone(err, unknownPerson) {
		return alert.Person{}, false, nil
	}
	if err != nil {
		return alert.Person{}, false, fmt.Errorf("look up person: %w", err)
	}
	return s.toPerson(me, *user), true, nil
}

// People implements [chat.Directory] with users.list. Being a long walk, it waits
// for short rate limits itself; it ends at its first error.
func (s *Slack) People(ctx context.Context) iter.Seq2[alert.Person, error] {
	return func(yield func(alert.Person, error) bool) {
		me, err := s.me(ctx)
		if err != nil {
			yield(alert.Person{}, err)
			return
		}
		for at := s.api.GetUsersPaginated(api.GetUsersOptionLimit(usersPerPage)); ; {
			if at, err = s.nextPage(ctx, at); err != nil {
				yield(alert.Person{}, fmt.Errorf("list people: %w", err))
				return
			}
			for _, user := range at.Users {
				if !yield(s.toPerson(me, user), nil) {
					return
				}
			}
			if at.Cursor == "" {
				return
			}
		}
	}
}

func (s *Slack) nextPage(ctx context.Context, at api.UserPagination) (api.UserPagination, error) {
	for attempt := 1; ; attempt++ {
		next := at
		err := s.call(ctx, effect{}, func(ctx context.Context) (err error) {
			next, err = at.Next(ctx)
			if err == nil && len(next.Users) == 0 && at.Cursor == "" {
				return errIncomplete
			}
			return err
		})
		var failed *chat.Error
		if err == nil || !errors.As(err, &failed) || failed.Failure != chat.RateLimited ||
			attempt == patience || failed.RetryAfter > longestWait {
			return next, err
		}
		if err := wait(ctx, failed.RetryAfter); err != nil {
			return next, err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Group implements [chat.Directory] with usergroups.users.list.
func (s *Slack) Group(ctx context.Context, id string) ([]string, error) {
	var members []string
	err := s.call(ctx, effect{}, func(ctx context.Context) (err error) {
		members, err = s.api.GetUserGroupMembersContext(ctx, id)
		if err == nil && members == nil {
			return errIncomplete
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list members of group %s: %w", id, err)
	}
	return members, nil
}

// toPerson reads a user object, see docs.slack.dev/reference/objects/user-object.
// On Enterprise Grid a person may be of our workspace and carry another's team id.
func (s *Slack) toPerson(me *identity, user api.User) alert.Person {
	home := user.TeamID == me.team || slices.Contains(user.Enterprise.Teams, me.team)
	team := user.TeamID
	if home || team == "" {
		team = me.team
	}
	name := user.RealName
	if name == "" {
		name = user.Profile.RealName
	}
	return alert.Person{
		PersonKey:   alert.PersonKey{Team: team, User: user.ID},
		Email:       user.Profile.Email,
		Username:    user.Name,
		Name:        name,
		Zone:        user.TZ,
		AwayUntil:   awayUntil(user.Profile, s.now()),
		Deactivated: user.Deleted,
		Bot:         user.IsBot || user.IsConnectorBot || user.IsWorkflowBot || user.ID == slackbot,
		Foreign:     !home || user.IsStranger,
		SeenAt:      s.now(),
	}
}
