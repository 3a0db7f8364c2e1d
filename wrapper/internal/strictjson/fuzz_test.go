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
	if !json.Valid(body) || !utf8.Valid(body) || half.Match(whole.ReplaceAll(body, nil)) {
		return errors.New("it breaks a rule")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	_ = decoder.Decode(&value)
	if once, _ := json.Marshal(value); tokens(once) != tokens(body) {
		return errors.New("a name occurs twice in an object")
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

var (
	whole = regexp.MustCompile(`(?i)\\(?:ud[89ab]..\\ud[c-f]..|[^u])`) // a surrogate pair, or an escape of one character
	half  = regexp.MustCompile(`(?i)\\ud[89a-f]`)
)

// tokens counts the tokens of a valid text.
func tokens(body []byte) (n int) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	for {
		if _, err := decoder.Token(); err != nil {
			return n
		}
		n++
	}
}
