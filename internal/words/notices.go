package words

import (
	"encoding/json"
	"strings"
	"time"

	"securitybot/internal/chat"
	"securitybot/internal/store"
)

// What notices say: the data of a store.Notice, in JSON. Who and By are people as
// readers know them, as in "Alice Adams (alice@example.com)".
type (
	// PolicyLoaded is a policy that is in force now, and what it changes.
	PolicyLoaded struct {
		Revision string         `json:"revision"`
		By       string         `json:"by"`
		Changes  []PolicyChange `json:"changes"`
	}
	// PolicyChange is one change in plain words.
	PolicyChange struct {
		Text   string `json:"text"`
		Looser bool   `json:"looser"`
	}
	// PolicyBroken is a policy file that can't be used.
	PolicyBroken struct {
		By     string   `json:"by"`
		Faults []string `json:"faults"`
	}
	// Held is a question that waits for working hours, for long.
	Held struct {
		Who   string    `json:"who"`
		Title string    `json:"title"`
		Until time.Time `json:"until"`
	}
	// Told is an alert that is told at once, while its person is asked.
	Told struct {
		Who      string `json:"who"`
		Title    string `json:"title"`
		Severity string `json:"severity"`
	}
	// Exception is a suppression that was added by hand.
	Exception struct {
		By        string    `json:"by"`
		Who       string    `json:"who"`
		Detection string    `json:"detection"`
		Scope     string    `json:"scope"`
		Until     time.Time `json:"until"`
		Reason    string    `json:"reason"`
	}
	// Revoked is a suppression that was ended by hand.
	Revoked struct {
		By        string `json:"by"`
		Who       string `json:"who"`
		Detection string `json:"detection"`
		Reason    string `json:"reason"`
	}
	// Token is a token of the API that does more than report: a source's, or one with
	// which a person acts. Until is zero where it has no end.
	Token struct {
		By     string    `json:"by"`
		ID     string    `json:"id"`
		Source string    `json:"source"`
		Email  string    `json:"email"`
		Scopes []string  `json:"scopes"`
		Until  time.Time `json:"until"`
	}
	// Withdrawn is an alert that was taken back before it was decided.
	Withdrawn struct {
		By       string `json:"by"`
		Who      string `json:"who"`
		Title    string `json:"title"`
		Severity string `json:"severity"`
		Reason   string `json:"reason"`
	}
	// OptedOut is somebody who is not asked for a while.
	OptedOut struct {
		Who   string    `json:"who"`
		Until time.Time `json:"until"`
		By    string    `json:"by"`
	}
	// OptedIn is somebody who is asked again.
	OptedIn struct {
		Who string `json:"who"`
		By  string `json:"by"`
	}
	// NotOurs is a message that somebody asked about, and that we never sent.
	NotOurs struct {
		Who  string `json:"who"`
		Code string `json:"code"`
	}
	// Paused is the stop of all contact.
	Paused struct {
		By     string `json:"by"`
		Reason string `json:"reason"`
	}
	// Resumed is the end of a pause.
	Resumed struct {
		By string `json:"by"`
	}
	// OpenCases are the cases that nobody resolved yet, oldest first.
	OpenCases struct {
		Cases []OpenCase `json:"cases"`
	}
	// OpenCase is one of them.
	OpenCase struct {
		Title   string    `json:"title"`
		Who     string    `json:"who"`
		Opened  time.Time `json:"opened"`
		AckedBy string    `json:"acked_by"` // "" when nobody did
	}
	// LogForked is a log that is not the one that was signed last; without Root none was.
	LogForked struct {
		Size int64     `json:"size"` // when it was signed
		At   time.Time `json:"at"`
		Root string    `json:"root"` // base64
	}
	// StrangeCheckpoint is a row among the checkpoints that the key did not sign.
	StrangeCheckpoint struct {
		Size int64 `json:"size"` // as it says
	}
)

// Notice is something that is said once and belongs to no alert's conversation.
func (b *Book) Notice(notice store.Notice) chat.Message {
	if say, ok := notices[notice.Kind]; ok {
		if message, err := say(b, notice.Data); err == nil {
			return message
		}
	}
	return oneLine(b.text("notice.unreadable", fill{"Kind": notice.Kind, "ID": notice.ID}))
}

