package store

import (
	"maps"
	"slices"
	"strings"
	"time"

	"securitybot/internal/alert"
)

// sum adds up stories one by one and keeps no more of them than a rollup shows.
type sum struct {
	total    Rollup
	verdicts map[string]map[alert.Outcome]int
	observed map[Observation]int // by all but the count
}

func newSum(from, to time.Time) *sum {
	return &sum{
		total: Rollup{
			From: from.UTC(), To: to.UTC(), Pushes: map[string]int{}, Verdicts: []DetectionVerdicts{}, Confirmed: []Explained{},
			Slowest: []Explained{}, Observed: []Observation{}, OpenCases: []RollupCase{}, OptedOut: []RollupOptOut{},
			Exceptions: []RollupException{},
		},
		verdicts: map[string]map[alert.Outcome]int{},
		observed: map[Observation]int{},
	}
}

func (s *sum) add(story Story) {
	record := story.Record
	if record.Source == alert.OwnSource {
		return
	}
	s.total.Alerts++
	if record.AskedAt.IsZero() && record.JoinedTo == "" {
		s.total.Unasked++
	} else {
		s.total.Asked++
	}
	counts := s.verdicts[record.Detection]
	if counts == nil {
		counts = map[alert.Outcome]int{}
		s.verdicts[record.Detection] = counts
	}
	counts[record.Verdict.Outcome]++
	if record.Verdict.Outcome == alert.Observed {
		s.observe(record)
	}
	s.answered(story)
}

func (s *sum) observe(record Record) {
	seen := Observation{Detection: record.Detection, Reason: record.Verdict.Reason}
	if record.Plan != nil {
		seen.Would = record.Plan.Would
	}
	s.observed[seen]++
}

func (s *sum) answered(story Story) {
	for _, proof := range story.Proofs {
		if proof.Transaction != "" {
			s.total.Pushes[string(proof.Result)]++
		}
	}
	answer := story.Answer()
	if answer == nil {
		return
	}
	record := story.Record
	line := Explained{
		AlertID: record.ID, Detection: record.Detection, Title: record.Title, Who: WhoIs(story.Person, record.Subject),
		Explanation: answer.Explanation, Joined: len(story.Joined), Took: max(answer.At.Sub(record.AskedAt), 0),
	}
	line.Seconds = int(line.Took.Seconds())
	s.slow(line)
	if record.Verdict.Outcome != alert.Confirmed {
		return
	}
	if len(s.total.Confirmed) == rollupLines {
		s.total.leaveOut("confirmed", 1)
		return
	}
	s.total.Confirmed = append(s.total.Confirmed, line)
}

// slow keeps an answer if it is one of the slowest.
func (s *sum) slow(line Explained) {
	place, _ := slices.BinarySearchFunc(s.total.Slowest, line.Took, func(one Explained, took time.Duration) int {
		if one.Took >= took {
			return -1
		}
		return 1
	})
	if place < rollupSlowest {
		list := slices.Insert(s.total.Slowest, place, line)
		s.total.Slowest = list[:min(len(list), rollupSlowest)]
	}
}

// rollup puts the counts into the order in which they are shown.
func (s *sum) rollup() Rollup {
	all := s.total
	for detection, counts := range s.verdicts {
		all.Verdicts = append(all.Verdicts, DetectionVerdicts{Detection: detection, Counts: counts})
	}
	slices.SortFunc(all.Verdicts, func(a, b DetectionVerdicts) int {
		if difference := b.alerts() - a.alerts(); difference != 0 {
			return difference
		}
		return strings.Compare(a.Detection, b.Detection)
	})
	all.leaveOut("verdicts", len(all.Verdicts)-rollupLines)
	all.Verdicts = all.Verdicts[:min(len(all.Verdicts), rollupLines)]
	for seen, count := range s.observed {
		seen.Count = count
		all.Observed = append(all.Observed, seen)
	}
	slices.SortFunc(all.Observed, func(a, b Observation) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.key(), b.key())
	})
	all.leaveOut("observed", len(all.Observed)-rollupLines)
	all.Observed = all.Observed[:min(len(all.Observed), rollupLines)]
	return all
}

func (d DetectionVerdicts) alerts() int {
	count := 0
	for number := range maps.Values(d.Counts) {
		count += number
	}
	return count
}

func (o Observation) key() string { return o.Detection + "\x00" + o.Reason + "\x00" + string(o.Would) }
