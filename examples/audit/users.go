package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	m3teraccess "github.com/m3ter-access/m3ter-access-go/wrapper"
)

// A user comes from a line of a file, or from the organization's list of users.
type user struct {
	line int // the line in the file; 0 without a file
	id   string
	err  error // why there is no complete id, or nil
}

// place returns the line number of the user, as the beginning of a message.
func (u user) place() string {
	if u.line == 0 {
		return ""
	}
	return fmt.Sprintf("line %d: ", u.line)
}

// allUsers lists the users of the organization. It reads only the id of each user.
func allUsers(ctx context.Context, client *m3teraccess.Client) iter.Seq[user] {
	type orgUser struct {
		ID string `json:"id"`
	}
	return func(yield func(user) bool) {
		for listed, err := range m3teraccess.List[orgUser](ctx, client, nil, "users") {
			if err != nil {
				err = fmt.Errorf("could not list all users: %w", err)
			}
			if !yield(user{id: listed.ID, err: err}) {
				return
			}
		}
	}
}

// readUsers reads one user at a time, so that a file of any length needs little memory.
func readUsers(input io.Reader) iter.Seq[user] {
	return func(yield func(user) bool) {
		lines := bufio.NewReaderSize(input, 1024)
		for n := 1; ; n++ {
			id, err := readLine(lines)
			if n == 1 {
				id = strings.TrimSpace(strings.TrimPrefix(id, "\ufeff")) // a file from Windows may begin with a byte order mark
			}
			isLast := err != nil && err != errTooLong
			switch {
			case err == io.EOF:
				return
			case strings.HasPrefix(id, "#"), id == "" && err == nil:
			case !yield(user{n, id, err}) || isLast:
				return
			}
		}
	}
}

var errTooLong = errors.New("the id is too long; it must be at most 1023 bytes")

// readLine returns a line without surrounding spaces. With errTooLong, it returns the beginning of the line.
func readLine(lines *bufio.Reader) (string, error) {
	text, isPrefix, err := lines.ReadLine()
	line := strings.TrimSpace(string(text))
	if !isPrefix {
		return line, err
	}
	for isPrefix && err == nil {
		_, isPrefix, err = lines.ReadLine()
	}
	return line, errTooLong // the next call returns any other error
}
