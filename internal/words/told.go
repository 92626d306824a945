package words

import (
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Help lists what people can type, one command in a line.
func (b *Book) Help() string {
	lines := []string{b.text("help.intro", nil)}
	for _, command := range []string{"hi", "status", "verify", "ignore", "stop", "start", "lost_phone", "test", "help"} {
		lines = append(lines, "• "+b.text("help."+command, nil))
	}
	return strings.Join(append(lines, b.text("help.answers", nil)), "\n")
}

// Hi greets somebody; name is what they are called, or "".
func (b *Book) Hi(name string) string {
	return b.text("command.hi", fill{"Name": b.called(alert.Person{Name: name})})
}

// Status lists a person's open questions, and counts those that wait for them. An
// alert that is held, or asked about together with another, is not one.
func (b *Book) Status(open []store.Record, now time.Time, zone string) string {
	var lines []string
	waiting := 0
	for _, record := range open {
		switch {
		case !record.AskedAt.IsZero():
			lines = append(lines, "• "+b.text("command.status_open", fill{
				"Title": cut(record.Title, 120), "Until": day(record.Deadline, now, zone), "Code": record.Code,
			}))
		case !record.QueuedUntil.IsZero() && record.JoinedTo == "":
			waiting++
		}
	}
	if len(lines) == 0 {
		return b.text("command.status_none", nil)
	}
	said := []string{b.text("command.status", fill{"Count": len(lines)})}
	said = append(said, b.list(lines)...)
	if waiting > 0 {
		said = append(said, b.text("command.status_waiting", fill{"Count": waiting}))
	}
	return strings.Join(said, "\n")
}

// Verified says that a question with this code is ours.
func (b *Book) Verified(asked time.Time, title, zone string, now time.Time) string {
	return b.text("command.verified", fill{"Title": cut(title, 200), "At": day(asked, now, zone)})
}

// NotOurs says that no question with this code is ours.
func (b *Book) NotOurs(code string) string {
	return b.text("command.not_ours", fill{"Code": cut(code, 20)})
}

// VerifyUsage says how to ask whether a message is ours.
func (b *Book) VerifyUsage() string { return b.text("command.verify_usage", nil) }

// Ignored tells that a wish to ignore is proved on the phone next.
func (b *Book) Ignored(title string, length time.Duration, code string) string {
	return b.text("command.ignored", fill{"Title": cut(title, 200), "For": span(length), "Code": code})
}

// IgnoreWrong says what is wrong with a wish to ignore.
func (b *Book) IgnoreWrong(wrong Wrong) string {
	switch wrong {
	case WrongTooLong:
		return b.text("command.ignore_too_long", fill{"Most": span(MostIgnored)})
	case WrongZero:
		return b.text("command.ignore_zero", nil)
	default:
		return b.text("command.ignore_usage", nil)
	}
}

// IgnoreNeedsConfirmed says that only what was confirmed can be ignored.
func (b *Book) IgnoreNeedsConfirmed() string { return b.Refused(store.RefusedUnconfirmed) }

// Stopped tells until when a person isn't written to, and what happens instead.
func (b *Book) Stopped(until, now time.Time, zone string) string {
	return b.text("command.stopped", fill{"Until": day(until, now, zone)})
}

// AlreadyStopped tells somebody who stops twice.
func (b *Book) AlreadyStopped(until, now time.Time, zone string) string {
	return b.text("command.already_stopped", fill{"Until": day(until, now, zone)})
}

// Started tells that a person is written to again.
func (b *Book) Started() string { return b.text("command.started", nil) }

// NotStopped tells somebody who starts without having stopped.
func (b *Book) NotStopped() string { return b.text("command.not_stopped", nil) }

// LostPhone tells what a lost phone leads to.
func (b *Book) LostPhone() string { return b.text("command.lost_phone", nil) }

// LostPhoneTitle is what the case of a lost phone is called.
func (b *Book) LostPhoneTitle() string { return b.text("command.lost_phone_title", nil) }

// TestComing tells that a harmless alert is on its way.
func (b *Book) TestComing() string { return b.text("command.test_coming", nil) }

// TestTooMany refuses one more test.
func (b *Book) TestTooMany() string { return b.Refused(store.RefusedTooOften) }

// TestAlert is what a harmless alert about oneself says.
func (b *Book) TestAlert() (title, description string) {
	return b.text("command.test_title", nil), b.text("command.test_description", nil)
}
