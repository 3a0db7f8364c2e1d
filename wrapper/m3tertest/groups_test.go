package m3tertest_test

import (
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
		seeded := c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g", Name: "Meters", Version: 4, LastModifiedBy: "somebody"},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypeItem},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypePublishedGroup},
			m3tertest.Item{TargetID: "2", TargetType: gen.TargetTypeItem})
		time.Sleep(time.Hour)

		remove := func(body string) answer { return c.call(gen.RemoveResource.Operation, body, "meter", "g") }
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "plan", "g").refused(404, "plan")
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "h").refused(404, `"h"`)
		remove(`{"targetId":"3","targetType":"item"}`).refused(404, `"3"`)
		remove(`{"targetId":"2","targetType":"group"}`).refused(404, `"2"`)
		remove(`{"targetId":"1","targetType":"item","version":3}`).refused(409, "version")
		remove(`{"targetId":"1","targetType":"item","version":0}`).refused(400, "version")

		var group gen.ResourceGroup
		remove(`{"targetId":"1","targetType":"ITEM","version":4}`).into(200, &group)
		want := seeded
		want.Version, want.LastModifiedAt, want.LastModifiedBy = 5, seeded.LastModifiedAt.Add(time.Hour), seeded.CreatedBy
		if !reflect.DeepEqual(group, want) {
			t.Errorf("group %+v, want %+v", group, want)
		}
		// After a lost response the version of the removal is stale, and the item is gone.
		remove(`{"targetId":"1","targetType":"ITEM","version":4}`).refused(409, "version")
		remove(`{"targetId":"1","targetType":"ITEM"}`).refused(404, `"1"`)
		remove(`{"targetId":"1","targetType":"group"}`).into(200, &group)
		if want := []m3tertest.Item{{TargetID: "2", TargetType: "item"}}; !reflect.DeepEqual(c.fake.ResourceGroupItems("meter", "g"), want) {
			t.Errorf("items %+v, want %+v", c.fake.ResourceGroupItems("meter", "g"), want)
		}

		var read gen.ResourceGroup
		c.do("GET", "/resourcegroups/meter/g", "").into(200, &read)
		if group.Version != 6 || !reflect.DeepEqual(read, group) {
			t.Errorf("read %+v, want %+v of version 6", read, group)
		}
	})
}
