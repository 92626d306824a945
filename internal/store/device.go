package store

import (
	"fmt"
	"slices"
	"time"

	"securitybot/internal/alert"
)

// newFor is how long a device proves nothing: who steals an account adds one.
const newFor = 72 * time.Hour

// pickDevice takes note of a person's devices and picks the one to push to: the
// one that has been known for longest; false when none has been for long enough.
func (t *tx) pickDevice(proof alert.Proof, devices []Device) (Device, bool, error) {
	known, err := t.Devices(t.ctx, proof.Person, proof.Factor)
	if err != nil {
		return Device{}, false, fmt.Errorf("read devices: %w", err)
	}
	byID := make(map[string]Device, len(known))
	for _, device := range known {
		byID[device.ID] = device
	}
	original := false
	if len(known) == 0 {
		if original, err = t.neverLooked(proof); err != nil {
			return Device{}, false, err
		}
	}
	var picked Device
	for _, device := range devices {
		seen, ok := byID[device.ID]
		if !ok {
			seen = Device{Person: proof.Person, Factor: proof.Factor, ID: device.ID, FirstSeen: t.now, Original: original}
		}
		if !ok || seen.Name != device.Name {
			seen.Name = device.Name
			if err := t.PutDevice(t.ctx, seen); err != nil {
				return Device{}, false, fmt.Errorf("write device: %w", err)
			}
		}
		if picked.ID == "" || older(seen, picked) {
			picked = seen
		}
	}
	trusted := picked.Original || !t.now.Before(picked.FirstSeen.Add(newFor))
	return picked, picked.ID != "" && trusted, nil
}

// neverLooked tells that a person's devices were never looked at. Where there were
// none, the first one to come is as new as any.
func (t *tx) neverLooked(proof alert.Proof) (bool, error) {
	before, err := t.PushesOf(t.ctx, proof.Person, time.Time{})
	if err != nil {
		return false, fmt.Errorf("read earlier proofs: %w", err)
	}
	return !slices.ContainsFunc(before, func(earlier alert.Proof) bool {
		none := earlier.Reason == alert.ReasonNotEnrolled || earlier.Reason == alert.ReasonNoPushDevice
		return none && earlier.Factor == proof.Factor
	}), nil
}

// older tells which of two devices has been known for longer.
func older(a, b Device) bool {
	if a.Original != b.Original {
		return a.Original
	}
	return a.FirstSeen.Before(b.FirstSeen)
}
