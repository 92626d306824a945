// Package storetest is what every store.Backend must do: one suite, run by each
// of them against its real database.
package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Run runs the suite. open gives a migrated, empty backend, closed when its
// test ends.
func Run(t *testing.T, open func(t *testing.T) store.Backend) {
	t.Helper()
	for _, tests := range []map[string]func(*bench){
		testsOfAlerts, testsOfSearch, testsOfRows, testsOfEvidence, testsOfRivals,
	} {
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(&bench{T: t, db: open(t)})
			})
		}
	}
}

// testsOfAlerts are about alerts and their lists.
var testsOfAlerts = map[string]func(*bench){
	"an alert comes back as it went":           alertRoundTrip,
	"an alert's empty fields stay empty":       alertEmptyFields,
	"an update keeps the alert itself":         updateKeepsAlert,
	"hostile text comes back as it went":       hostileText,
	"rows that break an invariant are refused": invariants,
	"the newest alert of a payload":            findPayload,
	"lists are filtered":                       listFilters,
	"lists page over equal times":              listPages,
	"the unfinished, page by page":             unfinished,
	"a person's open and confirmed alerts":     personsAlerts,
	"a person's admitted alerts and questions": admittedAndAsked,
	"the newest storm of a person":             stormOf,
	"alerts of one question, and of one case":  together,
	"what was escalated for the same reason":   escalatedLike,
	"the settled, page by page":                settledBetween,
}

// testsOfSearch are about what the console and sources look for.
var testsOfSearch = map[string]func(*bench){
	"alerts are found by their words":         searched,
	"no query is an error or finds it all":    searchedByAnAttacker,
	"an endless text is found by its words":   longTextIsSearched,
	"lists are filtered by what became of it": moreFilters,
	"lists leave out what concerns somebody":  filteredByWhomItConcerns,
	"what is to be reviewed":                  reviewsDue,
	"many alerts by id":                       manyByID,
	"the newest alert of each payload":        findPayloads,
	"alerts arrive with all of theirs":        arrivals,
	"a thousand alerts arrive":                thousandArrivals,
	"alerts arrive all, or none":              arrivalsAreAllOrNothing,
	"what a source brought lately":            acceptedBy,
	"people, page by page":                    peopleList,
	"distrust, that in force first":           distrustList,
	"open cases, the gravest first":           casesByRank,
	"tallies":                                 tallies,
	"old tallies are dropped":                 talliesDropped,
	"tallies folded in vain":                  foldRolledBack,
	"tokens":                                  tokens,
	"sessions":                                sessions,
}

// testsOfEvidence are about what can't be changed, and what can be erased of it.
var testsOfEvidence = map[string]func(*bench){
	"a timeline has no gaps":             chainHasNoGaps,
	"payloads":                           payloads,
	"the log of heads":                   logOfHeads,
	"stored hashes":                      storedHashes,
	"checkpoints":                        checkpoints,
	"what is to be audited":              auditAlerts,
	"what may be erased":                 erasable,
	"an erased alert":                    eraseAlert,
	"an erased person":                   erasePerson,
	"what is old is dropped":             dropped,
	"evidence that breaks its invariant": evidenceInvariants,
}

// testsOfRows are about all the other rows, and transactions.
var testsOfRows = map[string]func(*bench){
	"a transaction is all or nothing":        allOrNothing,
	"a panic rolls back":                     panicRollsBack,
	"a cancelled transaction leaves nothing": cancelledLeavesNothing,
	"a taken key spoils nothing":             takenKeySpoilsNothing,
	"cases":                                  cases,
	"open cases":                             openCases,
	"suppressions":                           suppressions,
	"lists of suppressions":                  suppressionLists,
	"opt-outs":                               optOuts,
	"devices":                                devices,
	"groups":                                 groups,
	"notices":                                notices,
	"lists of notices":                       noticeLists,
	"policies":                               policies,
	"hostile text in every row comes back":   hostileRows,
	"times of every row are in UTC, cut to microseconds": rowTimes,
	"rows that make no sense are refused":                rowInvariants,
	"the timeline":                                       timeline,
	"posts":                                              posts,
	"deliveries and answers":                             answers,
	"proofs":                                             proofs,
	"a person's pushes":                                  pushesOf,
	"people":                                             people,
	"people by email and username":                       peopleBy,
	"distrust":                                           distrust,
	"settings":                                           settings,
	"the outbox":                                         outbox,
	"the outbox's order and limit":                       outboxOrder,
	"a removed entry may come again":                     outboxAgain,
	"an entry may come due earlier":                      outboxEarlier,
	"entries of no alert":                                outboxOfNoAlert,
	"old deliveries are forgotten":                       deliveriesPruned,
	"ping":                                               ping,
}

// testsOfRivals are about many who do the same thing at once.
var testsOfRivals = map[string]func(*bench){
	"one of many inserts wins":                          oneInsertWins,
	"one of many distrusts wins":                        oneDistrustWins,
	"one of many next entries wins":                     oneEntryWins,
	"one of many checkpoints wins":                      oneCheckpointWins,
	"the same alerts from many are new once":            arrivalsTogether,
	"tallies folded by many count once":                 foldedTogether,
	"who locks an alert has it alone":                   lockAlertSerializes,
	"who locks a name has it alone":                     lockNameSerializes,
	"who locks a notice has it alone":                   lockNoticeSerializes,
	"one of many notices wins":                          oneNoticeWins,
	"a suppression covers no more than it may":          suppressionUsedUp,
	"a group replaced by many is one of theirs":         groupReplacedWhole,
	"no entry is claimed twice":                         claimedOnce,
	"a setting kept by many has one value":              settingKeptOnce,
	"a delivery recorded by many is new to one of them": deliveryOnce,
}

