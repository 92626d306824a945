package storetest

import (
	"context"
	"errors"
	"time"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

// Lookup is a call that must find its rows by an index, which has the same name
// in every backend, and not by reading the table.
type Lookup struct {
	Name  string
	Index string
	Call  func(ctx context.Context, tx store.Tx) error
}

// Lookups are for backends to call with what tells how their database
// finds the rows.
func Lookups() []Lookup { return append(lookupsOfAlerts(), lookupsOfOthers()...) }

// calling makes a look-up of a method, whatever that gives.
func calling[T any](name, index string, method func(context.Context, store.Tx) (T, error)) Lookup {
	return Lookup{Name: name, Index: index, Call: func(ctx context.Context, tx store.Tx) error {
		_, err := method(ctx, tx)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	}}
}

func lookupsOfAlerts() []Lookup {
	type records = []store.Record
	return []Lookup{
		calling("FindPayload", "alerts_payload", func(ctx context.Context, tx store.Tx) (store.Record, error) {
			return tx.FindPayload(ctx, "siem", "d1", noon)
		}),
		calling("Unfinished", "alerts_unfinished", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.Unfinished(ctx, noon, "", 9)
		}),
		calling("OpenOf", "alerts_open", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.OpenOf(ctx, alice)
		}),
		calling("ConfirmedOf", "alerts_confirmed", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.ConfirmedOf(ctx, alice, noon)
		}),
		calling("AdmittedOf", "alerts_admitted", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.AdmittedOf(ctx, alice, noon)
		}),
		calling("StormOf", "alerts_storm", func(ctx context.Context, tx store.Tx) (store.Record, error) {
			return tx.StormOf(ctx, alice, noon)
		}),
		calling("AskedOf", "alerts_asked_of", func(ctx context.Context, tx store.Tx) (int, error) {
			return tx.AskedOf(ctx, alice, noon)
		}),
		calling("AskedSince", "alerts_asked", func(ctx context.Context, tx store.Tx) (int, error) {
			return tx.AskedSince(ctx, noon)
		}),
		calling("JoinedTo", "alerts_joined", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.JoinedTo(ctx, id(1))
		}),
		calling("InCaseOf", "alerts_case_of", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.InCaseOf(ctx, id(1))
		}),
		calling("EscalatedLike", "alerts_escalated", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.EscalatedLike(ctx, "siem", "no_response", noon)
		}),
		calling("ListAlerts", "alerts_newest", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.ListAlerts(ctx, store.Filter{Limit: 9})
		}),
		calling("AcceptedBy", "alerts_source", func(ctx context.Context, tx store.Tx) (int, error) {
			return tx.AcceptedBy(ctx, "edr", noon, 9)
		}),
		calling("FindPayloads", "alerts_payload", func(ctx context.Context, tx store.Tx) (map[string]store.Record, error) {
			return tx.FindPayloads(ctx, "siem", []string{"d1", "d2"}, noon)
		}),
		calling("ReviewsDue", "alerts_review", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.ReviewsDue(ctx, store.Cursor{}, 9)
		}),
		calling("Erasable", "alerts_erasable", func(ctx context.Context, tx store.Tx) ([]string, error) {
			return tx.Erasable(ctx, noon, 9)
		}),
		calling("SettledBetween", "alerts_settled", func(ctx context.Context, tx store.Tx) (records, error) {
			return tx.SettledBetween(ctx, noon, after(time.Hour), store.Cursor{}, 9)
		}),
	}
}

func lookupsOfOthers() []Lookup {
	return []Lookup{
		calling("OpenCases", "cases_open", func(ctx context.Context, tx store.Tx) ([]store.Case, error) {
			return tx.OpenCases(ctx, noon, 9)
		}),
		calling("CasesByRank", "cases_rank", func(ctx context.Context, tx store.Tx) ([]store.Case, error) {
			return tx.CasesByRank(ctx, store.CaseCursor{}, 9)
		}),
		calling("People", "people_email", func(ctx context.Context, tx store.Tx) ([]alert.Person, error) {
			return tx.People(ctx, "T1", "", "", 9)
		}),
		calling("Distrusts", "distrusts_newest", func(ctx context.Context, tx store.Tx) ([]store.Distrust, error) {
			return tx.Distrusts(ctx, 9)
		}),
		calling("Tokens", "tokens_newest", func(ctx context.Context, tx store.Tx) ([]store.Token, error) {
			return tx.Tokens(ctx)
		}),
		calling("Unlogged", "chains_unlogged", func(ctx context.Context, tx store.Tx) ([]store.Head, error) {
			return tx.Unlogged(ctx, 9)
		}),
		calling("LeavesOf", "log_leaves_alert", func(ctx context.Context, tx store.Tx) ([]store.Leaf, error) {
			return tx.LeavesOf(ctx, id(1))
		}),
		calling("Tallies", "tally_deltas_at", func(ctx context.Context, tx store.Tx) ([]store.Tally, error) {
			return tx.Tallies(ctx, total("asked"))
		}),
		{Name: "DropNotices", Index: "notices_created", Call: func(ctx context.Context, tx store.Tx) error {
			return tx.DropNotices(ctx, noon)
		}},
		{Name: "PruneSessions", Index: "sessions_expiry", Call: func(ctx context.Context, tx store.Tx) error {
			return tx.PruneSessions(ctx, noon)
		}},
		calling("SuppressionsOf", "suppressions_person", func(ctx context.Context, tx store.Tx) ([]store.Suppression, error) {
			return tx.SuppressionsOf(ctx, alice, noon)
		}),
		calling("Suppressions", "suppressions_until", func(ctx context.Context, tx store.Tx) ([]store.Suppression, error) {
			return tx.Suppressions(ctx, noon, 9)
		}),
		calling("OptOuts", "opt_outs_until", func(ctx context.Context, tx store.Tx) ([]store.OptOut, error) {
			return tx.OptOuts(ctx, noon)
		}),
		calling("Notices", "notices_kind", func(ctx context.Context, tx store.Tx) ([]store.Notice, error) {
			return tx.Notices(ctx, "held", noon)
		}),
		calling("Policies", "policies_loaded", func(ctx context.Context, tx store.Tx) ([]store.PolicyText, error) {
			return tx.Policies(ctx, 9)
		}),
		calling("GroupsOf", "group_members_user", func(ctx context.Context, tx store.Tx) ([]string, error) {
			return tx.GroupsOf(ctx, alice)
		}),
		calling("PostAt", "posts_place", func(ctx context.Context, tx store.Tx) (store.Post, error) {
			return tx.PostAt(ctx, "C1", "1.0")
		}),
		{Name: "PruneDeliveries", Index: "deliveries_at", Call: func(ctx context.Context, tx store.Tx) error {
			return tx.PruneDeliveries(ctx, noon)
		}},
	}
}
