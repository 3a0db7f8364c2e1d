package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/oasdiff/yaml"
)

const (
	maxSize      = 32 << 20 // of a document, in bytes
	fetchTimeout = time.Minute
)

// read decodes JSON or YAML from a file or a URL into v. In YAML, a field that v lacks is an error.
func read(source string, v any) error {
	body, err := open(source)
	if err != nil {
		return err
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, maxSize+1))
	if err != nil {
		return err
	}
	if len(text) > maxSize {
		return fmt.Errorf("longer than %d MiB", maxSize>>20)
	}
	text = bytes.TrimSpace(bytes.TrimPrefix(text, []byte("\ufeff")))
	switch {
	case bytes.HasPrefix(text, []byte("<")):
		return errors.New("a web page, or XML; it must be JSON or YAML")
	case bytes.HasPrefix(text, []byte("{")): // the YAML decoder refuses surrogate pairs
		return json.Unmarshal(text, v)
	}
	_, err = yaml.Unmarshal(text, v, yaml.DecodeOpts{DisableTimestamps: true}, func(decoder *json.Decoder) *json.Decoder {
		decoder.DisallowUnknownFields()
		return decoder
	})
	return err
}

func open(source string) (io.ReadCloser, error) {
	if !strings.Contains(source, "://") {
		return os.Open(source)
	}
	client := http.Client{Timeout: fetchTimeout}
	resp, err := client.Get(source)
	if err != nil { // a *url.Error, whose URL may hold a password or a signature
		return nil, errors.Unwrap(err)
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("the status is %s", resp.Status)
	}
	return resp.Body, nil
}
