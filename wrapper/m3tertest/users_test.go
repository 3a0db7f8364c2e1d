package m3tertest_test

import (
	"fmt"
	"slices"
	"testing"
)

func TestListUsers(t *testing.T) {
	c := inMemory(t)
	var want []string
	for i := range 250 {
		want = append(want, fmt.Sprintf("user-%03d", i))
		c.fake.AddUser(want[i])
	}
	for query, sizes := range map[string][]int{"?": {100, 100, 50}, "?pageSize=200": {200, 50}, "?pageSize=125": {125, 125}} {
		var got []string
		token := ""
		for i, size := range sizes {
			var page struct {
				Data      []struct{ ID string }
				NextToken string
			}
			c.do("GET", "/users"+query+"&nextToken="+token, "").into(200, &page)
			if len(page.Data) != size || (page.NextToken == "") != (i == len(sizes)-1) {
				t.Errorf("%s: page %d has %d users, nextToken %q", query, i, len(page.Data), page.NextToken)
			}
			for _, user := range page.Data {
				got = append(got, user.ID)
			}
			token = page.NextToken
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: users %v", query, got)
		}
	}
	for _, size := range []string{"0", "201", "many"} {
		c.do("GET", "/users?pageSize="+size, "").refused(400, "pageSize")
	}
}

func TestListNoUsers(t *testing.T) {
	c := inMemory(t)
	var page map[string][]any
	c.do("GET", "/users", "").into(200, &page)
	if page["data"] == nil || len(page) != 1 {
		t.Errorf("page %v", page)
	}
}
