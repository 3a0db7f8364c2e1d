package m3tertest_test

import (
	"fmt"
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
		const first = math.MaxInt64 - 2 // the first of three versions: the largest has no successor
		seeded := c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g", Name: "Meters", Version: first, LastModifiedBy: "somebody"},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypeItem},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypePublishedGroup},
			m3tertest.Item{TargetID: "2", TargetType: gen.TargetTypeItem})
		time.Sleep(time.Hour)

		const item = `{"targetId":"1","targetType":"item"}`
		c.call(gen.RemoveResource.Operation, item, "plan", "g").refused(404, "plan")
		c.call(gen.RemoveResource.Operation, item, "meter", "h").refused(404, `"h"`)
		remove := func(id, targetType string, version int64) answer {
			body := fmt.Sprintf(`{"targetId":%q,"targetType":%q,"version":%d}`, id, targetType, version)
			return c.call(gen.RemoveResource.Operation, body, "meter", "g")
		}
		remove("3", "item", first).refused(404, `"3"`)
		remove("2", "group", first).refused(404, `"2"`)
		remove("2", "Item", first).refused(400, "targetType")
		remove("1", "item", first-1).refused(409, "version")

		var group gen.ResourceGroup
		remove("1", "ITEM", first).into(200, &group)
		want := seeded
		want.Version, want.LastModifiedAt, want.LastModifiedBy = first+1, seeded.LastModifiedAt.Add(time.Hour), seeded.CreatedBy
		if !reflect.DeepEqual(group, want) {
			t.Errorf("group %+v, want %+v", group, want)
		}
		// After a lost response the version of the removal is stale, and the item is gone.
		remove("1", "ITEM", first).refused(409, "version")
		c.call(gen.RemoveResource.Operation, item, "meter", "g").refused(404, `"1"`)
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"group"}`, "meter", "g").into(200, &group)
		remove("2", "item", math.MaxInt64).refused(400, "9223372036854775807")
		c.call(gen.RemoveResource.Operation, `{"targetId":"2","targetType":"item"}`, "meter", "g").refused(400, "9223372036854775807")
		if want := []m3tertest.Item{{TargetID: "2", TargetType: "item"}}; !reflect.DeepEqual(c.fake.ResourceGroupItems("meter", "g"), want) {
			t.Errorf("items %+v, want %+v", c.fake.ResourceGroupItems("meter", "g"), want)
		}

		var read gen.ResourceGroup
		c.do("GET", "/resourcegroups/meter/g", "").into(200, &read)
		if group.Version != math.MaxInt64 || !reflect.DeepEqual(read, group) {
			t.Errorf("read %+v, want %+v", read, group)
		}
	})
}
