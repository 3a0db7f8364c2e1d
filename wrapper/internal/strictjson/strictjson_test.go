package strictjson

import (
	"encoding/json"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A house has a member for each rule of decoding.
type house struct {
	ID       string `json:"id"`
	Version  int64  `json:"version,omitempty"`
	Untagged string
	Garden   room
	Room     room              `json:"room"`
	Rooms    []room            `json:"rooms"`
	Next     *house            `json:"next"`
	ByName   map[string]room   `json:"byName"`
	Text     map[string]string `json:"text"`
	Any      any               `json:"any"`
	Raw      json.RawMessage   `json:"raw"`
	Sealed   sealed            `json:"sealed"`
	Built    time.Time         `json:"built"`
	Hidden   string            `json:"-"`
	untagged string
	Address
	*Plot
}

type room struct {
	Name string `json:"name"`
}

// A sealed decodes itself.
type sealed struct {
	ID   string `json:"id"`
	text string
}

func (s *sealed) UnmarshalJSON(text []byte) error {
	s.text = string(text)
	return nil
}

type Address struct {
	Street string `json:"street"`
	Room   string `json:"room"` // the house has a member of this name, which wins
}

type Plot struct {
	Size int `json:"size"`
}

// FuzzUnmarshal has more texts, which Unmarshal reads or refuses.
func TestReads(t *testing.T) {
	for body, want := range map[string]house{
		`{}`:                                      {},
		` { "id" : "a" , "version" : 7 } `:        {ID: "a", Version: 7},
		`{"\u0069d":"a"}`:                         {ID: "a"},
		`{"id":"\ud83d\ude00\\\"","version":1}`:   {ID: "😀\\\"", Version: 1},
		`{"id":"�\ufffd"}`:                        {ID: "\ufffd\ufffd"},
		`{"version":-9223372036854775808}`:        {Version: -1 << 63},
		`{"version":null,"id":null,"rooms":null}`: {},

		// Members that differ from a field in case change nothing.
		`{"ID":"b","id":"a"}`:                                  {ID: "a"},
		`{"Id":"b"}`:                                           {},
		`{"id":"a","ID":7,"Id":{}}`:                            {ID: "a"},
		`{"I\u0044":"b"}`:                                      {},
		`{"ver\u017fion":7}`:                                   {},
		`{"verſion":7,"version":1}`:                            {Version: 1},
		`{"untagged":"b"}`:                                     {},
		`{"Untagged":"a","untagged":"b"}`:                      {Untagged: "a"},
		`{"untagged":"b","more":1}`:                            {untagged: ""},
		`{"address":{"street":"b"},"Plot":{"size":1}}`:         {},
		`{"garden":{"name":"b"},"Garden":{"NAME":"b"}}`:        {},
		`{"STREET":"b"}`:                                       {},
		`{"SIZE":1}`:                                           {},
		`{"size":1}`:                                           {Plot: &Plot{1}},
		`{"street":"a"}`:                                       {Address: Address{Street: "a"}},
		`{"Room":{"name":"b"},"room":{"Name":"b"}}`:            {},
		`{"rooms":[{"name":"a","NAME":"b"},{"Name":"b"}]}`:     {Rooms: []room{{"a"}, {}}},
		`{"next":{"next":{"ID":"b","id":"a"}}}`:                {Next: &house{Next: &house{ID: "a"}}},
		`{"byName":{"Name":{"Name":"b"},"name":{"name":"a"}}}`: {ByName: map[string]room{"Name": {}, "name": {"a"}}},

		`{"more":"\"","ID":"b"}`:         {},
		`{"more":"\\","ID":"b"}`:         {},
		`{"more\"":1,"ID":"b"}`:          {},
		`{"more":["\",\"id\":"],"ID":1}`: {},

		`{"more":["a","a",["a"],"a"],"byName":{}}`: {ByName: map[string]room{}},
		`{"more":` + nested(9_999) + `,"ID":"b"}`:  {},

		// The case doesn't matter where the names are no fields.
		`{"text":{"ID":"a","id":"b"}}`:                      {Text: map[string]string{"ID": "a", "id": "b"}},
		`{"any":{"ID":"a","id":["b"]}}`:                     {Any: map[string]any{"ID": "a", "id": []any{"b"}}},
		`{"raw":{"ID":"a"}}`:                                {Raw: json.RawMessage(`{"ID":"a"}`)},
		`{"raw":{"ID":"a"},"ID":"b"}`:                       {Raw: json.RawMessage(`{"ID":"a"}`)},
		`{"more":{"ID":"a","id":"b"},"Hidden":"b","-":"b"}`: {},
		`{"sealed":{"ID":"a"}}`:                             {Sealed: sealed{text: `{"ID":"a"}`}},
		`{"built":"2026-03-01T17:00:00Z","Built":"b"}`:      {Built: time.Date(2026, 3, 1, 17, 0, 0, 0, time.UTC)},
	} {
		var got house
		if err := Unmarshal([]byte(body), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.200q: got %+v, %v, want %+v", body, got, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	twenty := new(strings.Builder)
	for i := range 20 {
		fmt.Fprintf(twenty, `"name %d":{},`, i)
	}
	for name, body := range map[string]string{
		"a member twice":            `{"id":"a","id":"a"}`,
		"apart":                     `{"id":"a","version":1,"more":[{}],"id":"b"}`,
		"behind an escaped quote":   `{"more":"\"","id":1,"id":1}`,
		"a quote in it":             `{"a\"":1,"a\"":1}`,
		"both escaped":              `{"\u00e9":1,"é":2}`,
		"a surrogate pair":          `{"\ud83d\ude00":1,"😀":2}`,
		"unknown":                   `{"more":1,"more":1}`,
		"of another case":           `{"ID":1,"ID":1}`,
		"in a struct":               `{"room":{"name":"a","name":"a"}}`,
		"in a list":                 `{"rooms":[{},{"name":"a","name":"a"}]}`,
		"in a map":                  `{"text":{"a":"","a":""}}`,
		"in any":                    `{"any":[{"a":[{"b":1,"b":1}]}]}`,
		"in a raw message":          `{"raw":{"a":1,"a":1}}`,
		"in a name of another case": `{"ID":{"a":1,"a":1}}`,
		"empty names":               `{"":1,"":1}`,
		"space around":              "{ \"a\" \t:1,\n\"a\"\r:1}",
		"behind an object":          `{"a":{"b":1},"a":1}`,
		"among many":                `{` + twenty.String() + `"id":"a","name 7":{}}`,
		"among few open ones":       `{` + twenty.String() + `"more":{"a":1,"a":1}}`,

		"a stray byte, unknown":  "{\"more\":[\"\xc3\"]}",
		"a stray byte in a name": "{\"i\xffd\":\"a\"}",
		"a surrogate as UTF-8":   "{\"id\":\"\xed\xa0\xbd\"}",
		"overlong":               "{\"id\":\"\xc1\xa9\"}",
		"the second half":        `{"id":"\ude00"}`,
		"halves in false order":  `{"id":"\ude00\ud83d"}`,
		"a half, then text":      `{"id":"\uD83Dabcdef"}`,
		"a half, then an escape": `{"id":"\ud83d\u0041"}`,
		"a half, then no \\u":    `{"id":"\ud83d\nde00"}`,
		"two first halves":       `{"id":"\ud83d\ud83d\ude00"}`,
		"half a pair, unknown":   `{"more":{"a":["\ud83d"]}}`,
		"half a pair in a name":  `{"a\ud83d":1}`,

		"a version below 64 bits": `{"version":-9223372036854775809}`,
		"a version as text":       `{"version":"1"}`,

		"cut in a name":    `{"id`,
		"cut at an escape": `{"id":"\`,
		"garbage behind":   `{}]`,
		"no colon":         `{"id" "a"}`,
		"too deep":         `{"more":` + nested(10_000) + `}`,
	} {
		if err := Unmarshal([]byte(body), new(house)); err == nil {
			t.Errorf("%s: %.200q was read", name, body)
		}
	}
}

// Unmarshal stops at the depth at which encoding/json stops.
func TestDepthCostsNoMemory(t *testing.T) {
	body := []byte(strings.Repeat("[", 10<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err := Unmarshal(body, new(any))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 16<<20 {
		t.Errorf("%d bytes were allocated: %v", used, err)
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

// Types of a caller mean the same with both packages of Go, though encoding/json/v2 has other defaults.
func TestTypesOfACaller(t *testing.T) {
	type of struct {
		Lasts  time.Duration `json:"lasts"`
		Count  int           `json:"count,string"`
		Open   bool          `json:"open,string"`
		Longer [2]int        `json:"longer"`
		Less   [3]int        `json:"less"`
		Raw    [2]byte       `json:"raw"`
		Bytes  []byte        `json:"bytes"`
	}
	var got of
	const body = `{"lasts": 1500, "count": "7", "open": "true", "longer": [1, 2, 3], "less": [4], "raw": [5, 6], "bytes": "aGV5\n"}`
	if err := Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := of{1500, 7, true, [2]int{1, 2}, [3]int{4}, [2]byte{5, 6}, []byte("hey")}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, wrong := range []string{`{"lasts": "1500ns"}`, `{"count": 7}`, `{"open": true}`, `{"raw": "BQY="}`} {
		if err := Unmarshal([]byte(wrong), new(of)); err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
}
