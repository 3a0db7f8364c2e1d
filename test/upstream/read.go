package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/oasdiff/yaml"
)

const (
	maxSize      = 32 << 20 // of a document, in bytes
	fetchTimeout = time.Minute
)

// read decodes JSON or YAML from a file or a URL into v. A field that v lacks is an error.
func read(ctx context.Context, source string, v any) error {
	body, err := open(ctx, source)
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
	case len(text) == 0:
		return errors.New("empty")
	case text[0] == '<':
		return errors.New("a web page, or XML; it must be JSON or YAML")
	case text[0] == '{': // JSON; as YAML, surrogate pairs would be errors
		return strict(json.NewDecoder(bytes.NewReader(text))).Decode(v)
	}
	_, err = yaml.Unmarshal(text, v, yaml.DecodeOpts{DisableTimestamps: true}, strict)
	return err
}

func strict(decoder *json.Decoder) *json.Decoder {
	decoder.DisallowUnknownFields()
	return decoder
}

func open(ctx context.Context, source string) (io.ReadCloser, error) {
	scheme, _, isURL := strings.Cut(source, "://")
	switch {
	case !isURL:
		return os.Open(source)
	case scheme != "http" && scheme != "https":
		return nil, errors.New("a URL must begin with http:// or https://")
	}
	resp, err := fetch(ctx, source)
	if failed := new(url.Error); errors.As(err, &failed) {
		return nil, failed.Err // without the URL: a password or a signature may be in it
	}
	if err == nil && resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		err = fmt.Errorf("the status is %s", resp.Status)
	}
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func fetch(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Timeout: fetchTimeout}
	return client.Do(req)
}
