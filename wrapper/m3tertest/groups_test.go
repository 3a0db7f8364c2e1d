package m3tertest_test

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

func TestRemoveResource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := inMemory(t)
		const first = math.MaxInt64 - 2 // the largest version has no successor
		seeded := gen.ResourceGroup{ID: "g", Name: "Meters", Version: first, LastModifiedBy: "somebody"}
		seeded = c.fake.AddResourceGroup("meter", seeded,
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypeItem},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypePublishedGroup},
			m3tertest.Item{TargetID: "2", TargetType: gen.TargetTypeItem})
		time.Sleep(time.Hour)

		for missing, group := range map[string][]string{"plan": {"plan", "g"}, `"h"`: {"meter", "h"}} {
			c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, group...).refused(404, missing)
		}
		remove := func(id string, kind gen.TargetType, version int64) response { // 0: no version
			body, _ := json.Marshal(gen.ResourceGroupItemRequest{TargetID: id, TargetType: kind, Version: version})
			return c.call(gen.RemoveResource.Operation, string(body), "meter", "g")
		}
		remove("3", "item", 0).refused(404, `"3"`)
		remove("2", "group", 0).refused(404, `"2"`)
		remove("2", "Item", 0).refused(400, "targetType")
		remove("1", "item", first-1).refused(409, "version")

		var group gen.ResourceGroup
		remove("1", "ITEM", first).into(200, &group)
		want := seeded
		want.Version, want.LastModifiedBy = first+1, seeded.CreatedBy
		want.LastModifiedAt = seeded.LastModifiedAt.Add(time.Hour)
		if !reflect.DeepEqual(group, want) {
			t.Errorf("group %+v, want %+v", group, want)
		}
		// After a lost response the version of the removal is stale, and the item is gone.
		remove("1", "ITEM", first).refused(409, "version")
		remove("1", "ITEM", 0).refused(404, `"1"`)
		remove("1", "group", 0).into(200, &group)
		remove("2", "item", 0).refused(400, "9223372036854775807")
		remove("2", "item", math.MaxInt64).refused(400, "9223372036854775807")
		left := []m3tertest.Item{{TargetID: "2", TargetType: "item"}}
		if got := c.fake.ResourceGroupItems("meter", "g"); !reflect.DeepEqual(got, left) {
			t.Errorf("items %+v, want %+v", got, left)
		}

		var read gen.ResourceGroup
		c.do("GET", "/resourcegroups/meter/g", "").into(200, &read)
		if group.Version != math.MaxInt64 || !reflect.DeepEqual(read, group) {
			t.Errorf("read %+v, want %+v", read, group)
		}
	})
}
