// Package chat is the contract of a chat system: what we say in it, what people
// do in it, and how its failures are told apart. Its forms are sub-packages.
package chat

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"securitybot/internal/alert"
)

// Ref is where a message stands. TS is also its time, see [Chat.Time].
type Ref struct {
	Channel string
	TS      string
}

// Recipient is a person (a direct message) or a channel, and, in it, a thread.
type Recipient struct {
	User    string
	Channel string
	Thread  string // the TS of the message that the thread hangs on
}

// Span is a run of text within a paragraph. Exactly one of Text and At is set. Text
// is shown letter by letter: no markup in it ever has a meaning, and nothing ever
// mentions anybody.
type Span struct {
	Text string
	Bold bool
	Link string    // an address of ours that Text leads to; never one that came with an alert
	At   time.Time // shown in the reader's own zone
}

// Paragraph is one block of a message.
type Paragraph struct {
	Quoted bool // somebody else's words, set apart
	Spans  []Span
}

// Button asks for one press. Value comes back with it untouched.
type Button struct {
	Action  string
	Label   string
	Value   string
	Style   Style
	Confirm *Confirm
}

// Style is how much a button stands out.
type Style string

// The styles of a button.
const (
	Plain   Style = ""
	Primary Style = "primary"
	Danger  Style = "danger"
)

// Confirm asks once more before a press counts.
type Confirm struct {
	Title, Text, Yes, No string
}

// Message is what is shown. Text alone carries the full meaning: it is what
// notifications and screen readers give.
type Message struct {
	Text       string
	Title      string
	Paragraphs []Paragraph
	Buttons    []Button
	Note       []Span // small print
}

// Rendering is a message in the chat system's own form. What buttons carry is left
// out: it is for us alone.
type Rendering struct {
	Text   string          `json:"text"`
	Blocks json.RawMessage `json:"blocks"` // a JSON array
}

// Section is a part of a Home: paragraphs and the buttons below them.
type Section struct {
	Title      string
	Paragraphs []Paragraph
	Buttons    []Button
}

// Home is a person's own page with the bot.
type Home struct {
	Sections []Section
}

// Chat is a chat system that we can speak in.
type Chat interface {
	// Post shows a message. key is an opaque id of ours that [Chat.Find] knows it by.
	Post(ctx context.Context, to Recipient, message Message, key string) (Ref, error)
	// Find looks for a message of ours that carries key, posted since a moment.
	Find(ctx context.Context, to Recipient, key string, since time.Time) (Ref, bool, error)
	// Edit replaces a message as a whole.
	Edit(ctx context.Context, at Ref, message Message) error
	// Rendered is a message as people are shown it. It sends nothing.
	Rendered(message Message) (Rendering, error)
	// PublishHome replaces a person's page as a whole. It is [Gone] for who can't have one.
	PublishHome(ctx context.Context, user string, home Home) error
	// Time is when a message was posted, by the chat system's clock.
	Time(at Ref) (time.Time, error)
}

// Directory is who there is in a chat system.
type Directory interface {
	// PersonByEmail and PersonByID answer false for somebody it does not know.
	PersonByEmail(ctx context.Context, email string) (alert.Person, bool, error)
	PersonByID(ctx context.Context, user string) (alert.Person, bool, error)
	// People lists everybody, page by page.
	People(ctx context.Context) iter.Seq2[alert.Person, error]
	// Group lists the user ids of a user group; [Refused] when there is none.
	Group(ctx context.Context, id string) ([]string, error)
}

// Press is one press of a button, as the chat system vouches for it.
type Press struct {
	Delivery string // names this press for good, so that a second delivery of it is known
	Person   alert.PersonKey
	At       time.Time
	Place    Ref // empty when the button is on the presser's Home
	Action   string
	Value    string
}

// Words is what somebody wrote into a prompt of ours.
type Words struct {
	Delivery string
	Person   alert.PersonKey
	At       time.Time
	Token    string // of the Prompt
	Text     string
}

// Typed is a message that somebody wrote to us, or a command.
type Typed struct {
	Delivery string
	Person   alert.PersonKey
	At       time.Time
	Place    Ref
	Thread   string // the TS of the message that it answers to, may be empty
	Text     string
	// Command tells that it was written as /securitybot …: anywhere, so Place has
	// the channel alone, and Thread is empty. Its Text may be empty.
	Command bool
}

// Prompt asks the presser for a few words.
type Prompt struct {
	Token       string
	Title       string
	Label       string
	Placeholder string
	Submit      string
	Cancel      string
	Lines       bool // several lines
	NotifyClose bool // closing it without words is given to [Inbox].Closed
}

// Reply is what the one who pressed or wrote gets back, alone.
type Reply struct {
	Tell string // "" says nothing
	Ask  *Prompt
	Home *Home // replaces the page of the one who pressed or wrote; nil leaves it
}

// Inbox takes what people do. An error means that it was not recorded: the
// adapter must then not acknowledge it.
type Inbox interface {
	Press(ctx context.Context, press Press) (Reply, error)
	Words(ctx context.Context, words Words) (Reply, error)
	Typed(ctx context.Context, typed Typed) (Reply, error)
	// Opened takes that somebody opened their Home, and gives what it shows.
	Opened(ctx context.Context, who alert.PersonKey) (Home, error)
	// Closed takes a prompt that was closed without words: Text is empty.
	Closed(ctx context.Context, words Words) (Reply, error)
}
