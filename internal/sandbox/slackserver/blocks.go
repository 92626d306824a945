package slackserver

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// maxBlockText is Slack's undocumented limit over all texts of a message.
const maxBlockText = 13_200

// readBlocks parses and checks the blocks of a message and gives ids to those
// without, as Slack does.
func readBlocks(raw string) ([]object, error) {
	var blocks []object
	if json.Unmarshal([]byte(raw), &blocks) != nil {
		return nil, refuse("invalid_blocks_format")
	}
	c := &checker{ids: map[string]bool{}}
	c.blocks(blocks, "/blocks", 50, false)
	if len(c.problems) > 0 {
		return nil, refuse("invalid_blocks", c.problems...)
	}
	if c.total > maxBlockText {
		return nil, refuse("msg_blocks_too_long")
	}
	nameAll(blocks)
	return blocks, nil
}

// nameAll adds the block and action ids that the app left out.
func nameAll(blocks []object) {
	for _, b := range blocks {
		if text(b["block_id"]) == "" {
			b["block_id"] = newSecret()[:5]
		}
		for _, e := range interactive(b) {
			if text(e["action_id"]) == "" {
				e["action_id"] = newSecret()[:5]
			}
		}
	}
}

// interactive returns the elements of a block that a person can use.
func interactive(block object) []object {
	var found []object
	for _, e := range append(list(block["elements"]), block["accessory"], block["element"]) {
		if e, ok := e.(object); ok && slices.Contains(interactiveTypes, text(e["type"])) {
			found = append(found, e)
		}
	}
	return found
}

var interactiveTypes = []string{
	"button", "static_select", "external_select", "users_select", "conversations_select", "channels_select",
	"multi_static_select", "multi_users_select", "overflow", "datepicker", "timepicker", "datetimepicker",
	"checkboxes", "radio_buttons", "plain_text_input", "email_text_input", "number_input", "url_text_input",
	"rich_text_input", "workflow_button", "icon_button", "feedback_buttons",
}

// mrkdwnTexts returns every text that Slack would interpret.
func mrkdwnTexts(v any) []string {
	var out []string
	switch v := v.(type) {
	case []object:
		for _, e := range v {
			out = append(out, mrkdwnTexts(e)...)
		}
	case []any:
		for _, e := range v {
			out = append(out, mrkdwnTexts(e)...)
		}
	case object:
		if v["type"] == "mrkdwn" {
			out = append(out, text(v["text"]))
		}
		for _, e := range v {
			out = append(out, mrkdwnTexts(e)...)
		}
	}
	return out
}

// checker collects what is wrong with blocks, in the words of Slack's answers.
type checker struct {
	problems []string
	ids      map[string]bool
	total    int // characters in all texts
}

func (c *checker) failf(at, format string, a ...any) {
	c.problems = append(c.problems, fmt.Sprintf("[ERROR] "+format+" [json-pointer:%s]", append(a, at)...))
}

func (c *checker) length(at string, v any, limit int) {
	if utf8.RuneCountInString(text(v)) > limit {
		c.failf(at, "must be less than %d characters", limit+1)
	}
}

func (c *checker) blocks(blocks []object, at string, limit int, inView bool) {
	if len(blocks) > limit {
		c.failf(at, "no more than %d items allowed", limit)
	}
	for i, b := range blocks {
		c.block(b, fmt.Sprintf("%s/%d", at, i), inView)
	}
}

func (c *checker) block(b object, at string, inView bool) {
	id := text(b["block_id"])
	c.length(at+"/block_id", id, 255)
	if id != "" && c.ids[id] {
		c.failf(at+"/block_id", "`block_id` must be unique")
	}
	c.ids[id] = true
	switch kind := text(b["type"]); kind {
	case "section":
		c.section(b, at)
	case "header":
		c.label(b["text"], at+"/text", "plain_text", 150, true)
	case "context":
		c.elements(b, at, 10)
	case "actions":
		c.elements(b, at, 25)
	case "input":
		c.input(b, at)
	case "image":
		c.length(at+"/alt_text", b["alt_text"], 2000)
		c.length(at+"/image_url", b["image_url"], 3000)
	case "markdown":
		c.length(at+"/text", b["text"], 12_000)
		c.total += utf8.RuneCountInString(text(b["text"]))
	case "divider", "rich_text", "video", "file", "table", "context_actions":
		if inView && (kind == "file" || kind == "table") {
			c.failf(at+"/type", "unsupported type: %s", kind)
		}
	default:
		c.failf(at+"/type", "unsupported type: %s", kind)
	}
}

func (c *checker) section(b object, at string) {
	fields := list(b["fields"])
	if b["text"] == nil && len(fields) == 0 {
		c.failf(at, "missing required field: text")
	}
	if b["text"] != nil {
		c.label(b["text"], at+"/text", "", 3000, true)
	}
	if len(fields) > 10 {
		c.failf(at+"/fields", "no more than 10 items allowed")
	}
	for i, f := range fields {
		c.label(f, fmt.Sprintf("%s/fields/%d", at, i), "", 2000, true)
	}
	if e, ok := b["accessory"].(object); ok {
		c.element(e, at+"/accessory")
	}
}

func (c *checker) elements(b object, at string, limit int) {
	elements := list(b["elements"])
	if len(elements) == 0 {
		c.failf(at+"/elements", "must be more than 0 items")
	}
	if len(elements) > limit {
		c.failf(at+"/elements", "no more than %d items allowed", limit)
	}
	seen := map[string]bool{}
	for i, v := range elements {
		where := fmt.Sprintf("%s/elements/%d", at, i)
		e, ok := v.(object)
		if !ok {
			c.failf(where, "must be an object")
			continue
		}
		if id := text(e["action_id"]); id != "" && seen[id] {
			c.failf(where+"/action_id", "`action_id` must be unique within the block")
		} else {
			seen[id] = true
		}
		c.element(e, where)
	}
}

// label checks a text object; kind "" allows plain_text and mrkdwn.
func (c *checker) label(v any, at, kind string, limit int, required bool) {
	t, ok := v.(object)
	if !ok {
		if required {
			c.failf(at, "must be a text object")
		}
		return
	}
	got := text(t["type"])
	if got != "plain_text" && got != "mrkdwn" || kind != "" && got != kind {
		c.failf(at+"/type", "unsupported type: %s", got)
	}
	if text(t["text"]) == "" {
		c.failf(at+"/text", "must be more than 0 characters")
	}
	c.length(at+"/text", t["text"], limit)
	c.total += utf8.RuneCountInString(text(t["text"]))
}

func list(v any) []any {
	l, _ := v.([]any)
	return slices.Clone(l)
}

func text(v any) string {
	t, _ := v.(string)
	return t
}
