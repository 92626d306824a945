package person

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"securitybot/internal/alert"
)

// Leave is a CSV file of who is on leave, with the heading email,from,to. The
// dates are 2006-01-02, both inclusive, in the zone of the person, or UTC.
type Leave struct {
	path string
	log  *slog.Logger

	mu      sync.Mutex
	seen    os.FileInfo         // as it was when last read, whatever came of it; nil when it was not there
	missing bool                // and this was said
	periods map[string][]period // by email, lower case
}

// period is some days of leave, the first and the last, as their midnights in UTC.
type period struct{ first, last time.Time }

// within gives when it begins and ends in a zone: a day there has its own midnights.
func (p period) within(zone *time.Location) (from, to time.Time) {
	midnight := func(day time.Time) time.Time {
		return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	}
	return midnight(p.first), midnight(p.last.AddDate(0, 0, 1))
}

// OpenLeave reads the file; a mistake in it is named by line and column. It is read
// again when it changes: then a mistake is logged, and what was read before stays.
func OpenLeave(path string, log *slog.Logger) (*Leave, error) {
	l := &Leave{path: path, log: log}
	if err := l.refresh(); err != nil {
		return nil, err
	}
	return l, nil
}

// until gives when the leave ends that somebody is on at a moment; zero when they
// are on none. Leave that follows without a gap is one leave.
func (l *Leave) until(who alert.Person, at time.Time) time.Time {
	zone, err := time.LoadLocation(who.Zone)
	if err != nil {
		zone = time.UTC
	}
	periods := l.of(who.Email)
	var until time.Time
	for range periods { // each can extend it once
		for _, p := range periods {
			from, to := p.within(zone)
			if !from.After(at) && to.After(at) {
				at, until = to, to
			}
		}
	}
	return until
}

// of gives somebody's periods as the file says now.
func (l *Leave) of(email string) []period {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.refresh(); err != nil {
		l.log.Warn("leave stays as it was read before", "error", err)
	}
	return l.periods[strings.ToLower(email)]
}

// refresh reads the file where it changed. What is wrong with it, it says once.
func (l *Leave) refresh() error {
	info, err := os.Stat(l.path)
	before := l.seen
	l.seen = info // before reading: what is written meanwhile is another change
	switch {
	case err != nil && l.missing:
		return nil
	case err != nil:
		l.missing = true
		return fmt.Errorf("find leave: %w", err)
	case before != nil && os.SameFile(before, info) && before.Size() == info.Size() && before.ModTime().Equal(info.ModTime()):
		return nil
	}
	l.missing = false
	file, err := os.Open(l.path)
	if err != nil {
		return fmt.Errorf("open leave: %w", err)
	}
	defer func() { _ = file.Close() }()
	periods, err := readLeave(file)
	if err != nil {
		return fmt.Errorf("read leave %s: %w", l.path, err)
	}
	l.periods = periods
	return nil
}

func readLeave(file io.Reader) (map[string][]period, error) {
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	periods := map[string][]period{}
	for heading := true; ; heading = false {
		fields, err := reader.Read()
		switch {
		case errors.Is(err, io.EOF) && heading:
			return nil, errors.New("line 1, column 1: want the heading email,from,to")
		case errors.Is(err, io.EOF):
			return periods, nil
		case err != nil:
			return nil, err // says line and column
		case heading:
			err = checkHeading(fields)
		default:
			err = addPeriod(periods, fields)
		}
		if wrong, ok := errors.AsType[*fieldError](err); ok {
			line, column := reader.FieldPos(min(wrong.field, len(fields)-1))
			return nil, fmt.Errorf("line %d, column %d: %s", line, column, wrong.want)
		}
	}
}

// fieldError is what is wrong with a field of a line.
type fieldError struct {
	field int // from 0
	want  string
}

func (e *fieldError) Error() string { return e.want }

const byteOrderMark = "\uFEFF" // spreadsheets begin files with it

func checkHeading(fields []string) error {
	fields[0] = strings.TrimPrefix(fields[0], byteOrderMark)
	if !strings.EqualFold(strings.Join(fields, ","), "email,from,to") {
		return &fieldError{0, "want the heading email,from,to"}
	}
	return nil
}

func addPeriod(periods map[string][]period, fields []string) error {
	if len(fields) != 3 {
		return &fieldError{len(fields), fmt.Sprintf("want email,from,to, not %d fields", len(fields))}
	}
	email := strings.ToLower(strings.TrimSpace(fields[0]))
	if !strings.Contains(email, "@") {
		return &fieldError{0, fmt.Sprintf("%q is not an email", fields[0])}
	}
	var days [2]time.Time
	for i := range days {
		text := strings.TrimSpace(fields[i+1])
		parsed, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return &fieldError{i + 1, fmt.Sprintf("%q is not a date as 2006-01-02", text)}
		}
		days[i] = parsed
	}
	if days[1].Before(days[0]) {
		return &fieldError{2, "it ends before it begins"}
	}
	periods[email] = append(periods[email], period{first: days[0], last: days[1]})
	return nil
}
