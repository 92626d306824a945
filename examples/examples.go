// Package examples holds alerts as real detections phrase them, each a body of
// POST /v1/alerts. README.md beside them says where each comes from. None says
// when it happened, so that it is now.
package examples

import (
	"embed"
	"encoding/json"
)

//go:embed alerts/*.json
var files embed.FS

// Example is one alert and the short words for it on a button.
type Example struct {
	Name   string          // of its file, without .json
	Button string          // two to five words
	Alert  json.RawMessage // body of POST /v1/alerts
}

// order is the one to try them in; the first is the plainest.
var order = []struct{ name, button string }{
	{"sudo_interactive", "Root shell with sudo"},
	{"guardduty_console_login", "AWS login from afar"},
	{"nmap_port_scan", "Port scan from a laptop"},
	{"mailbox_forwarding", "Mail forwarded outside"},
	{"okta_factor_reset", "Second factor reset"},
	{"falco_terminal_shell", "Shell in a container"},
	{"github_token_created", "GitHub token for all repositories"},
	{"osquery_launch_daemon", "New launch daemon"},
	{"vpn_impossible_travel", "Impossible travel"},
	{"iam_access_key", "Access key for somebody else"},
}

// List gives all examples, always in the same order.
func List() []Example {
	list := make([]Example, 0, len(order))
	for _, entry := range order {
		alert, err := files.ReadFile("alerts/" + entry.name + ".json")
		if err != nil {
			panic(err) // the file is part of the program
		}
		list = append(list, Example{Name: entry.name, Button: entry.button, Alert: alert})
	}
	return list
}
