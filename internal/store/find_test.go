package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/alert"
	"securitybot/internal/store"
)

func (b *bench) finds(search store.Search) []string {
	b.Helper()
	list, err := b.Search(b.Context(), search)
	require.NoError(b, err)
	ids := []string{}
	for _, each := range list {
		ids = append(ids, each.Record.ID)
	}
	return ids
}

// A person's alerts are those that say their email and those that were resolved to
// them, whatever those say; each of them once.
func TestAllThatIsAboutAPerson(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob}))
		both := b.admitted(alice).ID
		b.passes(time.Second)
		byName := sudo("")
		byName.Subject = alert.Subject{Username: "aadams"}
		resolved := b.reports(byName, nil).ID
		b.passes(time.Second)
		said := b.accepted().ID
		b.passes(time.Second)
		ofBob := sudo("")
		ofBob.Subject.Email = "bob@example.com"
		_, err := b.report(bob, ofBob, nil)
		require.NoError(b, err)

		all := store.Search{Email: "Alice@Example.com", Team: "T1"}
		require.Equal(b, []string{said, resolved, both}, b.finds(all))
		all.Limit = 2
		require.Equal(b, []string{said, resolved}, b.finds(all))
		all.Before = store.Cursor{ReceivedAt: b.reads(resolved).ReceivedAt, ID: resolved}
		require.Equal(b, []string{both}, b.finds(all))
		require.Equal(b, []string{said, both}, b.finds(store.Search{Email: "alice@example.com", Team: "T2"}), "who is not of this team")
		require.Empty(b, b.finds(store.Search{Email: "carol@example.com", Team: "T1"}))

		list, err := b.Search(b.Context(), store.Search{})
		require.NoError(b, err)
		require.Equal(b, "Bob Brown", list[0].Person.Name)
		require.Zero(b, list[1].Person, "nobody is known of what was only received")
		require.Equal(b, "Alice Adams", list[2].Person.Name)
	})
}

// The answer that counts, and whether a second factor approved it.
func TestWhatWasAnsweredAndProven(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		unanswered := b.asked(alice).ID
		confirmed := b.confirmed(alice).ID
		unproven := b.asked(bob).ID
		b.answers(unproven, bob, alert.Yes)
		b.passes(time.Second)
		withdrawn := b.confirmed(bob).ID
		b.answers(withdrawn, bob, alert.No)
		yes, no := true, false
		for name, tc := range map[string]struct {
			filter store.Filter
			want   []string
		}{
			"yes":                {store.Filter{Answered: "yes"}, []string{confirmed, unproven}},
			"no":                 {store.Filter{Answered: "no"}, []string{withdrawn}},
			"nothing":            {store.Filter{Answered: store.AnsweredNone}, []string{unanswered}},
			"proven":             {store.Filter{Proven: &yes}, []string{confirmed}},
			"not proven":         {store.Filter{Proven: &no}, []string{unanswered, unproven, withdrawn}},
			"yes and not proven": {store.Filter{Answered: "yes", Proven: &no}, []string{unproven}},
		} {
			require.ElementsMatch(b, tc.want, b.finds(store.Search{Filter: tc.filter}), name)
		}
	})
}

func TestASourcesOwnKeys(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		first, err := b.Accept(b.Context(), sudo("one"))
		require.NoError(b, err)
		b.passes(time.Second)
		second, err := b.Accept(b.Context(), sudo("two"))
		require.NoError(b, err)
		list, err := b.Lookup(b.Context(), "auditd", []string{"one", "three", "two"})
		require.NoError(b, err)
		require.Equal(b, []string{second.Record.ID, first.Record.ID}, []string{list[0].Record.ID, list[1].Record.ID})
		list, err = b.Lookup(b.Context(), "zeek", []string{"one"})
		require.NoError(b, err)
		require.Empty(b, list)
	})
}

// askedHimself is an alert about Bob that says so.
func (b *bench) askedHimself() store.Record {
	b.Helper()
	reported := sudo("")
	reported.Subject = alert.Subject{Email: bob.Email}
	record, err := b.report(bob, reported, nil)
	require.NoError(b, err)
	return b.asks(record)
}

// A wish to resolve somebody's case bears the title of that case: it is as hidden from
// them as the case is, and it is no more theirs to decide about.
func TestAWishAboutSomebodysCaseIsHiddenFromThem(t *testing.T) {
	t.Parallel()
	onBoth(t, func(b *bench) {
		require.NoError(b, b.PutPeople(b.Context(), []alert.Person{alice, bob, sam}))
		id := b.asked(alice).ID
		b.answers(id, alice, alert.No)
		b.passes(time.Minute)
		wish := b.wishes(id, sam, alert.ProofDenied).ID
		b.passes(time.Minute)
		last := b.askedHimself().ID

		require.Equal(b, []string{last, id}, b.finds(store.Search{Filter: store.Filter{Except: &sam}}))
		require.Equal(b, []string{last, wish, id}, b.finds(store.Search{}))
		own := store.Search{Filter: store.Filter{Except: &alice}}
		require.Equal(b, []string{last}, b.finds(own))
		b.passes(time.Minute)
		own.Limit = 2
		require.Equal(b, []string{last}, b.finds(own), "a page is filled up with what comes after")
		before := b.askedHimself().ID
		require.Equal(b, []string{before, last}, b.finds(own))

		require.Contains(b, b.byRank(&bob, 10), wish)
		require.Empty(b, b.byRank(&alice, 10))
		story, err := b.PersonStory(b.Context(), sam.PersonKey, &alice)
		require.NoError(b, err)
		require.Empty(b, story.Recent)
		story, err = b.PersonStory(b.Context(), sam.PersonKey, &bob)
		require.NoError(b, err)
		require.Len(b, story.Recent, 1)

		heard, err := b.TakeAck(b.Context(), b.said(wish, alice, ""), "Alice")
		require.NoError(b, err)
		require.Equal(b, store.RefusedOwnCase, heard.Refusal)
	})
}
