package config

import (
	"net/url"
	"regexp"
)

// pagerDutyKey is an integration key of PagerDuty's Events API v2.
var pagerDutyKey = regexp.MustCompile(`^[A-Za-z0-9]{32}$`)

func (r *reader) pagerDuty() PagerDuty {
	pagerDuty := PagerDuty{URL: r.link(PagerDutyURL)}
	if u, err := url.Parse(pagerDuty.URL); pagerDuty.URL != "" && (err != nil || u.Path != "" || !safeTarget(pagerDuty.URL)) {
		r.fault(PagerDutyURL, "is not https://HOST, nor http on this machine")
	}
	for i, pair := range r.pairs(PagerDutyKeys) {
		_, twice := pagerDuty.Keys[pair.name]
		switch {
		case !sourceName.MatchString(pair.name) || !pagerDutyKey.MatchString(pair.value):
			r.fault(PagerDutyKeys, "pair %d is not name=key, with a key of 32 letters and digits", i+1)
		case twice:
			r.fault(PagerDutyKeys, "pair %d has the name of another pair", i+1)
		case pagerDuty.Keys == nil:
			pagerDuty.Keys = map[string]Secret{pair.name: Secret(pair.value)}
		default:
			pagerDuty.Keys[pair.name] = Secret(pair.value)
		}
	}
	return pagerDuty
}
