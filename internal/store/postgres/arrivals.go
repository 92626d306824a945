package postgres

import (
	"context"

	"securitybot/internal/store"
	"securitybot/internal/store/postgres/pgdb"
)

// InsertNew writes the first of those that share an id.
func (t *tx) InsertNew(ctx context.Context, arrivals []store.Arrival) ([]bool, error) {
	var params pgdb.InsertArrivalsParams
	first := make(map[string]int, len(arrivals))
	for i, arrival := range arrivals {
		if _, again := first[arrival.Record.ID]; again {
			continue
		}
		first[arrival.Record.ID] = i
		addAlert(&params, arrival.Record)
		addEntry(&params, arrival.Entry)
		addRest(&params, arrival)
	}
	added, err := t.q.InsertArrivals(ctx, params)
	if err != nil {
		return nil, err
	}
	news := make([]bool, len(arrivals))
	for _, id := range added {
		news[first[id]] = true
	}
	return news, nil
}

func addAlert(p *pgdb.InsertArrivalsParams, r store.Record) {
	p.Ids = append(p.Ids, r.ID)
	p.Sources = append(p.Sources, r.Source)
	p.SourceKeys = append(p.SourceKeys, r.Key)
	p.PayloadDigests = append(p.PayloadDigests, r.PayloadDigest)
	p.Detections = append(p.Detections, r.Detection)
	p.Titles = append(p.Titles, r.Title)
	p.Descriptions = append(p.Descriptions, r.Description)
	p.Severities = append(p.Severities, string(r.Severity))
	p.Emails = append(p.Emails, r.Subject.Email)
	p.Usernames = append(p.Usernames, r.Subject.Username)
	p.SlackIds = append(p.SlackIds, r.Subject.SlackID)
	p.Occurred = append(p.Occurred, stamp(r.OccurredAt))
	p.Urls = append(p.Urls, r.URL)
	p.Contexts = append(p.Contexts, string(r.Context))
	p.Received = append(p.Received, stamp(r.ReceivedAt))
	p.Statuses = append(p.Statuses, string(r.Status))
	p.Words = append(p.Words, indexedText(r))
}

func addEntry(p *pgdb.InsertArrivalsParams, e store.Entry) {
	p.EntryTimes = append(p.EntryTimes, stamp(e.At))
	p.EntryKinds = append(p.EntryKinds, e.Kind)
	p.EntryActors = append(p.EntryActors, e.Actor)
	p.EntryData = append(p.EntryData, string(e.Data))
	p.EntryPersonal = append(p.EntryPersonal, string(e.Personal))
	p.EntrySalts = append(p.EntrySalts, e.Salt)
	p.EntryDigests = append(p.EntryDigests, e.Digest)
	p.EntryHashes = append(p.EntryHashes, e.Hash)
}

func addRest(p *pgdb.InsertArrivalsParams, a store.Arrival) {
	p.Bodies = append(p.Bodies, a.Payload.Body)
	p.BodySalts = append(p.BodySalts, a.Payload.Salt)
	p.BodyDigests = append(p.BodyDigests, a.Payload.Digest)
	p.OutgoingKinds = append(p.OutgoingKinds, a.Outgoing.Kind)
	p.OutgoingRefs = append(p.OutgoingRefs, a.Outgoing.Ref)
	p.OutgoingCreated = append(p.OutgoingCreated, stamp(a.Outgoing.CreatedAt))
	p.OutgoingAvailable = append(p.OutgoingAvailable, stamp(a.Outgoing.AvailableAt))
	for _, tally := range a.Tallies {
		p.TallyAlerts = append(p.TallyAlerts, a.Record.ID)
		p.TallyTimes = append(p.TallyTimes, stamp(tally.At))
		p.TallyDetections = append(p.TallyDetections, tally.Detection)
		p.TallyMeasures = append(p.TallyMeasures, tally.Measure)
		p.TallyBuckets = append(p.TallyBuckets, tally.Bucket)
		p.TallyCounts = append(p.TallyCounts, tally.Count)
	}
}
