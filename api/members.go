package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mostFieldName is how much of a foreign name is echoed.
const mostFieldName = 100

type member struct {
	name  string
	value json.RawMessage
}

var errNotObject = errors.New("must be a JSON object")

// members reads a JSON object that is known to be valid, with repeated names.
func members(raw []byte) ([]member, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return nil, errNotObject
	}
	var list []member
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		list = append(list, member{name: fmt.Sprint(name), value: value})
	}
	return list, nil
}

// checkJSON tells why a body is not one JSON value in UTF-8. encoding/json
// alone would replace what isn't.
func checkJSON(raw []byte) error {
	if !utf8.Valid(raw) {
		return errors.New("is not UTF-8")
	}
	var value json.RawMessage
	err := json.Unmarshal(raw, &value)
	if wrong, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("is not JSON: %w at byte %d", err, wrong.Offset)
	}
	return err
}

// checkValue walks a value and tells what can't be kept of it.
func checkValue(value any, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("is nested deeper than %d", maxDepth)
	}
	switch value := value.(type) {
	case string:
		return checkText(value)
	case json.Number:
		if _, err := strconv.ParseFloat(value.String(), 64); err != nil {
			return errors.New("has a number that is out of range")
		}
	case []any:
		for _, item := range value {
			if err := checkValue(item, depth+depthOf(item)); err != nil {
				return err
			}
		}
	case map[string]any:
		for name, item := range value {
			if err := errors.Join(checkText(name), checkValue(item, depth+depthOf(item))); err != nil {
				return err
			}
		}
	}
	return nil
}

// depthOf is what a value adds to the depth of the one it is in.
func depthOf(value any) int {
	switch value.(type) {
	case []any, map[string]any:
		return 1
	default:
		return 0
	}
}

func checkText(text string) error {
	if strings.ContainsRune(text, 0) {
		return errors.New("has a NUL character")
	}
	return nil
}

// shown is a foreign name, short enough to be echoed.
func shown(name string) string {
	letters := []rune(name)
	if len(letters) > mostFieldName {
		return string(letters[:mostFieldName]) + "…"
	}
	return name
}
