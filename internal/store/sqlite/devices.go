package sqlite

import (
	"context"

	"securitybot/internal/alert"
	"securitybot/internal/store"
	"securitybot/internal/store/sqlite/litedb"
)

// Devices lists those seen first, first.
func (t *tx) Devices(ctx context.Context, person alert.PersonKey, factor string) ([]store.Device, error) {
	rows, err := t.q.Devices(ctx, person.Team, person.User, factor)
	return all(rows, err, deviceOf)
}

func (t *tx) PutDevice(ctx context.Context, d store.Device) error {
	return t.q.PutDevice(ctx, litedb.PutDeviceParams{
		PersonTeam: d.Person.Team,
		PersonUser: d.Person.User,
		Factor:     d.Factor,
		Device:     d.ID,
		Name:       d.Name,
		FirstSeen:  micros(d.FirstSeen),
		Original:   flag(d.Original),
	})
}

// flag is a truth as a column holds it.
func flag(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

func deviceOf(row litedb.Device) store.Device {
	return store.Device{
		Person:    alert.PersonKey{Team: row.PersonTeam, User: row.PersonUser},
		Factor:    row.Factor,
		ID:        row.Device,
		Name:      row.Name,
		FirstSeen: moment(row.FirstSeen),
		Original:  row.Original == 1,
	}
}
