package postgres

import (
	"context"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

// Devices lists those seen first, first.
func (t *tx) Devices(ctx context.Context, person alert.PersonKey, factor string) ([]store.Device, error) {
	rows, err := t.q.Devices(ctx, person.Team, person.User, factor)
	return all(rows, err, deviceOf)
}

func (t *tx) PutDevice(ctx context.Context, d store.Device) error {
	return t.q.PutDevice(ctx, pgdb.PutDeviceParams{
		PersonTeam: d.Person.Team,
		PersonUser: d.Person.User,
		Factor:     d.Factor,
		Device:     d.ID,
		Name:       d.Name,
		FirstSeen:  stamp(d.FirstSeen),
		Original:   d.Original,
	})
}

func deviceOf(row pgdb.Device) store.Device {
	return store.Device{
		Person:    alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Factor:    row.Factor,
		ID:        row.Device,
		Name:      row.Name,
		FirstSeen: row.FirstSeen.UTC(),
		Original:  row.Original,
	}
}
