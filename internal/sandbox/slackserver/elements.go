package slackserver

import (
	"fmt"
	"slices"
)

func (c *checker) element(e object, at string) {
	c.length(at+"/action_id", e["action_id"], 255)
	if e["confirm"] != nil {
		c.confirm(e["confirm"], at+"/confirm")
	}
	if e["placeholder"] != nil {
		c.label(e["placeholder"], at+"/placeholder", "plain_text", 150, false)
	}
	switch kind := text(e["type"]); kind {
	case "button":
		c.button(e, at)
	case "plain_text", "mrkdwn":
		c.label(e, at, "", 3000, true)
	case "static_select", "multi_static_select", "checkboxes", "radio_buttons", "overflow":
		c.choices(e, at)
	case "plain_text_input":
		c.textInput(e, at)
	case "image":
		c.length(at+"/alt_text", e["alt_text"], 2000)
	default:
		if !slices.Contains(interactiveTypes, kind) {
			c.failf(at+"/type", "unsupported type: %s", kind)
		}
	}
}

func (c *checker) button(e object, at string) {
	c.label(e["text"], at+"/text", "plain_text", 75, true)
	c.length(at+"/value", e["value"], 2000)
	c.length(at+"/url", e["url"], 3000)
	c.length(at+"/accessibility_label", e["accessibility_label"], 75)
	if style := text(e["style"]); style != "" && style != "primary" && style != "danger" {
		c.failf(at+"/style", "must be a valid enum value")
	}
}

func (c *checker) confirm(v any, at string) {
	o, ok := v.(object)
	if !ok {
		c.failf(at, "must be an object")
		return
	}
	c.label(o["title"], at+"/title", "plain_text", 100, true)
	c.label(o["text"], at+"/text", "", 300, true)
	c.label(o["confirm"], at+"/confirm", "plain_text", 30, true)
	c.label(o["deny"], at+"/deny", "plain_text", 30, true)
}

func (c *checker) choices(e object, at string) {
	options := list(e["options"])
	limit := map[string]int{"overflow": 5, "checkboxes": 10, "radio_buttons": 10}[text(e["type"])]
	if limit == 0 {
		limit = 100
	}
	if len(options) == 0 && e["option_groups"] == nil {
		c.failf(at+"/options", "must be more than 0 items")
	}
	if len(options) > limit {
		c.failf(at+"/options", "no more than %d items allowed", limit)
	}
	for i, v := range options {
		where := fmt.Sprintf("%s/options/%d", at, i)
		o, _ := v.(object)
		c.label(o["text"], where+"/text", "", 75, true)
		c.length(where+"/value", o["value"], 150)
	}
}

func (c *checker) textInput(e object, at string) {
	if n, ok := e["max_length"].(float64); ok && (n < 1 || n > 3000) {
		c.failf(at+"/max_length", "must be between 1 and 3000")
	}
	if n, ok := e["min_length"].(float64); ok && (n < 0 || n > 3000) {
		c.failf(at+"/min_length", "must be between 0 and 3000")
	}
	c.length(at+"/initial_value", e["initial_value"], 3000)
}

func (c *checker) input(b object, at string) {
	c.label(b["label"], at+"/label", "plain_text", 2000, true)
	if b["hint"] != nil {
		c.label(b["hint"], at+"/hint", "plain_text", 2000, true)
	}
	e, ok := b["element"].(object)
	if !ok {
		c.failf(at, "missing required field: element")
		return
	}
	c.element(e, at+"/element")
}

// checkView checks a modal or Home tab and names its blocks.
func checkView(view object, kind string) []string {
	c := &checker{ids: map[string]bool{}}
	if view["type"] != kind {
		c.failf("/view/type", "must be a valid enum value")
	}
	c.length("/view/private_metadata", view["private_metadata"], 3000)
	c.length("/view/callback_id", view["callback_id"], 255)
	var blocks []object
	hasInput := false
	for i, v := range list(view["blocks"]) {
		b, ok := v.(object)
		if !ok {
			c.failf(fmt.Sprintf("/view/blocks/%d", i), "must be an object")
			continue
		}
		blocks = append(blocks, b)
		hasInput = hasInput || b["type"] == "input"
	}
	if view["blocks"] == nil {
		c.failf("/view", "missing required field: blocks")
	}
	c.blocks(blocks, "/view/blocks", 100, true)
	if kind == "modal" {
		c.modal(view, hasInput)
	}
	nameAll(blocks)
	return c.problems
}

func (c *checker) modal(view object, hasInput bool) {
	c.label(view["title"], "/view/title", "plain_text", 24, true)
	c.label(view["submit"], "/view/submit", "plain_text", 24, hasInput)
	c.label(view["close"], "/view/close", "plain_text", 24, false)
}
