//go:build go1.27 && goexperiment.jsonv2

package strictjson

import (
	jsonv1 "encoding/json"
	"encoding/json/jsontext"
	"encoding/json/v2"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// options makes encoding/json/v2 decode the caller's types as encoding/json of Go 1.26 does.
var options = json.JoinOptions(
	jsonv1.FormatByteArrayAsArray(true),
	jsonv1.FormatBytesWithLegacySemantics(true),
	jsonv1.FormatDurationAsNano(true),
	jsonv1.ParseBytesWithLooseRFC4648(true),
	jsonv1.StringifyWithLegacySemantics(true),
	jsonv1.UnmarshalArrayFromAnyLength(true),
)

// Unmarshal decodes body, which must be a single JSON value. If that fails, Unmarshal decodes the body a second time,
// and then also accepts RFC 3339 date-times that encoding/json/v2 does not accept.
func Unmarshal(body []byte, into any) error {
	err := json.Unmarshal(body, into, options)
	if err == nil {
		return nil
	}
	reflect.ValueOf(into).Elem().SetZero()
	return json.Unmarshal(body, into, options, json.WithUnmarshalers(json.UnmarshalFromFunc(unmarshalTime)))
}

func unmarshalTime(decoder *jsontext.Decoder, into *time.Time) error {
	if decoder.PeekKind() != jsontext.KindString {
		return errors.ErrUnsupported // encoding/json/v2 handles null and refuses any other value
	}
	token, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	normal, ok := dateTime(token.String())
	if !ok {
		return fmt.Errorf("%q is not an RFC 3339 date-time", token.String())
	}
	*into, err = time.Parse(time.RFC3339, normal)
	return err
}
