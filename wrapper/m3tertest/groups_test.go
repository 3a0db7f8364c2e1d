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

		const path = "/resourcegroups/meter/g/removeresource"
		c.do("POST", "/resourcegroups/plan/g/removeresource", `{"targetId":"1","targetType":"item"}`).refused(404, "plan")
		c.do("POST", "/resourcegroups/meter/h/removeresource", `{"targetId":"1","targetType":"item"}`).refused(404, `"h"`)
		c.do("POST", path, `{"targetId":"3","targetType":"item"}`).refused(404, `"3"`)
		c.do("POST", path, `{"targetId":"2","targetType":"group"}`).refused(404, `"2"`)
		c.do("POST", path, `{"targetId":"1","targetType":"item","version":3}`).refused(409, "version")
		c.do("POST", path, `{"targetId":"1","targetType":"item","version":0}`).refused(400, "version")

		var group gen.ResourceGroup
		c.do("POST", path, `{"targetId":"1","targetType":"ITEM","version":4}`).into(200, &group)
		want := seeded
		want.Version, want.LastModifiedAt, want.LastModifiedBy = 5, seeded.LastModifiedAt.Add(time.Hour), seeded.CreatedBy
		if !reflect.DeepEqual(group, want) {
			t.Errorf("group %+v, want %+v", group, want)
		}
		// Sent again after a lost answer, a versioned removal is stale; the item is gone, too.
		c.do("POST", path, `{"targetId":"1","targetType":"ITEM","version":4}`).refused(409, "version")
		c.do("POST", path, `{"targetId":"1","targetType":"ITEM"}`).refused(404, `"1"`)
		c.do("POST", path, `{"targetId":"1","targetType":"group"}`).into(200, &group)
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
