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
		fake := m3tertest.NewServer(m3tertest.InMemory())
		defer fake.Close()
		c := newCaller(t, fake, fake.Client())
		seeded := fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g", Name: "Meters", Version: 4, LastModifiedBy: "somebody"},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypeItem},
			m3tertest.Item{TargetID: "1", TargetType: gen.TargetTypePublishedGroup},
			m3tertest.Item{TargetID: "2", TargetType: gen.TargetTypeItem})
		time.Sleep(time.Hour)

		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "plan", "g").refused(404, "plan")
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item"}`, "meter", "h").refused(404, `"h"`)
		c.call(gen.RemoveResource.Operation, `{"targetId":"3","targetType":"item"}`, "meter", "g").refused(404, `"3"`)
		c.call(gen.RemoveResource.Operation, `{"targetId":"2","targetType":"group"}`, "meter", "g").refused(404, `"2"`)
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item","version":3}`, "meter", "g").refused(409, "version")
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item","version":0}`, "meter", "g").refused(400, "version")

		var group gen.ResourceGroup
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"ITEM","version":4}`, "meter", "g").into(200, &group)
		want := seeded
		want.Version, want.LastModifiedAt, want.LastModifiedBy = 5, seeded.LastModifiedAt.Add(time.Hour), seeded.CreatedBy
		if !reflect.DeepEqual(group, want) {
			t.Errorf("group %+v, want %+v", group, want)
		}
		// Sent again after a lost answer, a versioned removal is stale; the item is gone, too.
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"ITEM","version":4}`, "meter", "g").refused(409, "version")
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"ITEM"}`, "meter", "g").refused(404, `"1"`)
		c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"group"}`, "meter", "g").into(200, &group)
		if want := []m3tertest.Item{{TargetID: "2", TargetType: "item"}}; !reflect.DeepEqual(fake.ResourceGroupItems("meter", "g"), want) {
			t.Errorf("items %+v, want %+v", fake.ResourceGroupItems("meter", "g"), want)
		}

		var read gen.ResourceGroup
		c.do("GET", "/resourcegroups/meter/g", "").into(200, &read)
		if group.Version != 6 || !reflect.DeepEqual(read, group) {
			t.Errorf("read %+v, want %+v of version 6", read, group)
		}
	})
}
