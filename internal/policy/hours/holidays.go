package hours

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/ar"
	"github.com/rickar/cal/v2/at"
	"github.com/rickar/cal/v2/au"
	"github.com/rickar/cal/v2/be"
	"github.com/rickar/cal/v2/bg"
	"github.com/rickar/cal/v2/br"
	"github.com/rickar/cal/v2/ca"
	"github.com/rickar/cal/v2/ch"
	"github.com/rickar/cal/v2/cz"
	"github.com/rickar/cal/v2/de"
	"github.com/rickar/cal/v2/dk"
	"github.com/rickar/cal/v2/ecb"
	"github.com/rickar/cal/v2/es"
	"github.com/rickar/cal/v2/fr"
	"github.com/rickar/cal/v2/gb"
	"github.com/rickar/cal/v2/gr"
	"github.com/rickar/cal/v2/hr"
	"github.com/rickar/cal/v2/ie"
	"github.com/rickar/cal/v2/it"
	"github.com/rickar/cal/v2/jp"
	"github.com/rickar/cal/v2/lt"
	"github.com/rickar/cal/v2/lv"
	"github.com/rickar/cal/v2/mw"
	"github.com/rickar/cal/v2/nc"
	"github.com/rickar/cal/v2/nl"
	"github.com/rickar/cal/v2/no"
	"github.com/rickar/cal/v2/nz"
	"github.com/rickar/cal/v2/pl"
	"github.com/rickar/cal/v2/ro"
	"github.com/rickar/cal/v2/ru"
	"github.com/rickar/cal/v2/se"
	"github.com/rickar/cal/v2/si"
	"github.com/rickar/cal/v2/sk"
	"github.com/rickar/cal/v2/ua"
	"github.com/rickar/cal/v2/us"
	"github.com/rickar/cal/v2/za"
)

// countries are the public holidays that the library knows: by ISO 3166 code,
// with the region where they differ, and "ecb", the euro's banking days.
var countries = inUTC(map[string][]*cal.Holiday{
	"ar":     ar.Holidays,
	"at":     at.Holidays,
	"au-act": au.HolidaysACT,
	"au-nsw": au.HolidaysNSW,
	"au-nt":  au.HolidaysNT,
	"au-qld": au.HolidaysQLD,
	"au-sa":  au.HolidaysSA,
	"au-tas": au.HolidaysTAS,
	"au-vic": au.HolidaysVIC,
	"au-wa":  au.HolidaysWA,
	"be":     be.Holidays,
	"bg":     bg.Holidays,
	"br":     br.Holidays,
	"ca":     ca.Holidays,
	"ch":     ch.Holidays,
	"ch-ag":  ch.HolidaysAG,
	"ch-ai":  ch.HolidaysAI,
	"ch-ar":  ch.HolidaysAR,
	"ch-be":  ch.HolidaysBE,
	"ch-bl":  ch.HolidaysBL,
	"ch-bs":  ch.HolidaysBS,
	"ch-fr":  ch.HolidaysFR,
	"ch-ge":  ch.HolidaysGE,
	"ch-gl":  ch.HolidaysGL,
	"ch-gr":  ch.HolidaysGR,
	"ch-ju":  ch.HolidaysJU,
	"ch-lu":  ch.HolidaysLU,
	"ch-ne":  ch.HolidaysNE,
	"ch-nw":  ch.HolidaysNW,
	"ch-ow":  ch.HolidaysOW,
	"ch-sg":  ch.HolidaysSG,
	"ch-sh":  ch.HolidaysSH,
	"ch-so":  ch.HolidaysSO,
	"ch-sz":  ch.HolidaysSZ,
	"ch-tg":  ch.HolidaysTG,
	"ch-ti":  ch.HolidaysTI,
	"ch-ur":  ch.HolidaysUR,
	"ch-vd":  ch.HolidaysVD,
	"ch-vs":  ch.HolidaysVS,
	"ch-zg":  ch.HolidaysZG,
	"ch-zh":  ch.HolidaysZH,
	"cz":     cz.Holidays,
	"de":     de.Holidays,
	"de-bb":  de.HolidaysBB,
	"de-be":  de.HolidaysBE,
	"de-bw":  de.HolidaysBW,
	"de-by":  de.HolidaysBY,
	"de-hb":  de.HolidaysHB,
	"de-he":  de.HolidaysHE,
	"de-hh":  de.HolidaysHH,
	"de-mv":  de.HolidaysMV,
	"de-ni":  de.HolidaysNI,
	"de-nw":  de.HolidaysNW,
	"de-rp":  de.HolidaysRP,
	"de-sh":  de.HolidaysSH,
	"de-sl":  de.HolidaysSL,
	"de-sn":  de.HolidaysSN,
	"de-st":  de.HolidaysST,
	"de-th":  de.HolidaysTH,
	"dk":     dk.Holidays,
	"ecb":    ecb.Holidays,
	"es":     es.Holidays,
	"fr":     fr.Holidays,
	"gb":     gb.Holidays,
	"gr":     gr.Holidays,
	"hr":     hr.Holidays,
	"ie":     ie.Holidays,
	"it":     it.Holidays,
	"jp":     jp.Holidays,
	"lt":     lt.Holidays,
	"lv":     lv.Holidays,
	"mw":     mw.Holidays,
	"nc":     nc.Holidays,
	"nl":     nl.Holidays,
	"no":     no.Holidays,
	"nz":     nz.Holidays,
	"pl":     pl.Holidays,
	"ro":     ro.Holidays,
	"ru":     ru.Holidays,
	"se":     se.Holidays,
	"si":     si.Holidays,
	"sk":     sk.Holidays,
	"ua":     ua.Holidays,
	"us":     us.Holidays,
	"za":     za.Holidays,
})

