package slackserver

import (
	"slices"
	"strconv"
	"strings"
)

// keepVersions is how many earlier states of a message can still be clicked, as by a client that has not caught up.
const keepVersions = 20

type message struct {
	Channel   string   `json:"channel"`
	TS        string   `json:"ts"`
	ThreadTS  string   `json:"thread_ts,omitempty"` // the parent's ts; empty at the top level
	User      string   `json:"user"`
	Bot       bool     `json:"bot,omitempty"`
	Text      string   `json:"text"` // Slack-encoded
	Blocks    []object `json:"blocks,omitempty"`
	Metadata  object   `json:"metadata,omitempty"`
	Ephemeral string   `json:"ephemeral,omitempty"` // the only person who sees it
	Broadcast bool     `json:"broadcast,omitempty"`
	EditedTS  string   `json:"edited_ts,omitempty"`
	Reactions []string `json:"reactions,omitempty"` // of the bot
	File      bool     `json:"file,omitempty"`      // a person's picture is with it
	// Earlier states, oldest first, for the person who clicks on a copy that
	// their client has not refreshed.
	Earlier []version `json:"earlier,omitempty"`
}

type version struct {
	Text   string   `json:"text"`
	Blocks []object `json:"blocks,omitempty"`
}

// add stores a new message; the caller holds mu and has set everything but the ts.
func (s *Server) add(m *message) *message {
	m.TS = s.nextTS()
	s.messages[m.Channel] = append(s.messages[m.Channel], m)
	s.save(m)
	return m
}

func (s *Server) save(m *message) {
	s.opt.Disk.Put("message", m.Channel+"/"+m.TS, m)
}

func (s *Server) find(channel, ts string) *message {
	all := s.messages[channel]
	i, found := slices.BinarySearchFunc(all, ts, func(m *message, ts string) int { return strings.Compare(m.TS, ts) })
	if !found {
		return nil
	}
	return all[i]
}

func (s *Server) remove(m *message) {
	all := s.messages[m.Channel]
	s.messages[m.Channel] = slices.DeleteFunc(all, func(other *message) bool { return other == m })
	s.opt.Disk.Delete("message", m.Channel+"/"+m.TS)
}

// change replaces what a message shows. Slack marks an edit only when the new
// state has no blocks.
func (s *Server) change(m *message, text string, blocks []object) {
	m.Earlier = append(m.Earlier, version{Text: m.Text, Blocks: m.Blocks})
	if len(m.Earlier) > keepVersions {
		m.Earlier = m.Earlier[1:]
	}
	m.Text, m.Blocks = text, blocks
	if len(blocks) == 0 {
		m.EditedTS = formatTS(s.opt.Clock().UnixMicro())
	}
	s.save(m)
}

// thread returns the replies of a parent, oldest first, without ephemeral ones.
func (s *Server) thread(parent *message) []*message {
	var out []*message
	for _, m := range s.messages[parent.Channel] {
		if m.ThreadTS == parent.TS && m.Ephemeral == "" {
			out = append(out, m)
		}
	}
	return out
}

// root resolves the thread_ts of a new message: replies to a reply go to its
// parent, and without the parent the message stands at the top level.
func (s *Server) root(channel, ts string) string {
	if ts == "" {
		return ""
	}
	m := s.find(channel, ts)
	switch {
	case m == nil:
		return ""
	case m.ThreadTS != "":
		return m.ThreadTS
	}
	return m.TS
}

// wire is the message object of the Web API and of callbacks. The payload of
// metadata is left out unless it was asked for, as Slack does.
func (s *Server) wire(m *message, allMetadata bool) object {
	out := object{"type": "message", "user": m.User, "text": m.Text, "ts": m.TS, "team": TeamID}
	if m.Bot {
		out["bot_id"], out["app_id"] = BotID, AppID
		out["bot_profile"] = object{"id": BotID, "app_id": AppID, "name": "Securitybot", "deleted": false, "team_id": TeamID}
	}
	if len(m.Blocks) > 0 {
		out["blocks"] = m.Blocks
	}
	if m.Metadata != nil {
		out["metadata"] = object{"event_type": m.Metadata["event_type"]}
		if allMetadata {
			out["metadata"] = m.Metadata
		}
	}
	if m.File {
		out["files"] = m.files()
	}
	if m.EditedTS != "" {
		out["edited"] = object{"user": m.User, "ts": m.EditedTS}
	}
	if m.ThreadTS != "" {
		out["thread_ts"], out["parent_user_id"] = m.ThreadTS, s.author(m.Channel, m.ThreadTS)
	} else if replies := s.thread(m); len(replies) > 0 {
		out["thread_ts"], out["reply_count"] = m.TS, len(replies)
		out["latest_reply"] = replies[len(replies)-1].TS
	}
	return out
}

// files describes the picture of a message, as an app sees it that has no scope
// to read files.
func (m *message) files() []object {
	id := "F" + strings.ReplaceAll(m.TS, ".", "")
	return []object{{
		"id": id, "created": parseTS(m.TS) / 1e6, "timestamp": parseTS(m.TS) / 1e6, "name": "picture.png",
		"title": "picture.png", "mimetype": "image/png", "filetype": "png", "pretty_type": "PNG", "user": m.User,
		"user_team": TeamID, "mode": "hosted", "size": 4096, "editable": false, "is_external": false, "external_type": "",
		"is_public": false, "public_url_shared": false, "display_as_bot": false, "username": "",
	}}
}

func (s *Server) author(channel, ts string) string {
	if m := s.find(channel, ts); m != nil {
		return m.User
	}
	return ""
}

func parseTS(ts string) int64 {
	seconds, micros, _ := strings.Cut(ts, ".")
	sec, _ := strconv.ParseInt(seconds, 10, 64)
	mic, _ := strconv.ParseInt((micros + "000000")[:6], 10, 64)
	return sec*1e6 + mic
}
