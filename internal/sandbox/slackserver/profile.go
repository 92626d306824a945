package slackserver

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrBadZone is returned for a zone that is not in the zone database.
var ErrBadZone = errors.New("no such time zone")

// Profile is what a person changes of their profile; nil leaves a part as it is.
type Profile struct {
	Status  *Status `json:"status,omitempty"`
	TZ      *string `json:"tz,omitempty"`       // as in Europe/Berlin
	TZLabel *string `json:"tz_label,omitempty"` // the zone's name, if a new zone has no label
}

// Status is the line beside a person's name; it clears itself when it expires.
type Status struct {
	Text             string `json:"text"`
	Emoji            string `json:"emoji"`              // as in :palm_tree:
	ExpiresInSeconds int64  `json:"expires_in_seconds"` // 0 is never
}

// Describe changes a person's profile.
func (s *Server) Describe(ctx context.Context, email string, p Profile) error {
	if err := s.describe(email, p); err != nil {
		return err
	}
	s.opt.Changed()
	return s.flush(ctx)
}

func (s *Server) describe(email string, p Profile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(email)
	if u == nil {
		return ErrNoUser
	}
	if p.TZ != nil {
		if _, err := time.LoadLocation(*p.TZ); err != nil || *p.TZ == "Local" {
			return fmt.Errorf("%w: %q", ErrBadZone, *p.TZ)
		}
		u.TZ, u.TZLabel = *p.TZ, *p.TZ
	}
	if p.TZLabel != nil {
		u.TZLabel = *p.TZLabel
	}
	if p.Status != nil {
		u.StatusText, u.StatusEmoji, u.StatusExpires = p.Status.Text, p.Status.Emoji, 0
		if p.Status.ExpiresInSeconds > 0 {
			u.StatusExpires = s.opt.Clock().Unix() + p.Status.ExpiresInSeconds
		}
	}
	s.opt.Disk.Put("user", u.ID, u)
	return nil
}

// Deactivate switches an account off or on again.
func (s *Server) Deactivate(ctx context.Context, email string, off bool) error {
	s.mu.Lock()
	u := s.userByEmail(email)
	if u != nil {
		u.Deactivated = off
		s.opt.Disk.Put("user", u.ID, u)
		delete(s.refused, u.ID)
	}
	s.mu.Unlock()
	if u == nil {
		return ErrNoUser
	}
	s.opt.Changed()
	return s.flush(ctx)
}

// offset is the person's distance from UTC now, in seconds.
func (u *User) offset(now time.Time) int {
	zone, err := time.LoadLocation(u.TZ)
	if err != nil {
		return 0
	}
	_, offset := now.In(zone).Zone()
	return offset
}

// wire is the user object of the Web API.
func (u *User) wire(now time.Time) object {
	profile := object{
		"real_name": u.RealName, "real_name_normalized": u.RealName, "display_name": u.Name,
		"display_name_normalized": u.Name, "title": u.Title, "team": TeamID, "phone": "", "skype": "",
		"status_text": "", "status_emoji": "", "status_expiration": 0, "status_text_canonical": "",
	}
	if u.StatusExpires == 0 || now.Unix() < u.StatusExpires {
		profile["status_text"], profile["status_emoji"] = u.StatusText, u.StatusEmoji
		profile["status_expiration"] = u.StatusExpires
	}
	if u.Email != "" {
		profile["email"] = u.Email
	}
	if u.ID == BotUserID {
		profile["api_app_id"], profile["bot_id"] = AppID, BotID
	}
	return object{
		"id": u.ID, "team_id": TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deactivated,
		"tz": u.TZ, "tz_label": u.TZLabel, "tz_offset": u.offset(now), "profile": profile,
		"is_bot": u.Bot, "is_app_user": false, "is_admin": false, "is_owner": false, "is_primary_owner": false,
		"is_restricted": false, "is_ultra_restricted": false, "is_stranger": false, "updated": 1,
	}
}
