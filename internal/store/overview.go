package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// Overview is how things stand and went in a stretch of time up to now, from the
// tallies. What Securitybot reported itself counts for nothing but its cases. Its
// JSON is what the API shows.
type Overview struct {
	Range      string              `json:"range"` // 24h, 7d or 30d
	From       time.Time           `json:"from"`  // the beginning of the first step, UTC
	To         time.Time           `json:"to"`    // the moment it was read
	Step       string              `json:"step"`  // hour or day
	Totals     Totals              `json:"totals"`
	Series     []Point             `json:"series"`     // every step of the range, the oldest first
	Detections []DetectionOverview `json:"detections"` // the most alerts first, at most 200
	More       int                 `json:"more"`       // detections that are left out
	OpenCases  OpenCaseCounts      `json:"open_cases"` // of this moment
}

// Totals are the sums of the whole range. A verdict counts when it was decided, a
// question when it was asked.
type Totals struct {
	Accepted      int                   `json:"accepted"`
	Asked         int                   `json:"asked"` // about; one question may ask about several alerts
	Answered      int                   `json:"answered"`
	Cases         int                   `json:"cases"` // opened
	Verdicts      map[alert.Outcome]int `json:"verdicts"`
	MedianSeconds *int                  `json:"median_seconds"` // from the question to the answer; null without answers
	P90Seconds    *int                  `json:"p90_seconds"`
}

// Point is one step of the series.
type Point struct {
	At       time.Time             `json:"at"` // its beginning
	Accepted int                   `json:"accepted"`
	Verdicts map[alert.Outcome]int `json:"verdicts"`
}

// DetectionOverview is what came of one detection's alerts.
type DetectionOverview struct {
	Detection  string `json:"detection"`
	Accepted   int    `json:"accepted"`
	Asked      int    `json:"asked"`
	Confirmed  int    `json:"confirmed"`
	Denied     int    `json:"denied"`
	Unsure     int    `json:"unsure"`
	Silent     int    `json:"silent"` // no_response
	Unproven   int    `json:"unproven"`
	Suppressed int    `json:"suppressed"`
	Advice     Advice `json:"advice"`
	Why        string `json:"why"` // the advice in words; "" without one
}

// Advice is what the numbers of a detection ask its owners to do.
type Advice string

// The advice. None is given on fewer than twenty decided questions.
const (
	AdviceNone    Advice = ""
	AdviceRetire  Advice = "retire"  // nearly always confirmed: it finds what people do every day
	AdviceAsk     Advice = "ask"     // often left unanswered: the question doesn't reach people
	AdviceProof   Advice = "proof"   // often a yes without proof: the second factor doesn't work for them
	AdviceExplain Advice = "explain" // often not sure: the question isn't understood
)

// OpenCaseCounts are the cases that nobody has resolved, by how grave they are.
type OpenCaseCounts struct {
	Total        int `json:"total"`
	Suspicious   int `json:"suspicious"` // contradicted, fraud, a lost phone, a late no
	Denied       int `json:"denied"`
	Critical     int `json:"critical"`
	High         int `json:"high"`
	Medium       int `json:"medium"`
	Low          int `json:"low"`
	Acknowledged int `json:"acknowledged"`
}

// overviewLines is how many detections an overview lists.
const overviewLines = 200

// ranges are the stretches of time that an overview may be of.
var ranges = map[string]struct {
	span  string
	step  time.Duration
	steps int
}{
	"24h": {TallyHour, time.Hour, 24},
	"7d":  {TallyDay, 24 * time.Hour, 7},
	"30d": {TallyDay, 24 * time.Hour, 30},
}

// Overview sums up the hours or days up to now, the one that runs included.
// Its range is 24h, 7d or 30d. The open cases are those that Cases lists, without what
// is about somebody: the difference would tell them.
func (s *Store) Overview(ctx context.Context, name string, except *alert.Person) (Overview, error) {
	wanted, ok := ranges[name]
	if !ok {
		return Overview{}, fmt.Errorf("no overview is of %q", name)
	}
	var overview Overview
	err := s.inTx(ctx, func(t *tx) error {
		from := t.now.Truncate(wanted.step).Add(-time.Duration(wanted.steps-1) * wanted.step)
		overview = Overview{Range: name, From: from, To: t.now, Step: wanted.span, Series: make([]Point, wanted.steps)}
		for i := range overview.Series {
			overview.Series[i] = Point{At: from.Add(time.Duration(i) * wanted.step), Verdicts: map[alert.Outcome]int{}}
		}
		query := TallyQuery{
			Span: wanted.span, From: from, To: from.Add(time.Duration(wanted.steps) * wanted.step), Measures: measures,
		}
		if err := t.sumTotals(&overview, query, wanted.step); err != nil {
			return err
		}
		if err := t.sumDetections(&overview, query); err != nil {
			return err
		}
		return t.countOpen(&overview.OpenCases, except)
	})
	return overview, err
}

