package slackserver

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	maxPostText   = 40_000 // longer texts are cut
	maxUpdateText = 4_000
	maxMetadata   = 16 << 10
)

// content is what a message shows, checked and in Slack's encoding.
type content struct {
	text      string
	blocks    []object
	hasBlocks bool // the argument was given, though perhaps empty
	metadata  object
}

func (s *Server) readContent(a args) (content, error) {
	c := content{text: normalize(a["text"])}
	if raw := strings.TrimSpace(a["blocks"]); raw != "" && raw != "null" {
		blocks, err := readBlocks(raw)
		if err != nil {
			return c, err
		}
		c.blocks, c.hasBlocks = blocks, true
	}
	if raw := a["metadata"]; raw != "" && raw != "null" {
		if len(raw) > maxMetadata {
			return c, refuse("metadata_too_large")
		}
		if json.Unmarshal([]byte(raw), &c.metadata) != nil || c.metadata["event_type"] == nil {
			return c, refuse("invalid_metadata_format")
		}
	}
	s.watch(a, c)
	return c, nil
}

// watch records what a careful app would not send.
func (s *Server) watch(a args, c content) {
	where := a["channel"]
	s.watchMentions(where, append(mrkdwnTexts(c.blocks), a["text"]))
	if len(c.blocks) > 0 && strings.TrimSpace(c.text) == "" {
		s.opt.Desk.Violate("empty fallback text", where)
	}
}

func (s *Server) watchMentions(where string, texts []string) {
	for _, text := range texts {
		if found := broadcast.FindString(text); found != "" {
			s.opt.Desk.Violate("broadcast mention", where+": "+found)
		}
	}
}

func (s *Server) chatPostMessage(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel, err := s.postTarget(a["channel"])
	if err != nil {
		return nil, err
	}
	c, err := s.readContent(a)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.text) == "" && len(c.blocks) == 0 {
		return nil, refuse("no_text")
	}
	s.watchUnfurls(a, channel.ID)
	if wait, ok := s.limits.take("post:"+channel.ID, perChannel); !ok {
		return nil, &apiError{code: "ratelimited", retryAfter: wait}
	}
	root := s.root(channel.ID, a["thread_ts"])
	m := s.add(&message{
		Channel: channel.ID, ThreadTS: root, User: BotUserID, Bot: true, Text: truncate(c.text, maxPostText),
		Blocks: c.blocks, Metadata: c.metadata, Broadcast: root != "" && a.flag("reply_broadcast"),
	})
	return object{"channel": channel.ID, "ts": m.TS, "message": s.wire(m, false)}, nil
}

func (s *Server) watchUnfurls(a args, channel string) {
	for _, name := range []string{"unfurl_links", "unfurl_media"} {
		if a[name] != "0" && !strings.EqualFold(a[name], "false") {
			s.opt.Desk.Violate("unfurls not off", fmt.Sprintf("%s: %s", channel, name))
		}
	}
}

// postTarget resolves a channel id or name, or a person's id to the direct
// messages with them.
func (s *Server) postTarget(target string) (*Channel, error) {
	if u := s.userByID(target); u != nil {
		if err := s.deliverable(u); err != nil {
			return nil, err
		}
		c, _ := s.openIM(u)
		return c, nil
	}
	c := s.channelByID(target)
	if c == nil {
		c = s.channelByName(target)
	}
	switch {
	case c == nil:
		return nil, refuse("channel_not_found")
	case !c.has(BotUserID):
		return nil, refuse("not_in_channel")
	case c.IM:
		return c, s.deliverable(s.userByID(c.User))
	}
	return c, nil
}

// deliverable is reachable with a watch on those who keep trying.
func (s *Server) deliverable(u *User) error {
	err := reachable(u)
	if u != nil && u.Deactivated {
		s.refused[u.ID]++
		if s.refused[u.ID] == 2 {
			s.opt.Desk.Violate("repeated post to a deactivated user", u.ID)
		}
	}
	return err
}

func (s *Server) chatPostEphemeral(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	channel := s.channelByID(a["channel"])
	switch {
	case channel == nil:
		return nil, refuse("channel_not_found")
	case !channel.has(BotUserID):
		return nil, refuse("not_in_channel")
	case !channel.has(a["user"]):
		return nil, refuse("user_not_in_channel")
	}
	c, err := s.readContent(a)
	if err != nil {
		return nil, err
	}
	if strings.TrimSpace(c.text) == "" && len(c.blocks) == 0 {
		return nil, refuse("no_text")
	}
	m := s.add(&message{
		Channel: channel.ID, ThreadTS: s.root(channel.ID, a["thread_ts"]), User: BotUserID, Bot: true,
		Text: c.text, Blocks: c.blocks, Ephemeral: a["user"],
	})
	return object{"message_ts": m.TS}, nil
}

// chatUpdate replaces a message of the bot. Text without blocks removes the
// blocks; metadata stays unless new metadata is given.
func (s *Server) chatUpdate(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.ownMessage(a["channel"], a["ts"], "cant_update_message")
	if err != nil {
		return nil, err
	}
	if utf8.RuneCountInString(a["text"]) > maxUpdateText {
		return nil, refuse("msg_too_long")
	}
	c, err := s.readContent(a)
	if err != nil {
		return nil, err
	}
	text, hasText := c.text, a["text"] != ""
	switch {
	case !hasText && !c.hasBlocks && c.metadata == nil:
		return nil, refuse("no_text")
	case !hasText:
		text = m.Text
	}
	blocks := c.blocks
	if !hasText && !c.hasBlocks {
		blocks = m.Blocks
	}
	if c.metadata != nil {
		m.Metadata = c.metadata
	}
	s.change(m, text, blocks)
	return object{"channel": m.Channel, "ts": m.TS, "text": m.Text, "message": s.wire(m, false)}, nil
}

func (s *Server) ownMessage(channel, ts, notOurs string) (*message, error) {
	c := s.channelByID(channel)
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	m := s.find(c.ID, ts)
	switch {
	case m == nil || m.Ephemeral != "":
		return nil, refuse("message_not_found")
	case !m.Bot:
		return nil, refuse(notOurs)
	}
	return m, nil
}

func (s *Server) chatDelete(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.ownMessage(a["channel"], a["ts"], "cant_delete_message")
	if err != nil {
		return nil, err
	}
	s.remove(m)
	return object{"channel": m.Channel, "ts": m.TS}, nil
}

func (s *Server) chatGetPermalink(a args) (object, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.channelByID(a["channel"])
	if c == nil {
		return nil, refuse("channel_not_found")
	}
	m := s.find(c.ID, a["message_ts"])
	if m == nil {
		return nil, refuse("message_not_found")
	}
	link := "https://" + teamDomain + ".slack.com/archives/" + c.ID + "/p" + strings.ReplaceAll(m.TS, ".", "")
	if m.ThreadTS != "" {
		link += "?thread_ts=" + m.ThreadTS + "&cid=" + c.ID
	}
	return object{"channel": c.ID, "permalink": link}, nil
}
