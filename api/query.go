package api

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// readQuery reads a query's parameters by their names and tells everything that
// is wrong with it. An empty one is one that is absent.
func readQuery(query string, readers map[string]func(string) error) []Fault {
	values, err := url.ParseQuery(query)
	if err != nil {
		return []Fault{{Field: "query", Detail: "is not a query string"}}
	}
	var faults []Fault
	for _, name := range slices.Sorted(maps.Keys(values)) {
		read, ok := readers[name]
		var err error
		field := name
		switch value := values[name][0]; {
		case !ok:
			field, err = shown(strings.ToValidUTF8(name, "�")), errors.New("unknown parameter")
		case len(values[name]) > 1:
			err = errors.New("is given twice")
		case value != "":
			err = read(value)
		}
		if err != nil {
			faults = append(faults, Fault{Field: field, Detail: err.Error()})
		}
	}
	return faults
}

func oneOf[T ~string](into *string, choices ...T) func(string) error {
	return func(value string) error {
		if !slices.Contains(choices, T(value)) {
			return fmt.Errorf("must be one of %v", choices)
		}
		*into = value
		return nil
	}
}

func plain(into *string) func(string) error {
	return func(value string) error {
		if !utf8.ValidString(value) {
			return errors.New("is not UTF-8")
		}
		if utf8.RuneCountInString(value) > maxFilter {
			return fmt.Errorf("has more than %d characters", maxFilter)
		}
		*into = value
		return checkText(value)
	}
}

// limited reads how much of a list is wanted.
func limited(into *int) func(string) error { return upTo(into, maxLimit) }

func upTo(into *int, most int) func(string) error {
	return func(value string) error {
		number, err := strconv.Atoi(value)
		if err != nil || number < 1 || number > most {
			return fmt.Errorf("must be a number from 1 to %d", most)
		}
		*into = number
		return nil
	}
}

func flag(into *bool) func(string) error {
	return func(value string) error {
		*into = value == "true"
		if !*into && value != "false" {
			return errors.New("must be true or false")
		}
		return nil
	}
}

func moment(into *time.Time) func(string) error {
	return func(value string) error {
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return errors.New("must be a time as 2006-01-02T15:04:05Z (RFC 3339)")
		}
		*into = at.UTC()
		return nil
	}
}

// edge reads the beginning or the end of a stretch of time, which it is a part of: a
// moment, or a whole day in UTC.
func edge(into *time.Time, last bool) func(string) error {
	return func(value string) error {
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			if *into = day; last {
				*into = day.AddDate(0, 0, 1).Add(-time.Microsecond)
			}
			return nil
		}
		if err := moment(into)(value); err != nil {
			return errors.New("must be a day as 2006-01-02, or a time as 2006-01-02T15:04:05Z (RFC 3339)")
		}
		return nil
	}
}

// truth reads whether something has to be so.
func truth(into **bool) func(string) error {
	return func(value string) error {
		var wanted bool
		*into = &wanted
		return flag(&wanted)(value)
	}
}

// address reads an email.
func address(into *string) func(string) error {
	return func(value string) error {
		if !isEmail(value) {
			return errors.New("is not an email address")
		}
		*into = value
		return checkText(value)
	}
}