var notices = map[string]func(*Book, json.RawMessage) (chat.Message, error){
	store.NoticePolicyLoaded: said((*Book).policyLoaded),
	store.NoticePolicyBroken: said((*Book).policyBroken),
	store.NoticeHeld: said(func(b *Book, n Held) chat.Message {
		return b.line("notice.held", fill{"Who": bold(n.Who), "Title": cut(n.Title, 200), "Until": n.Until})
	}),
	store.NoticeTold: said(func(b *Book, n Told) chat.Message {
		return b.line("notice.told", fill{"Who": bold(n.Who), "Title": cut(n.Title, 200), "Severity": n.Severity})
	}),
	store.NoticeException: said(func(b *Book, n Exception) chat.Message {
		return b.line("notice.exception", fill{
			"By": n.By, "Who": bold(n.Who), "Detection": n.Detection, "Scope": cut(n.Scope, 200),
			"Until": n.Until, "Reason": cut(n.Reason, 500),
		})
	}),
	store.NoticeRevoked: said(func(b *Book, n Revoked) chat.Message {
		return b.line("notice.revoked", fill{"By": n.By, "Who": bold(n.Who), "Detection": n.Detection, "Reason": cut(n.Reason, 500)})
	}),
	store.NoticeToken: said(func(b *Book, n Token) chat.Message {
		return b.line("notice.token", fill{
			"By": n.By, "ID": n.ID, "Source": n.Source, "Who": cut(n.Email, 200), "Scopes": strings.Join(n.Scopes, ", "), "Until": n.Until,
		})
	}),
	store.NoticeWithdrawn: said(func(b *Book, n Withdrawn) chat.Message {
		return b.line("notice.withdrawn", fill{
			"By": n.By, "Who": bold(n.Who), "Title": cut(n.Title, 200), "Severity": n.Severity, "Reason": cut(n.Reason, 500),
		})
	}),
	store.NoticeOptedOut: said(func(b *Book, n OptedOut) chat.Message {
		return b.line("notice.opted_out", fill{"Who": bold(n.Who), "Until": n.Until, "By": by(n.By, n.Who)})
	}),
	store.NoticeOptedIn: said(func(b *Book, n OptedIn) chat.Message {
		return b.line("notice.opted_in", fill{"Who": bold(n.Who), "By": by(n.By, n.Who)})
	}),
	store.NoticeNotOurs: said(func(b *Book, n NotOurs) chat.Message {
		return b.line("notice.not_ours", fill{"Who": bold(n.Who), "Code": cut(n.Code, 20)})
	}),
	store.NoticePaused: said(func(b *Book, n Paused) chat.Message {
		return b.line("notice.paused", fill{"By": bold(n.By), "Reason": cut(n.Reason, 500)})
	}),
	store.NoticeResumed: said(func(b *Book, n Resumed) chat.Message {
		return b.line("notice.resumed", fill{"By": bold(n.By)})
	}),
	store.NoticeOpenCases: said((*Book).openCases),
	store.NoticeRollup:    said((*Book).rollup),
	store.NoticeLogForked: said(func(b *Book, n LogForked) chat.Message {
		return b.line("notice.log_forked", fill{"Size": n.Size, "At": n.At, "Root": n.Root})
	}),
	store.NoticeStrangeCheckpoint: said(func(b *Book, n StrangeCheckpoint) chat.Message {
		return b.line("notice.strange_checkpoint", fill{"Size": n.Size})
	}),
}

// said reads the data of a notice and says it.
func said[T any](say func(*Book, T) chat.Message) func(*Book, json.RawMessage) (chat.Message, error) {
	return func(b *Book, data json.RawMessage) (chat.Message, error) {
		var payload T
		if err := json.Unmarshal(data, &payload); err != nil {
			return chat.Message{}, err
		}
		return say(b, payload), nil
	}
}

// by names who did something; "" where it was the person whom it is about.
func by(actor, who string) string {
	if actor == store.ActorPerson || actor == who {
		return ""
	}
	return cut(actor, 100)
}

// line is a message of one sentence.
func (b *Book) line(key string, with fill) chat.Message {
	return chat.Message{Text: b.text(key, with), Paragraphs: []chat.Paragraph{b.says(key, with)}}
}

func (b *Book) policyLoaded(n PolicyLoaded) chat.Message {
	message := b.line("notice.policy_loaded", fill{"Revision": bold(n.Revision), "By": n.By, "Count": len(n.Changes)})
	var looser, others []string
	for _, change := range n.Changes {
		if change.Looser {
			looser = append(looser, cut(change.Text, 300))
		} else {
			others = append(others, cut(change.Text, 300))
		}
	}
	b.add(&message, "notice.policy_looser", fill{"Count": len(looser)}, looser)
	b.add(&message, "notice.policy_changes", fill{"Count": len(others)}, others)
	return message
}

func (b *Book) policyBroken(n PolicyBroken) chat.Message {
	message := b.line("notice.policy_broken", fill{"By": n.By})
	faults := make([]string, 0, len(n.Faults))
	for _, fault := range n.Faults {
		faults = append(faults, cut(fault, 300))
	}
	b.add(&message, "notice.policy_faults", fill{"Count": len(faults)}, faults)
	return message
}

func (b *Book) openCases(n OpenCases) chat.Message {
	message := b.line("notice.open_cases", fill{"Count": len(n.Cases)})
	var lines []string
	for _, open := range n.Cases {
		values := fill{"Title": cut(open.Title, 120), "Who": cut(open.Who, 100), "Opened": open.Opened, "By": cut(open.AckedBy, 100)}
		lines = append(lines, b.text("notice.open_case", values))
	}
	b.add(&message, "notice.open_list", nil, lines)
	return message
}

// add adds a heading and the list below it, if the list holds anything.
func (b *Book) add(message *chat.Message, heading string, with fill, lines []string) {
	if len(lines) == 0 {
		return
	}
	shown := b.list(lines)
	message.Paragraphs = append(message.Paragraphs, b.says(heading, with), listed(shown))
	message.Text = sentences(message.Text, b.text(heading, with)+" "+strings.Join(shown, "; "))
}
