package m3tertest_test

import (
	"math"
	"testing"

	"github.com/m3ter-access/m3ter-access-go/gen"
	"github.com/m3ter-access/m3ter-access-go/wrapper/m3tertest"
)

// The largest version has no successor, least of all a negative one.
func TestLargestVersion(t *testing.T) {
	c := inMemory(t)
	items := []m3tertest.Item{{TargetID: "1", TargetType: "item"}, {TargetID: "2", TargetType: "item"}}
	c.fake.AddResourceGroup("meter", gen.ResourceGroup{ID: "g", Version: math.MaxInt64 - 1}, items...)
	var group gen.ResourceGroup
	c.call(gen.RemoveResource.Operation, `{"targetId":"1","targetType":"item","version":9223372036854775806}`, "meter", "g").into(200, &group)
	if group.Version != math.MaxInt64 {
		t.Errorf("version %d", group.Version)
	}
	for _, version := range []string{"", `,"version":9223372036854775807`} {
		c.call(gen.RemoveResource.Operation, `{"targetId":"2","targetType":"item"`+version+`}`, "meter", "g").refused(400, "9223372036854775807")
	}
	c.do("GET", "/resourcegroups/meter/g", "").into(200, &group)
	if left := c.fake.ResourceGroupItems("meter", "g"); group.Version != math.MaxInt64 || len(left) != 1 {
		t.Errorf("version %d, items %v", group.Version, left)
	}
}
