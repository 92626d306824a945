package examples_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/api"
	"securitybot/examples"
)

var (
	address = regexp.MustCompile(`\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b`)
	domain  = regexp.MustCompile(`(?:@|https://)([a-z0-9.-]+)`)
)

// documentation are the networks that belong to nobody (RFC 5737).
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"),
}

func TestEveryExampleIsAnAlert(t *testing.T) {
	t.Parallel()
	known := []string{"alice@example.com", "bob@example.com", "carol@example.com", "dave@example.com"}
	for _, example := range examples.List() {
		t.Run(example.Name, func(t *testing.T) {
			t.Parallel()
			reported, faults := api.ReadAlert(example.Alert, time.Now())
			require.Empty(t, faults)
			require.Empty(t, reported.Key, "sent twice it may be two alerts")
			require.Zero(t, reported.OccurredAt, "it is now")
			require.Contains(t, known, reported.Subject.Email)
			require.NotEmpty(t, reported.Description)
			var context map[string]any
			require.NoError(t, json.Unmarshal(reported.Context, &context))
			require.GreaterOrEqual(t, len(context), 5)
			require.NotEmpty(t, example.Button)
			require.LessOrEqual(t, len(strings.Fields(example.Button)), 5)
		})
	}
}

func TestNobodyRealIsNamed(t *testing.T) {
	t.Parallel()
	for _, example := range examples.List() {
		for _, found := range address.FindAllString(string(example.Alert), -1) {
			ip, err := netip.ParseAddr(found)
			require.NoError(t, err)
			contains := func(network netip.Prefix) bool { return network.Contains(ip) }
			require.True(t, slices.ContainsFunc(documentation, contains), "%s of %s", found, example.Name)
		}
		for _, found := range domain.FindAllStringSubmatch(string(example.Alert), -1) {
			require.Regexp(t, `(^|\.)example\.(com|net|org)$`, found[1], example.Name)
		}
	}
}

func TestEveryFileIsListedAndHasItsOrigin(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("alerts")
	require.NoError(t, err)
	origins, err := os.ReadFile("alerts/README.md")
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, example := range examples.List() {
		listed[example.Name+".json"] = true
		require.Contains(t, string(origins), "`"+example.Name+".json`")
	}
	require.GreaterOrEqual(t, len(listed), 10)
	for _, entry := range entries {
		if entry.Name() != "README.md" {
			require.True(t, listed[entry.Name()], entry.Name())
		}
	}
}
