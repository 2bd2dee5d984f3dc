// Package csr carries the template of the platform: the only place where a route, a schedule, a queue or a setting is written.
package csr

import _ "embed" // for Template

// Template is template.yaml, as it is deployed.
//
//go:embed template.yaml
var Template []byte
