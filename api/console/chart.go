package console

import (
	"fmt"
	"time"

	"securitybot/api"
	"securitybot/internal/alert"
)

// Measures of the chart, in its own units.
const (
	chartWidth  = 960
	chartHeight = 210
	chartLeft   = 34 // room for the numbers
	chartBottom = 22 // room for the times
	chartTop    = 8
	chartMarks  = 8 // times below it, about
)

// stacked are the verdicts from the bottom of a bar to its top.
var stacked = []alert.Outcome{
	alert.Confirmed, alert.Suppressed, alert.Observed, alert.Withdrawn, alert.Unasked, alert.Unreachable,
	alert.NoResponse, alert.Unsure, alert.Unproven, alert.Denied,
}

// chart is a bar of verdicts for each step of time, ready to be drawn.
type chart struct {
	Width, Height int
	Bars          []bar
	Lines, Marks  []mark
	Legend        []share
	Total         int
}

// bar is the part of one verdict in one step.
type bar struct {
	Verdict    alert.Outcome
	X, Y, W, H string
	Title      string
}

// mark is a line of the grid, or a time below it.
type mark struct{ X, Y, Text string }

// share is how often there was a verdict in all.
type share struct {
	Verdict alert.Outcome
	Count   int
}

// chartOf draws an overview.
func chartOf(overview api.OverviewView) chart {
	drawn := chart{Width: chartWidth, Height: chartHeight}
	most := 0
	for _, step := range overview.Series {
		most = max(most, sum(step.Verdicts))
	}
	top := roundUp(most)
	for _, count := range []int{0, top / 2, top} {
		y := height(count, top)
		drawn.Lines = append(drawn.Lines, mark{X: units(chartLeft), Y: units(y), Text: fmt.Sprint(count)})
	}
	width := float64(chartWidth-chartLeft) / float64(max(1, len(overview.Series)))
	every := max(1, (len(overview.Series)+chartMarks-1)/chartMarks)
	for i, step := range overview.Series {
		x := chartLeft + float64(i)*width
		drawn.Bars = append(drawn.Bars, barsOf(step.Verdicts, stepName(step.At, overview.Step), x, width, top)...)
		if i%every == 0 {
			drawn.Marks = append(drawn.Marks, mark{X: units(x + width/2), Y: units(chartHeight - 6), Text: stepMark(step.At, overview.Step)})
		}
	}
	for _, verdict := range stacked {
		if count := overview.Totals.Verdicts[verdict]; count > 0 {
			drawn.Legend = append(drawn.Legend, share{verdict, count})
			drawn.Total += count
		}
	}
	return drawn
}

// barsOf stacks the verdicts of one step.
func barsOf(verdicts map[alert.Outcome]int, name string, x, width float64, top int) []bar {
	var bars []bar
	below := 0
	for _, verdict := range stacked {
		count := verdicts[verdict]
		if count == 0 {
			continue
		}
		upper, lower := height(below+count, top), height(below, top)
		bars = append(bars, bar{
			Verdict: verdict, X: units(x + width*0.12), Y: units(upper), W: units(width * 0.76), H: units(lower - upper),
			Title: fmt.Sprintf("%s: %d %s", name, count, wording(verdict)),
		})
		below += count
	}
	return bars
}

// height is where a count stands.
func height(count, top int) float64 {
	room := float64(chartHeight - chartTop - chartBottom)
	return chartTop + room - room*float64(count)/float64(top)
}

func units(value float64) string { return fmt.Sprintf("%.1f", value) }

// roundUp gives a number with an even half that is at least as large.
func roundUp(most int) int {
	size := 1
	for {
		for _, step := range []int{2, 4, 6, 8, 10} {
			if step*size >= most {
				return step * size
			}
		}
		size *= 10
	}
}

func sum(verdicts map[alert.Outcome]int) int {
	total := 0
	for _, count := range verdicts {
		total += count
	}
	return total
}

func stepName(at time.Time, step string) string {
	if step == "hour" {
		return at.UTC().Format("2 Jan 15:04 UTC")
	}
	return at.UTC().Format("Mon 2 Jan")
}

func stepMark(at time.Time, step string) string {
	if step == "hour" {
		return at.UTC().Format("15:04")
	}
	return at.UTC().Format("2 Jan")
}

// tableRow is a step of the chart, for who can't see it.
type tableRow struct {
	Step   string
	Counts []int
}

// Rows are the chart as a table with the columns of the legend.
func (p overviewPage) Rows() []tableRow {
	var rows []tableRow
	for _, step := range p.Series {
		if sum(step.Verdicts) == 0 {
			continue
		}
		row := tableRow{Step: stepName(step.At, p.Step)}
		for _, share := range p.Chart.Legend {
			row.Counts = append(row.Counts, step.Verdicts[share.Verdict])
		}
		rows = append(rows, row)
	}
	return rows
}
