package words

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/chat"
)

type (
	// Rollup sums up what happened from From, inclusive, to To, exclusive.
	Rollup struct {
		Period     string              `json:"period"` // "hourly" or "daily"
		From       time.Time           `json:"from"`
		To         time.Time           `json:"to"`
		Verdicts   []DetectionVerdicts `json:"verdicts"`
		Confirmed  []Explained         `json:"confirmed"`
		Open       int                 `json:"open"` // cases
		Suppressed int                 `json:"suppressed"`
		Observed   int                 `json:"observed"`
		OptedOut   []string            `json:"opted_out"`
		Exceptions []Excepted          `json:"exceptions"`
		Slowest    []Slow              `json:"slowest"`
		Signed     *Signed             `json:"signed,omitempty"`
	}
	// Signed is the last checkpoint: what is told here can't be rewritten there.
	Signed struct {
		At   time.Time `json:"at"`
		Size int64     `json:"size"`
		Root string    `json:"root"` // base64
	}
	// DetectionVerdicts counts the outcomes of one detection.
	DetectionVerdicts struct {
		Detection string                `json:"detection"`
		Counts    map[alert.Outcome]int `json:"counts"`
	}
	// Explained is a confirmed alert with its explanation, "" when there is none.
	Explained struct {
		Title       string `json:"title"`
		Who         string `json:"who"`
		Explanation string `json:"explanation"`
	}
	// Excepted is an exception that is in force.
	Excepted struct {
		Who       string    `json:"who"`
		Detection string    `json:"detection"`
		Until     time.Time `json:"until"`
	}
	// Slow is an answer that took long.
	Slow struct {
		Title string        `json:"title"`
		Who   string        `json:"who"`
		Took  time.Duration `json:"took"` // in nanoseconds
	}
)

func (b *Book) rollup(n Rollup) chat.Message {
	message := b.line("rollup.summary", fill{
		"From": n.From, "To": n.To, "Count": n.count(), "Open": n.Open, "Suppressed": n.Suppressed, "Observed": n.Observed,
	})
	message.Title = b.text("rollup.daily", nil)
	if n.Period == "hourly" {
		message.Title = b.text("rollup.hourly", nil)
	}
	message.Text = message.Title + ". " + message.Text
	b.add(&message, "rollup.verdicts", nil, b.verdictLines(n.Verdicts))
	var confirmed, exceptions, slowest []string
	for _, each := range n.Confirmed {
		confirmed = append(confirmed, b.text("rollup.explained", fill{
			"Title": cut(each.Title, 120), "Who": cut(each.Who, 100), "Explanation": cut(each.Explanation, 200),
		}))
	}
	for _, each := range n.Exceptions {
		exceptions = append(exceptions, b.text("rollup.exception", fill{
			"Who": cut(each.Who, 100), "Detection": cut(each.Detection, 100), "Until": each.Until,
		}))
	}
	for _, each := range n.Slowest {
		slowest = append(slowest, b.text("rollup.slow", fill{
			"Title": cut(each.Title, 120), "Who": cut(each.Who, 100), "Took": span(each.Took),
		}))
	}
	b.add(&message, "rollup.confirmed", nil, confirmed)
	b.add(&message, "rollup.opted_out", nil, n.OptedOut)
	b.add(&message, "rollup.exceptions", nil, exceptions)
	b.add(&message, "rollup.slowest", nil, slowest)
	if n.Signed != nil {
		message.Note = []chat.Span{{Text: b.text("rollup.signed", fill{"At": n.Signed.At, "Size": n.Signed.Size, "Root": n.Signed.Root})}}
	}
	return message
}

func (n Rollup) count() int {
	count := 0
	for _, each := range n.Verdicts {
		for _, number := range each.Counts {
			count += number
		}
	}
	return count
}

// verdictLines give a line to each detection, its outcomes in a fixed order.
func (b *Book) verdictLines(verdicts []DetectionVerdicts) []string {
	var lines []string
	for _, each := range verdicts {
		var counts []string
		for _, outcome := range slices.Sorted(maps.Keys(each.Counts)) {
			counts = append(counts, fmt.Sprintf("%d %s", each.Counts[outcome], b.verdict(outcome)))
		}
		lines = append(lines, cut(each.Detection, 100)+": "+strings.Join(counts, ", "))
	}
	return lines
}