// sumTotals sums up what was counted for all detections, step by step.
func (t *tx) sumTotals(overview *Overview, query TallyQuery, step time.Duration) error {
	all := ""
	query.Detection = &all
	tallies, err := t.Tallies(t.ctx, query)
	if err != nil {
		return fmt.Errorf("read tallies: %w", err)
	}
	totals := Totals{Verdicts: map[alert.Outcome]int{}}
	took := map[int]int{}
	for _, tally := range tallies {
		point := &overview.Series[tally.At.Sub(overview.From)/step]
		switch tally.Measure {
		case MeasureAccepted:
			totals.Accepted += tally.Count
			point.Accepted += tally.Count
		case MeasureAsked:
			totals.Asked += tally.Count
		case MeasureAnswered:
			totals.Answered += tally.Count
		case MeasureCase:
			totals.Cases += tally.Count
		case MeasureTook:
			took[tally.Bucket] += tally.Count
		default:
			totals.Verdicts[alert.Outcome(tally.Measure)] += tally.Count
			point.Verdicts[alert.Outcome(tally.Measure)] += tally.Count
		}
	}
	totals.MedianSeconds, totals.P90Seconds = quantile(took, 0.5), quantile(took, 0.9)
	overview.Totals = totals
	return nil
}

// sumDetections sums up each detection over the whole time.
func (t *tx) sumDetections(overview *Overview, query TallyQuery) error {
	query.Detection = nil
	tallies, err := t.Tallies(t.ctx, query)
	if err != nil {
		return fmt.Errorf("read tallies of detections: %w", err)
	}
	places, list := map[string]int{}, []DetectionOverview{}
	for _, tally := range tallies {
		place, ok := places[tally.Detection]
		if !ok {
			place = len(list)
			places[tally.Detection] = place
			list = append(list, DetectionOverview{Detection: tally.Detection})
		}
		if sum := sumOf(&list[place], tally.Measure); sum != nil {
			*sum += tally.Count
		}
	}
	for i := range list {
		list[i].Advice, list[i].Why = list[i].Advise()
	}
	slices.SortFunc(list, func(a, b DetectionOverview) int {
		return cmp.Or(cmp.Compare(b.Accepted, a.Accepted), cmp.Compare(a.Detection, b.Detection))
	})
	overview.Detections = list[:min(len(list), overviewLines)]
	overview.More = len(list) - len(overview.Detections)
	return nil
}

// sumOf is where a measure is summed up; nil for one that is not shown of a detection.
func sumOf(d *DetectionOverview, measure string) *int {
	switch measure {
	case MeasureAccepted:
		return &d.Accepted
	case MeasureAsked:
		return &d.Asked
	case string(alert.Confirmed):
		return &d.Confirmed
	case string(alert.Denied):
		return &d.Denied
	case string(alert.Unsure):
		return &d.Unsure
	case string(alert.NoResponse):
		return &d.Silent
	case string(alert.Unproven):
		return &d.Unproven
	case string(alert.Suppressed):
		return &d.Suppressed
	default:
		return nil
	}
}

// The shares of decided questions from which on a detection is worth a look, in percent.
const (
	adviseFrom    = 20 // questions
	retireShare   = 95
	silentShare   = 30
	unprovenShare = 20
	unsureShare   = 20
)

// Advise tells what the numbers say to the owners of a detection, and why.
func (d DetectionOverview) Advise() (Advice, string) {
	decided := d.Confirmed + d.Denied + d.Unsure + d.Silent + d.Unproven
	if decided < adviseFrom {
		return AdviceNone, ""
	}
	share := func(count int) int { return count * 100 / decided }
	switch {
	case share(d.Confirmed) >= retireShare:
		return AdviceRetire, fmt.Sprintf(
			"%d %% of %d questions were confirmed: worth making narrower, suppressing for longer, or retiring", share(d.Confirmed), decided)
	case share(d.Silent) >= silentShare:
		return AdviceAsk, fmt.Sprintf(
			"%d %% of %d questions got no answer: worth asking at better hours, or with a longer deadline", share(d.Silent), decided)
	case share(d.Unproven) >= unprovenShare:
		return AdviceProof, fmt.Sprintf(
			"%d %% of %d questions got a yes without proof: worth a look at how these people reach the second factor", share(d.Unproven), decided)
	case share(d.Unsure) >= unsureShare:
		return AdviceExplain, fmt.Sprintf(
			"%d %% of %d questions got \"not sure\": worth saying more plainly what happened", share(d.Unsure), decided)
	default:
		return AdviceNone, ""
	}
}

// countOpen counts the cases that nobody has resolved.
func (t *tx) countOpen(open *OpenCaseCounts, except *alert.Person) error {
	counts, err := t.CountCases(t.ctx)
	if err != nil {
		return fmt.Errorf("count open cases: %w", err)
	}
	for _, count := range counts {
		open.add(count, 1)
	}
	if except == nil {
		return nil
	}
	own, err := t.openAbout(*except)
	if err != nil {
		return err
	}
	for _, opened := range own {
		count := CaseCount{Rank: opened.Rank, Open: 1}
		if !opened.AckedAt.IsZero() {
			count.Acked = 1
		}
		open.add(count, -1)
	}
	return nil
}

// add counts cases once more, or less: never below none, for what is taken away may
// have been opened after the rest was counted.
func (c *OpenCaseCounts) add(count CaseCount, times int) {
	change := func(into *int, by int) { *into = max(0, *into+times*by) }
	change(&c.Total, count.Open)
	change(&c.Acknowledged, count.Acked)
	switch count.Rank {
	case RankSuspicious:
		change(&c.Suspicious, count.Open)
	case RankDenied:
		change(&c.Denied, count.Open)
	case RankCritical:
		change(&c.Critical, count.Open)
	case RankHigh:
		change(&c.High, count.Open)
	case RankMedium:
		change(&c.Medium, count.Open)
	case RankLow:
		change(&c.Low, count.Open)
	}
}
