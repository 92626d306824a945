package sqlite

import (
	"context"
	"fmt"
	"time"
	"unicode"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

func (t *tx) PutPerson(ctx context.Context, p alert.Person) error {
	return t.q.PutPerson(ctx, litedb.PutPersonParams{
		Team:        p.Team,
		UserID:      p.User,
		Email:       p.Email,
		Username:    p.Username,
		Name:        p.Name,
		Zone:        p.Zone,
		FactorName:  p.FactorName,
		Manager:     p.Manager,
		AwayUntil:   maybeMicros(p.AwayUntil),
		Deactivated: p.Deactivated,
		Bot:         p.Bot,
		ForeignTeam: p.Foreign,
		SeenAt:      maybeMicros(p.SeenAt),
	})
}

func (t *tx) FindPerson(ctx context.Context, key alert.PersonKey) (alert.Person, error) {
	row, err := t.q.FindPerson(ctx, key.Team, key.User)
	return one(row, err, personOf)
}

func (t *tx) PeopleByEmail(ctx context.Context, team, email string) ([]alert.Person, error) {
	rows, err := t.q.PeopleByEmail(ctx, team, email)
	return all(rows, err, personOf)
}

// People goes on after the place of afterUser in the order of the list.
func (t *tx) People(ctx context.Context, team, prefix, afterUser string, limit int) ([]alert.Person, error) {
	var after litedb.Person
	if afterUser != "" {
		var err error
		if after, err = t.q.FindPerson(ctx, team, afterUser); err != nil {
			return nil, fmt.Errorf("find place in list: %w", found(err))
		}
	}
	rows, err := t.q.People(ctx, litedb.PeopleParams{
		Team: team, Low: maybeText(prefix), High: maybeText(lastWith(prefix)),
		After: after.Email, AfterID: after.UserID, Count: int64(limit),
	})
	return all(rows, err, personOf)
}

// lastWith is after every text that begins with a prefix; "" without one.
func lastWith(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + string(unicode.MaxRune)
}

func (t *tx) Distrusts(ctx context.Context, limit int) ([]store.Distrust, error) {
	rows, err := t.q.Distrusts(ctx, int64(limit))
	return all(rows, err, distrustOf)
}

func (t *tx) InsertDistrust(ctx context.Context, d store.Distrust) error {
	return inserted(t.q.InsertDistrust(ctx, litedb.InsertDistrustParams{
		PersonTeam: d.Person.Team,
		PersonUser: d.Person.User,
		AlertID:    d.AlertID,
		Reason:     d.Reason,
		Since:      micros(d.Since),
		ClearedAt:  maybeMicros(d.ClearedAt),
		ClearedBy:  d.ClearedBy,
		Clearance:  d.Clearance,
	}))
}

func (t *tx) FindDistrust(ctx context.Context, person alert.PersonKey) (store.Distrust, error) {
	row, err := t.q.FindDistrust(ctx, person.Team, person.User)
	return one(row, err, distrustOf)
}

func (t *tx) ClearDistrust(ctx context.Context, person alert.PersonKey, at time.Time, by, reason string) error {
	cleared := micros(at)
	return changed(t.q.ClearDistrust(ctx, litedb.ClearDistrustParams{
		PersonTeam: person.Team, PersonUser: person.User,
		ClearedAt: &cleared, ClearedBy: by, Clearance: reason,
	}))
}

func personOf(row litedb.Person) alert.Person {
	return alert.Person{
		PersonKey:   alert.PersonKey{Team: row.Team, User: row.UserID},
		Email:       row.Email,
		Username:    row.Username,
		Name:        row.Name,
		Zone:        row.Zone,
		FactorName:  row.FactorName,
		Manager:     row.Manager,
		AwayUntil:   maybeMoment(row.AwayUntil),
		Deactivated: row.Deactivated,
		Bot:         row.Bot,
		Foreign:     row.ForeignTeam,
		SeenAt:      maybeMoment(row.SeenAt),
	}
}

func distrustOf(row litedb.Distrust) store.Distrust {
	return store.Distrust{
		Person:    alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		AlertID:   row.AlertID,
		Reason:    row.Reason,
		Since:     moment(row.Since),
		ClearedAt: maybeMoment(row.ClearedAt),
		ClearedBy: row.ClearedBy,
		Clearance: row.Clearance,
	}
}
