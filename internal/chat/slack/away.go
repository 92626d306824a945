package slack

import (
	"regexp"
	"slices"
	"time"

	api "github.com/slack-go/slack"
)

// unsaidAway is how long somebody is away who doesn't say until when.
const unsaidAway = 24 * time.Hour

// awayEmoji are the signs of a status that say away by themselves.
var awayEmoji = []string{
	":palm_tree:", ":desert_island:", ":beach_with_umbrella:", ":face_with_thermometer:", ":no_entry:", ":no_entry_sign:",
}

var awayWords = regexp.MustCompile(`(?i)\b(vacation(ing)?|holidays?|sick|out of (the )?office|ooo|pto|` +
	`(on|annual|parental|maternity|paternity|medical) leave)\b`)

// awayUntil reads from somebody's status until when they are away; zero when they
// are here. Slack clears a status at its expiration, and 0 is none.
func awayUntil(profile api.UserProfile, now time.Time) time.Time {
	if !slices.Contains(awayEmoji, profile.StatusEmoji) && !awayWords.MatchString(profile.StatusText) {
		return time.Time{}
	}
	if profile.StatusExpiration == 0 {
		return now.Add(unsaidAway)
	}
	if until := time.Unix(int64(profile.StatusExpiration), 0).UTC(); until.After(now) {
		return until
	}
	return time.Time{}
}
