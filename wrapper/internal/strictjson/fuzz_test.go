package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"regexp"
	"testing"
	"unicode/utf8"
)

type tree struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Nodes   []tree `json:"nodes"`
	Any     any    `json:"any"`
}

// Unmarshal agrees with a slow decoder of the same rules.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		`{"id":"a","version":1,"nodes":[{"id":"b"},null],"any":{"ID":[1,"x"]}}`, `{"id":"a","ID":"b","nodes":[{"Id":"c"}]}`,
		`{"id":"a","id":"b"}`, `{"x":{"y":[{"z":1,"\u007a":2}]}}`, `{"verſion":2}`, `{"id":"\ud83d\ude00"}`, `{"id":"\\ud83d"}`, `{"id":"\ud83d"}`,
		"{\"id\":\"\xff\"}", `{"version":1.0}`, `{"version":1e3}`, `{"version":9223372036854775808}`, `{"any":1e400}`, ` { "id" : "a" } `,
		"\ufeff{}", `[]`, `null`, `"x"`, ``, `{`, `{}{}`, `}`, `{"id":"\"}`, `{"id":7,"nodes":{}}`, `{"NODES":[{"id":"b"}],"nodes":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want tree
		err, wantErr := Unmarshal(body, &got), slowly(body, &want)
		if (err != nil) != (wantErr != nil) {
			t.Fatalf("%q: %v, want %v", body, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	})
}

// slowly removes all members that a tree doesn't have, and decodes the rest.
func slowly(body []byte, into *tree) error {
	if !json.Valid(body) || !utf8.Valid(body) || hasHalf(body) || hasTwice(json.NewDecoder(bytes.NewReader(body))) {
		return errors.New("it breaks a rule")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	prune(value)
	left, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(left, into)
}

func prune(value any) {
	object, _ := value.(map[string]any)
	for name := range object {
		switch name {
		case "nodes":
			nodes, _ := object[name].([]any)
			for _, node := range nodes {
				prune(node)
			}
		case "id", "version", "any":
		default:
			delete(object, name)
		}
	}
}

var escapes = regexp.MustCompile(`(?i)\\(?:ud[89ab]..\\ud[c-f]..|u(....)|.)`)

// hasHalf tells whether the text escapes half of a surrogate pair.
func hasHalf(body []byte) bool {
	for _, match := range escapes.FindAllSubmatch(body, -1) {
		if single := bytes.ToLower(match[1]); len(single) == 4 && single[0] == 'd' && single[1] >= '8' {
			return true
		}
	}
	return false
}

// hasTwice tells whether a name occurs twice in an object of a valid text.
func hasTwice(decoder *json.Decoder) bool {
	token, _ := decoder.Token()
	names := make(map[string]bool)
	for decoder.More() && (token == json.Delim('{') || token == json.Delim('[')) {
		if token == json.Delim('{') {
			name, _ := decoder.Token()
			if names[name.(string)] {
				return true
			}
			names[name.(string)] = true
		}
		if hasTwice(decoder) {
			return true
		}
	}
	if token == json.Delim('{') || token == json.Delim('[') {
		_, _ = decoder.Token() // the end
	}
	return false
}
