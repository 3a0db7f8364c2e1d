//go:build !go1.27 || !goexperiment.jsonv2

package strictjson

import (
	"encoding/json"
	"errors"
	"reflect"
)

// Unmarshal decodes body, which must be a single JSON value.
func Unmarshal(body []byte, into any) error {
	if !isUnicode(body) {
		return errors.New("the text is not valid Unicode")
	}
	body, err := checkMembers(body, shapeOf(reflect.TypeOf(into)))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