// inUTC has the library count dates in UTC. In the zone of the machine it gets
// some wrong where a day begins at 01:00.
func inUTC(lists map[string][]*cal.Holiday) map[string][]*cal.Holiday {
	cal.DefaultLoc = time.UTC
	return lists
}

// Countries are the codes that Spec.Holidays may have, sorted.
func Countries() []string {
	return slices.Sorted(maps.Keys(countries))
}

func (c *Calendar) setHolidays(codes []string) error {
	for _, code := range codes {
		holidays, ok := countries[code]
		if !ok {
			return fmt.Errorf("holidays: unknown country %q%s", code, suggest(code))
		}
		for _, holiday := range holidays {
			c.holidays = append(c.holidays, *holiday) // a copy: Japan's equinoxes write to theirs when they are reckoned
		}
	}
	return nil
}

// suggest names the regions of a country that has no holidays in common, such as
// au, and the country of an unknown region.
func suggest(code string) string {
	country, _, _ := strings.Cut(strings.ToLower(code), "-")
	near := slices.DeleteFunc(Countries(), func(known string) bool {
		return known != country && !strings.HasPrefix(known, country+"-")
	})
	if len(near) == 0 {
		return ""
	}
	return "; there is " + strings.Join(near, ", ")
}

func (c *Calendar) setDates(dates []string) error {
	for _, text := range dates {
		date, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return fmt.Errorf("dates: %q is no date, such as 2026-12-24: %w", text, err)
		}
		c.dates = append(c.dates, date)
	}
	return nil
}

// daysOff are the days of a year that are no working days, by time.Time.YearDay.
type daysOff [367]bool

// off says whether a date (at midnight UTC) is a holiday. A year is reckoned
// once: the library goes through all holidays for each date, and what it
// remembers is not safe for several goroutines.
func (c *Calendar) off(date time.Time) bool {
	year := date.Year()
	c.mu.Lock()
	defer c.mu.Unlock()
	days, ok := c.years[year]
	if !ok {
		days = c.reckon(year)
		c.years[year] = days
	}
	return days[date.YearDay()]
}

func (c *Calendar) reckon(year int) *daysOff {
	days := &daysOff{}
	mark := func(date time.Time) {
		if date.Year() == year {
			days[date.YearDay()] = true
		}
	}
	for _, date := range c.dates {
		mark(date)
	}
	for i := range c.holidays {
		// Saturday's New Year is observed on the last of December.
		for near := year - 1; near <= year+1; near++ {
			if actual, observed := c.holidays[i].Calc(near); !actual.IsZero() {
				mark(actual) // off, too, for who works at weekends
				mark(observed)
			}
		}
	}
	return days
}
