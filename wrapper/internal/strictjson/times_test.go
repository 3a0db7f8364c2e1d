package strictjson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"
)

func TestDateTimes(t *testing.T) {
	const form = `{"at":"%[1]s","list":["%[1]s"],"map":{"a":"%[1]s"},"name":"%[2]s"}`
	for text, want := range map[string]string{ // the time as Go writes it; "": the text is unreadable
		"2026-03-01T17:00:00Z":            "2026-03-01T17:00:00Z",
		"2026-03-01T17:00:00.25Z":         "2026-03-01T17:00:00.25Z",
		"2026-03-01T17:00:00.1234567890Z": "2026-03-01T17:00:00.123456789Z",
		"2026-03-01T17:00:00+05:30":       "2026-03-01T17:00:00+05:30",
		"2026-03-01T17:00:00-23:59":       "2026-03-01T17:00:00-23:59",
		"2026-03-01T17:00:00-00:00":       "2026-03-01T17:00:00Z",
		"2026-03-01t17:00:00z":            "2026-03-01T17:00:00Z",
		"2026-03-01t17:00:00.5+01:00":     "2026-03-01T17:00:00.5+01:00",
		"2016-12-31T23:59:60Z":            "2017-01-01T00:00:00Z",
		"2016-12-31t15:59:60.5-08:00":     "2016-12-31T16:00:00.5-08:00",
		"2026-02-28T23:59:60Z":            "2026-03-01T00:00:00Z",
		`2026-03-01\u007417:00:00Z`:       "2026-03-01T17:00:00Z",
		`2026-03-01\u005417:00:00Z`:       "2026-03-01T17:00:00Z",
		"2026-03-01T17:00:60Z":            "",
		"2026-03-15T23:59:60Z":            "",
		"2026-03-01T17:00:61Z":            "",
		"2026-03-01T17:00:00,5Z":          "",
		"2026-03-01T17:00:00+24:00":       "",
		"2026-03-01T17:00:00+05:60":       "",
		"2026-03-01T17:00:00+0530":        "",
		"2026-03-01T7:00:00Z":             "",
		"2026-03-01T24:00:00Z":            "",
		"2026-03-01T17:00:00.Z":           "",
		"2026-03-01T17:00Z":               "",
		"2026-03-01T17:00:00":             "",
		"2026-03-01 17:00:00Z":            "",
		"2026-02-30T17:00:00Z":            "",
		"2026-03-01T17:00:00ZZ":           "",
		"26-03-01T17:00:00Z":              "",
		"2026-03-01":                      "",
		"":                                "",
	} {
		var got struct {
			At   time.Time            `json:"at"`
			List []time.Time          `json:"list"`
			Map  map[string]time.Time `json:"map"`
			Name string               `json:"name"`
		}
		err := Unmarshal(fmt.Appendf(nil, form, text, text), &got)
		if want == "" {
			if err == nil {
				t.Errorf("%s was read as %v", text, got.At)
			}
			continue
		}
		name, _ := strconv.Unquote(`"` + text + `"`)
		want = fmt.Sprintf(form, want, name)
		if read, _ := json.Marshal(got); err != nil || string(read) != want {
			t.Errorf("%s was read as %s, %v, want %s", text, read, err, want)
		}
	}
	var got struct{ At time.Time }
	if err := Unmarshal([]byte(`{"At":null}`), &got); err != nil || !got.At.IsZero() {
		t.Errorf("null: %v, %v", got.At, err)
	}
}
