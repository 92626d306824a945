package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// mostKeys is how many keys are looked up at once.
const mostKeys = 1000

// Lookup is the answer to POST /v1/lookups: the alerts that a source reported under
// its own keys, in the order of the keys, and the keys that nothing was reported under.
type Lookup struct {
	Alerts  []Summary `json:"alerts"`
	Missing []string  `json:"missing"`
}

// lookUp joins verdicts back to what a source knows by its own keys. What is about the
// person who asks is as good as missing.
func (s *Server) lookUp(c *gin.Context) error {
	body, err := readBody(c, "a request")
	if err != nil {
		return err
	}
	caller := callerOf(c)
	wanted := struct {
		source string
		keys   []string
	}{source: caller.Source}
	form := form{now: s.opt.Now()}
	form.read(body, map[string]func(string, json.RawMessage){
		"source": form.required(&wanted.source, maxFilter), "keys": form.keys(&wanted.keys),
	}, "source")
	if wanted.source == "" {
		form.fault("source", "is required")
	}
	if err := form.invalid(); err != nil {
		return err
	}
	if !caller.May(ScopeRead) && wanted.source != caller.Source {
		return othersReports()
	}
	list, err := s.opt.Record.Lookup(c.Request.Context(), wanted.source, wanted.keys)
	if err != nil {
		return fmt.Errorf("look up: %w", err)
	}
	who := self(c)
	list = slices.DeleteFunc(list, func(each store.Found) bool { return who != nil && each.Record.Concerns(*who) })
	return writeJSON(c, http.StatusOK, s.lookupOf(wanted.source, wanted.keys, list))
}

func (s *Server) lookupOf(source string, keys []string, list []store.Found) Lookup {
	known := map[string]store.Found{}
	for _, each := range list {
		known[each.Record.ID] = each
	}
	answer := Lookup{Alerts: []Summary{}, Missing: []string{}}
	for _, key := range keys {
		if each, ok := known[alert.KeyedID(source, key)]; ok {
			answer.Alerts = append(answer.Alerts, foundOf(each, s.opt.Links))
		} else {
			answer.Missing = append(answer.Missing, key)
		}
	}
	return answer
}

// keys reads the keys of a source, each of them once.
func (f *form) keys(into *[]string) func(string, json.RawMessage) {
	return func(field string, raw json.RawMessage) {
		var given []string
		if err := json.Unmarshal(raw, &given); err != nil || len(given) == 0 || len(given) > mostKeys {
			f.fault(field, "must be a list of 1 to %d keys", mostKeys)
			return
		}
		seen := map[string]bool{}
		for i, key := range given {
			place := fmt.Sprintf("%s[%d]", field, i)
			switch err := checkText(key); {
			case err != nil:
				f.fault(place, "%s", err)
			case key == "":
				f.fault(place, "is empty")
			case utf8.RuneCountInString(key) > maxKey:
				f.fault(place, "has more than %d characters", maxKey)
			case !seen[key]:
				seen[key] = true
				*into = append(*into, key)
			}
		}
	}
}
