package strictjson

import (
	"strings"
	"time"
)

// dateTime returns a date-time of RFC 3339 as encoding/json reads it, in as many bytes; ok is false where RFC 3339 does not
// allow it. T and Z may be in lower case, and a leap second becomes the second after it. encoding/json knows neither, and
// reads some that RFC 3339 does not allow: an offset of 24 hours, which can't be written, or a comma before the fraction.
func dateTime(text string) (normal string, ok bool) {
	const local = "2006-01-02T15:04:05"
	if len(text) <= len(local) {
		return "", false
	}
	clock, rest := strings.ToUpper(text[:len(local)]), strings.ToUpper(text[len(local):])
	zone := rest
	if digits, found := strings.CutPrefix(rest, "."); found {
		zone = strings.TrimLeft(digits, "0123456789")
		if zone == digits {
			return "", false
		}
	}
	offset, ok := offsetOf(zone)
	if !ok {
		return "", false
	}
	before, isLeap := strings.CutSuffix(clock, ":60")
	if isLeap {
		clock = before + ":59"
	}
	at, err := time.Parse(local, clock)
	if err != nil || at.Format(local) != clock { // which tells an hour of one digit
		return "", false
	}
	if isLeap {
		at = at.Add(time.Second)
		if utc := at.Add(-offset); utc.Day() != 1 || utc.Hour() != 0 || utc.Minute() != 0 {
			return "", false // leap seconds are at the end of a month
		}
	}
	return at.Format(local) + rest, true
}

// offsetOf reads Z, or an offset of less than a day.
func offsetOf(zone string) (offset time.Duration, ok bool) {
	if zone == "Z" {
		return 0, true
	}
	at, err := time.Parse("-07:00", zone)
	if err != nil || at.Format("-07:00") != zone && zone != "-00:00" {
		return 0, false
	}
	_, seconds := at.Zone()
	offset = time.Duration(seconds) * time.Second
	return offset, offset.Abs() < 24*time.Hour
}

// isUsualTime tells of most date-times that they are what encoding/json and RFC 3339 agree on, if they are date-times.
func isUsualTime(text []byte) bool {
	const form = "0000-00-00T00:00:00"
	if len(text) <= len(form) || text[len(text)-1] != 'Z' || text[len(form)-2] == '6' {
		return false
	}
	for i, c := range text[:len(text)-1] {
		isDigit := '0' <= c && c <= '9'
		switch {
		case i < len(form) && form[i] != '0' && c != form[i],
			i < len(form) && form[i] == '0' && !isDigit,
			i == len(form) && c != '.',
			i > len(form) && !isDigit:
			return false
		}
	}
	return true
}
