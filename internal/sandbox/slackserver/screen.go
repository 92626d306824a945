package slackserver

// Shown is a message as a client shows it now.
type Shown struct {
	Channel    string   `json:"channel"`
	TS         string   `json:"ts"`
	ThreadTS   string   `json:"thread_ts"` // empty at the top level
	User       string   `json:"user"`      // the author's id
	UserName   string   `json:"user_name"`
	Bot        bool     `json:"bot"`
	Text       string   `json:"text"` // Slack-encoded
	Blocks     []object `json:"blocks"`
	Actions    []Action `json:"actions"`
	Ephemeral  bool     `json:"ephemeral"`
	Edited     bool     `json:"edited"`
	ReplyCount int      `json:"reply_count"`
	Metadata   object   `json:"metadata,omitempty"`
	Reactions  []string `json:"reactions,omitempty"`
	File       bool     `json:"file,omitempty"` // a picture is with it
}

// Action is something to press in a message.
type Action struct {
	ActionID string `json:"action_id"`
	BlockID  string `json:"block_id"`
	Type     string `json:"type"`
	Text     string `json:"text"`
	Value    string `json:"value"`
}

// DirectMessages returns what a person sees of the bot: their direct messages
// with it, threads included, and what only they see, wherever it was posted.
func (s *Server) DirectMessages(email string) ([]Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.userByEmail(email)
	if u == nil {
		return nil, ErrNoUser
	}
	out := []Shown{}
	for _, c := range s.channels {
		mine := c.IM && c.User == u.ID
		for _, m := range s.messages[c.ID] {
			if m.Ephemeral == u.ID && (c.IM || mine) || m.Ephemeral == "" && mine {
				out = append(out, s.shown(m))
			}
		}
	}
	return out, nil
}

// ChannelMessages returns a channel's messages, threads included, and what only
// the viewer sees there, if an email is given.
func (s *Server) ChannelMessages(name, viewer string) ([]Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByName(name)
	if c == nil {
		c = s.channelByID(name)
	}
	if c == nil {
		return nil, ErrNoChannel
	}
	viewerID := ""
	if u := s.userByEmail(viewer); u != nil {
		viewerID = u.ID
	}
	out := []Shown{}
	for _, m := range s.messages[c.ID] {
		if m.Ephemeral == "" || m.Ephemeral == viewerID {
			out = append(out, s.shown(m))
		}
	}
	return out, nil
}

func (s *Server) shown(m *message) Shown {
	out := Shown{
		Channel: m.Channel, TS: m.TS, ThreadTS: m.ThreadTS, User: m.User, Bot: m.Bot, Text: m.Text,
		Blocks: m.Blocks, Actions: actionsOf(m.Blocks), Ephemeral: m.Ephemeral != "", Edited: m.EditedTS != "",
		Metadata: m.Metadata, Reactions: m.Reactions, File: m.File,
	}
	if u := s.userByID(m.User); u != nil {
		out.UserName = u.RealName
	}
	if out.Blocks == nil {
		out.Blocks = []object{}
	}
	if m.ThreadTS == "" {
		out.ReplyCount = len(s.thread(m))
	}
	return out
}

func actionsOf(blocks []object) []Action {
	out := []Action{}
	for _, b := range blocks {
		for _, e := range interactive(b) {
			label, _ := e["text"].(object)
			out = append(out, Action{
				ActionID: text(e["action_id"]), BlockID: text(b["block_id"]), Type: text(e["type"]),
				Text: text(label["text"]), Value: text(e["value"]),
			})
		}
	}
	return out
}
