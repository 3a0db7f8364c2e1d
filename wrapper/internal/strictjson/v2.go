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

// options has types of the caller read as encoding/json of Go 1.26 reads them.
var options = json.JoinOptions(
	jsonv1.FormatByteArrayAsArray(true),
	jsonv1.FormatBytesWithLegacySemantics(true),
	jsonv1.FormatDurationAsNano(true),
	jsonv1.ParseBytesWithLooseRFC4648(true),
	jsonv1.StringifyWithLegacySemantics(true),
	jsonv1.UnmarshalArrayFromAnyLength(true),
)

// Unmarshal decodes the one JSON value of body. What fails is decoded once more, for a date-time that encoding/json/v2 does
// not know.
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
		return errors.ErrUnsupported // null, which is no time, is left to encoding/json/v2
	}
	token, err := decoder.ReadToken()
	if err != nil {
		return err
	}
	normal, ok := dateTime(token.String())
	if !ok {
		return fmt.Errorf("%q is no date-time of RFC 3339", token.String())
	}
	*into, err = time.Parse(time.RFC3339, normal)
	return err
}
