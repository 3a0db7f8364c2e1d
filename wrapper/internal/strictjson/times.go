package strictjson

import (
	"strings"
	"time"
)

// dateTime converts an RFC 3339 date-time to a form of the same length that encoding/json accepts. ok is false if RFC
// 3339 does not allow the text.
//
// Two forms are valid in RFC 3339 but not in encoding/json: t and z in lower case, and a leap second, which becomes the
// next second. On the other hand, encoding/json accepts text that neither RFC 3339 nor dateTime allows, such as an
// offset of 24 hours, which encoding/json can't encode, or a comma before the fraction.
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
	if err != nil || at.Format(local) != clock { // time.Parse accepts an hour of one digit
		return "", false
	}
	if isLeap {
		at = at.Add(time.Second)
		if utc := at.Add(-offset); utc.Day() != 1 || utc.Hour() != 0 || utc.Minute() != 0 {
			return "", false // a leap second is at the end of a month
		}
	}
	return at.Format(local) + rest, true
}

// offsetOf parses Z, or an offset of less than a day.
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

// isUsualTime reports whether text has the usual form of a date-time, on which encoding/json and RFC 3339 agree. The
// numbers may still be out of range.
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