// bench is one test with its own database.
type bench struct {
	*testing.T
	db store.Backend
}

// in runs f in a transaction that must succeed.
func (b *bench) in(f func(ctx context.Context, tx store.Tx)) {
	b.Helper()
	ctx := b.Context()
	require.NoError(b, b.db.InTx(ctx, func(tx store.Tx) error {
		f(ctx, tx)
		return nil
	}))
}

// insert writes alerts as they are.
func (b *bench) insert(records ...store.Record) {
	b.Helper()
	b.in(func(ctx context.Context, tx store.Tx) {
		for _, record := range records {
			require.NoError(b, tx.InsertAlert(ctx, record))
		}
	})
}

// together runs f crowdSize times at once and gives the errors.
func (b *bench) together(f func(n int) error) []error {
	b.Helper()
	done := make(chan error)
	for n := range crowdSize {
		go func() { done <- f(n) }()
	}
	errs := make([]error, 0, crowdSize)
	for range crowdSize {
		errs = append(errs, <-done)
	}
	return errs
}

// noon is when these tests happen: a time with microseconds.
var noon = time.Date(2026, 3, 14, 12, 0, 0, 123456000, time.UTC)

func after(d time.Duration) time.Time { return noon.Add(d) }

var (
	alice = alert.PersonKey{Team: "T1", User: "UALICE"}
	bob   = alert.PersonKey{Team: "T1", User: "UBOB"}
)

// id makes the id of an alert of these tests; they sort by number.
func id(n int) string { return fmt.Sprintf("%064x", n) }

// plain is an alert that just arrived, n seconds after noon.
func plain(n int) store.Record {
	return store.Record{
		Alert: alert.Alert{
			ID: id(n), Source: "siem", Detection: "sudo_interactive", Title: "A root shell",
			Severity: alert.High, ReceivedAt: after(time.Duration(n) * time.Second),
		},
		Status: alert.Received,
	}
}

// full is an alert with a value in every field, each one different.
func full(n int) store.Record {
	record := plain(n)
	record.Key = "key-1"
	record.Description = "as root on db-3"
	record.Subject = alert.Subject{Email: "alice@example.com", Username: "alice", SlackID: "UALICE"}
	record.OccurredAt = after(-time.Hour)
	record.URL = "https://siem.example.com/1"
	record.Context = json.RawMessage(`{"host":  "db-3", "b": 1.0, "a": 1e2}`)
	record.PayloadDigest = strings.Repeat("d", 64)
	return withState(record)
}

// withState fills in all that UpdateAlert writes.
func withState(record store.Record) store.Record {
	record.Status = alert.Escalated
	record.Verdict = alert.Verdict{Outcome: alert.Denied, Reason: alert.ReasonFraud}
	record.Person = alice
	record.Plan = fullPlan()
	record.Code = "482"
	record.Revision = 3
	record.AdmittedAt = after(1 * time.Minute)
	record.AskedAt = after(2 * time.Minute)
	record.Deadline = after(3 * time.Minute)
	record.WatchUntil = after(4 * time.Minute)
	record.Snoozes = 2
	record.SnoozedUntil = after(5 * time.Minute)
	record.SettledAt = after(6 * time.Minute)
	record.EscalatedAt = after(7 * time.Minute)
	record.Escalation = "fraud on the phone"
	record.FinishedAt = after(8 * time.Minute)
	record.ShownRevision = 4
	record.QueuedUntil = after(9 * time.Minute)
	record.JoinedTo = id(101)
	record.JoinRevision = 5
	record.CoveredBy = "covering-1"
	record.CaseOf = id(102)
	record.Pile = store.PileStorm
	record.ReviewedAt = after(10 * time.Minute)
	record.ReviewedBy = "slack:T1/UCAROL"
	return record
}

func fullPlan() *alert.Plan {
	return &alert.Plan{
		Revision: "r1", Rule: "sudo", Action: alert.Ask, Verdict: alert.Verdict{Outcome: alert.Unasked, Reason: "cap"},
		Would: alert.Escalate, NotBefore: after(time.Minute), Tell: true, AskBy: after(time.Hour),
		Deadline: 4 * time.Hour, Reminders: []time.Duration{time.Hour, 2*time.Hour + 1},
		Working: []alert.Window{{From: noon, To: after(time.Hour)}, {From: after(20 * time.Hour), To: after(28 * time.Hour)}},
		InHours: true, Snooze: time.Hour, SnoozeTimes: 2, WatchFor: 72 * time.Hour, Explanation: alert.ExplainRequired,
		Unprovable: true, FactorOff: true, FactorDoubted: true, RecordUnproven: true, Review: alert.ReviewSample,
		SuppressFor: 12 * time.Hour, SuppressScope: []string{"host", "command"},
		Limits:     alert.Limits{Open: 3, Storm: 10, PersonDay: 20, Day: 500},
		EscalateTo: []alert.Step{{Target: "security"}, {Target: "oncall", After: 30 * time.Minute}}, Quiet: true,
		Request: &alert.Request{Kind: alert.RequestIgnore, AlertID: id(7), For: time.Hour, Reason: "a 'backup' 👍🏽\x00 runs"},
	}
}

// ids are the ids of records, in their order.
func ids(records []store.Record) []string {
	list := []string{}
	for _, record := range records {
		list = append(list, record.ID)
	}
	return list
}

func idsOf(numbers ...int) []string {
	list := []string{}
	for _, n := range numbers {
		list = append(list, id(n))
	}
	return list
}
