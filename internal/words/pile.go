package words

import (
	"cmp"
	"maps"
	"slices"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// pile is the head of a case that lists others, and the others.
func pile(story store.Story) []store.Record {
	all := slices.Clone(story.Members)
	listsHead := slices.ContainsFunc(all, func(member store.Record) bool { return member.ID == story.Record.ID })
	if !listsHead {
		all = append([]store.Record{story.Record}, all...)
	}
	return all
}

func (b *Book) pileHeadline(story store.Story) string {
	count := len(pile(story))
	if story.Record.Pile == store.PileFlood {
		return b.text("pile.flood", fill{
			"Count": count, "Source": cut(story.Record.Source, 60), "Reason": b.text("headline."+headline(story.Record), nil),
		})
	}
	who := cmp.Or(story.Person.Name, b.subject(story.Record))
	return b.text("pile.storm", fill{"Count": count, "Name": cut(who, 60)})
}

// whyListed says why a case that lists others is here; others say why themselves.
func (b *Book) whyListed(story store.Story) string {
	switch story.Record.Pile {
	case store.PileStorm:
		return b.text("pile.storm_why", nil)
	case store.PileFlood:
		return b.text("pile.flood_why", fill{"Why": b.why(story)})
	default:
		return b.why(story)
	}
}

// members are the lines of a case that lists others, none of another one.
func (b *Book) members(story store.Story) []string {
	switch {
	case story.Record.Pile == store.PileStorm:
		return b.stormLines(pile(story))
	case story.Record.Pile == store.PileFlood:
		return b.floodLines(pile(story))
	case len(story.Members) > 0:
		var lines []string
		for _, member := range story.Members {
			lines = append(lines, b.memberLine(member))
		}
		return b.list(lines)
	default:
		return nil
	}
}

func (b *Book) memberLine(member store.Record) string {
	return b.text("pile.alert", fill{
		"Severity": b.severity(member.Severity), "Title": cut(member.Title, 120), "When": member.When(),
	})
}

// stormLines give grave alerts a line each, gravest first, and count the others
// by their detections, the most frequent first.
func (b *Book) stormLines(all []store.Record) []string {
	grave := slices.DeleteFunc(slices.Clone(all), func(r store.Record) bool { return r.Severity.Rank() < alert.High.Rank() })
	slices.SortStableFunc(grave, func(a, b store.Record) int { return b.Severity.Rank() - a.Severity.Rank() })
	var lines []string
	for _, member := range grave {
		lines = append(lines, b.memberLine(member))
	}
	counts := map[string]int{}
	for _, member := range all {
		if member.Severity.Rank() < alert.High.Rank() {
			counts[cut(member.Detection, 100)]++
		}
	}
	for _, detection := range byCount(counts) {
		lines = append(lines, b.text("pile.detection", fill{"Count": counts[detection], "Detection": detection}))
	}
	return b.list(lines)
}

// floodLines name the people of a flood, with how many of it are about each.
func (b *Book) floodLines(all []store.Record) []string {
	counts := map[string]int{}
	for _, member := range all {
		counts[b.subject(member)]++
	}
	var lines []string
	for _, who := range byCount(counts) {
		lines = append(lines, b.text("pile.person", fill{"Count": counts[who], "Who": who}))
	}
	return b.list(lines)
}

// byCount orders names: the most frequent first, then by letters.
func byCount(counts map[string]int) []string {
	return slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
}
