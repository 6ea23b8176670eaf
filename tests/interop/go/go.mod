module read_depot

go 1.18

require go.step.sm/crypto v0.16.2

require (
	filippo.io/edwards25519 v1.0.0-rc.1 // indirect
	github.com/pkg/errors v0.9.1 // indirect
	golang.org/x/crypto v0.0.0-20211215153901-e495a2d5b3d3 // indirect
	golang.org/x/sys v0.0.0-20210915083310-ed5796bab164 // indirect
)
