//go:build go1.27 && goexperiment.jsonv2

package strictjson

import "encoding/json/v2"

// Unmarshal decodes the one JSON value of body.
func Unmarshal(body []byte, into any) error { return json.Unmarshal(body, into) }
