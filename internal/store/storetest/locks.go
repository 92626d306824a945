package storetest

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"securitybot/internal/store"
)

const (
	crowdSize = 8 // transactions at once
	rounds    = 5 // that each of them runs
)

func oneInsertWins(b *bench) {
	errs := b.together(func(int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error { return tx.InsertAlert(b.Context(), plain(1)) })
	})
	b.oneWon(errs)
}

func oneDistrustWins(b *bench) {
	errs := b.together(func(int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error {
			return tx.InsertDistrust(b.Context(), store.Distrust{Person: alice, AlertID: id(1), Since: noon})
		})
	})
	b.oneWon(errs)
}

// oneWon expects every insert but one to have found the key taken.
func (b *bench) oneWon(errs []error) {
	b.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(b, err, store.ErrExists)
	}
	require.Equal(b, 1, won)
}

func lockAlertSerializes(b *bench) {
	b.insert(plain(1))
	errs := b.together(func(int) error {
		return b.repeat(func(tx store.Tx) error {
			record, err := tx.LockAlert(b.Context(), id(1))
			if err != nil {
				return err
			}
			record.Revision++
			return tx.UpdateAlert(b.Context(), record)
		})
	})
	require.NoError(b, errors.Join(errs...))
	want := plain(1)
	want.Revision = crowdSize * rounds
	b.stands(want)
}

func lockNameSerializes(b *bench) {
	errs := b.together(func(int) error {
		return b.repeat(func(tx store.Tx) error {
			if err := tx.LockName(b.Context(), "counter 👍"); err != nil {
				return err
			}
			value, err := tx.Setting(b.Context(), "counter")
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			count, _ := strconv.Atoi(value) // 0 at first
			return tx.ReplaceSetting(b.Context(), "counter", strconv.Itoa(count+1))
		})
	})
	require.NoError(b, errors.Join(errs...))
	require.NoError(b, b.db.InTx(b.Context(), func(tx store.Tx) error {
		value, err := tx.Setting(b.Context(), "counter")
		require.Equal(b, strconv.Itoa(crowdSize*rounds), value)
		return err
	}))
}

// repeat runs f in a few transactions, one after the other.
func (b *bench) repeat(f func(store.Tx) error) error {
	for range rounds {
		if err := b.db.InTx(b.Context(), f); err != nil {
			return err
		}
	}
	return nil
}

func claimedOnce(b *bench) {
	const entries = 40
	b.insert(plain(1))
	for n := range entries {
		b.enqueue(outgoing(id(1), "wake", fmt.Sprint(n), noon))
	}
	taken := make(chan int64, 2*entries)
	errs := b.together(func(int) error {
		for {
			claimed := 0
			err := b.db.InTx(b.Context(), func(tx store.Tx) error {
				list, err := tx.Claim(b.Context(), noon, after(time.Hour), 3)
				for _, each := range list {
					taken <- each.ID
				}
				claimed = len(list)
				return err
			})
			if err != nil || claimed == 0 {
				return err
			}
		}
	})
	require.NoError(b, errors.Join(errs...))
	close(taken)
	seen := map[int64]bool{}
	for each := range taken {
		require.False(b, seen[each], "entry %d was claimed twice", each)
		seen[each] = true
	}
	require.Empty(b, b.claim(noon, entries), "all were taken")
	require.Len(b, seen, entries)
}

func settingKeptOnce(b *bench) {
	stood := make(chan string, crowdSize)
	errs := b.together(func(n int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error {
			value, err := tx.PutSetting(b.Context(), "secret", strconv.Itoa(n))
			stood <- value
			return err
		})
	})
	require.NoError(b, errors.Join(errs...))
	first := <-stood
	for range crowdSize - 1 {
		require.Equal(b, first, <-stood)
	}
}

func deliveryOnce(b *bench) {
	fresh := make(chan bool, crowdSize)
	errs := b.together(func(int) error {
		return b.db.InTx(b.Context(), func(tx store.Tx) error {
			inserted, err := tx.InsertDelivery(b.Context(), "Ev1", noon)
			fresh <- inserted
			return err
		})
	})
	require.NoError(b, errors.Join(errs...))
	count := 0
	for range crowdSize {
		if <-fresh {
			count++
		}
	}
	require.Equal(b, 1, count)
}
