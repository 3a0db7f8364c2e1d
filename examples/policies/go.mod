// The example is a separate module, so that programs that use the client do not depend on the YAML library.
module github.com/m3ter-access/m3ter-access-go/examples/policies

go 1.26.0

require (
	github.com/goccy/go-yaml v1.19.2
	github.com/m3ter-access/m3ter-access-go v0.0.0
	golang.org/x/sync v0.22.0
	golang.org/x/time v0.14.0
)

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/oapi-codegen/runtime v1.8.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

replace github.com/m3ter-access/m3ter-access-go => ../..
