// Package trace carries the W3C traceparent (Trace Context Level 1, §3.2) from a request or event to what follows from it.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"regexp"
)

type key struct{}

var valid = regexp.MustCompile(`^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

// With continues the trace named by parent, or starts one where parent is empty or malformed.
func With(ctx context.Context, parent string) context.Context {
	if !valid.MatchString(parent) {
		var id [24]byte
		rand.Read(id[:])
		parent = "00-" + hex.EncodeToString(id[:16]) + "-" + hex.EncodeToString(id[16:]) + "-01"
	}
	return context.WithValue(ctx, key{}, parent)
}

// From is the traceparent of ctx, empty where no trace was started.
func From(ctx context.Context) string {
	parent, _ := ctx.Value(key{}).(string)
	return parent
}
