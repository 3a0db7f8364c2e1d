// Another developer's program: the modules that its go.mod and go.sum must list show the cost of the client.
module example.com/consumer

go 1.26.0

require github.com/m3ter-access/m3ter-access-go v0.0.0

require (
	github.com/apapsch/go-jsonmerge/v2 v2.0.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	github.com/oapi-codegen/runtime v1.8.0 // indirect
	golang.org/x/oauth2 v0.37.0 // indirect
)

replace github.com/m3ter-access/m3ter-access-go => ../..
