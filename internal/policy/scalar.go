package policy

import (
	"math"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"securitybot/internal/alert"
	"securitybot/internal/policy/hours"
)

// text reads words that say something.
func (r *reader) text(node *yaml.Node, path string) (string, bool) {
	tag := node.ShortTag()
	if node.Kind != yaml.ScalarNode || (tag != "!!str" && tag != "!!timestamp") {
		r.wrong(node, path, "text")
		return "", false
	}
	if strings.TrimSpace(node.Value) == "" {
		r.fault(placeOf(node), path, "is empty")
		return "", false
	}
	return node.Value, true
}

// texts reads a list of different texts.
func (r *reader) texts(node *yaml.Node, path string, read func(*yaml.Node, string) (string, bool)) ([]string, bool) {
	list, good := []string{}, true
	isList := r.each(node, path, func(item *yaml.Node, path string) {
		text, ok := read(item, path)
		switch {
		case !ok:
			good = false
		case slices.Contains(list, text):
			r.fault(placeOf(item), path, "%q is listed twice", clipped(text))
			good = false
		default:
			list = append(list, text)
		}
	})
	return list, isList && good
}

func (r *reader) word(node *yaml.Node, path string, words ...string) (string, bool) {
	if node.Kind == yaml.ScalarNode && slices.Contains(words, node.Value) {
		return node.Value, true
	}
	r.wrong(node, path, orOf(words))
	return "", false
}

// orOf is "a, b or c".
func orOf(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

func (r *reader) boolean(node *yaml.Node, path string) (value, ok bool) {
	word, ok := r.word(node, path, "true", "false")
	return word == "true", ok
}

func (r *reader) number(node *yaml.Node, path string, least, most int) (int, bool) {
	number, err := strconv.Atoi(node.Value)
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!int" || err != nil {
		r.wrong(node, path, "a whole number")
		return 0, false
	}
	if number < least || number > most {
		r.fault(placeOf(node), path, "%d is not from %d to %d", number, least, most)
		return 0, false
	}
	return number, true
}

// bounds are the shortest and the longest length that makes sense.
type bounds struct{ least, most time.Duration }

func (r *reader) length(node *yaml.Node, path string, within bounds) (time.Duration, bool) {
	length, err := ParseLength(node.Value)
	if node.Kind != yaml.ScalarNode || err != nil {
		r.wrong(node, path, "a length of time such as 90s, 30m, 2h or 3d")
		return 0, false
	}
	if length < within.least || length > within.most {
		r.fault(placeOf(node), path, "%s is not from %s to %s", node.Value, brief(within.least), brief(within.most))
		return 0, false
	}
	return length, true
}

// ParseLength knows whole days, of 24 hours, beside what Go knows.
func ParseLength(text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		count, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(count) * day, err
	}
	return time.ParseDuration(text)
}

// brief is a length without the zeros at its end: 2h, not 2h0m0s.
func brief(length time.Duration) string {
	text := length.String()
	for _, zeros := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zeros) {
			text = text[:len(text)-2]
		}
	}
	return text
}

func (r *reader) percent(node *yaml.Node, path string, least, most float64) (float64, bool) {
	percent, ok := parsePercent(node)
	if !ok {
		r.wrong(node, path, "a share such as 25%")
		return 0, false
	}
	if percent < least || percent > most {
		r.fault(placeOf(node), path, "%s is not from %v%% to %v%%", node.Value, least, most)
		return 0, false
	}
	return percent, true
}

func parsePercent(node *yaml.Node) (float64, bool) {
	number, ok := strings.CutSuffix(node.Value, "%")
	percent, err := strconv.ParseFloat(number, 64)
	return percent, node.Kind == yaml.ScalarNode && ok && err == nil && !math.IsNaN(percent)
}

// clock reads a time of day.
func (r *reader) clock(node *yaml.Node, path string) (time.Duration, bool) {
	text, ok := r.text(node, path)
	if !ok {
		return 0, false
	}
	reading, err := hours.ParseClock(text)
	if err != nil {
		r.fault(placeOf(node), path, "%s", err)
	}
	return reading, err == nil
}

func (r *reader) zone(node *yaml.Node, path string) (string, bool) {
	name, ok := r.text(node, path)
	if ok && !knownZone(name) {
		r.fault(placeOf(node), path, "%q is no IANA zone, such as Europe/Berlin", clipped(name))
		return "", false
	}
	return name, ok
}

// knownZone leaves out the names that Go takes for the machine's own zone.
func knownZone(name string) bool {
	if name == "" || name == "Local" {
		return false
	}
	_, err := time.LoadLocation(name)
	return err == nil
}

func (r *reader) email(node *yaml.Node, path string) (string, bool) {
	text, ok := r.text(node, path)
	if !ok {
		return "", false
	}
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text {
		r.fault(placeOf(node), path, "%q is no email address", clipped(text))
		return "", false
	}
	return strings.ToLower(text), true
}

// address reads where a webhook is: over TLS, or on this very machine.
func (r *reader) address(node *yaml.Node, path string) (string, bool) {
	text, ok := r.text(node, path)
	if !ok {
		return "", false
	}
	target, err := url.Parse(text)
	if err != nil || target.Host == "" || !safe(target) {
		r.fault(placeOf(node), path, "is not an https URL, nor http on this machine") // it may carry a key
		return "", false
	}
	return text, true
}

func safe(target *url.URL) bool {
	ip := net.ParseIP(target.Hostname())
	local := target.Hostname() == "localhost" || (ip != nil && ip.IsLoopback())
	return target.Scheme == "https" || (target.Scheme == "http" && local)
}

func isSeverity(word string) bool { return alert.Severity(word).Rank() > 0 }

func severityWords() []string {
	words := make([]string, 0, len(alert.Severities()))
	for _, severity := range alert.Severities() {
		words = append(words, string(severity))
	}
	return words
}
