// Package trace carries the W3C traceparent (Trace Context Level 1, §3.2) from a request or event to what follows from it.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

type key struct{}

// valid says whether parent is version-trace-span-flags in lower case hexadecimal. (A regular expression would be compiled at every
// cold start.)
func valid(parent string) bool {
	if len(parent) != 55 {
		return false
	}
	for i := range len(parent) {
		c := parent[i]
		dash := i == 2 || i == 35 || i == 52
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// With continues the trace named by parent, or starts one where parent is empty or malformed.
func With(ctx context.Context, parent string) context.Context {
	if !valid(parent) {
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
