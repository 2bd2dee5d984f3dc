package main_test

import (
	"strings"
	"testing"
	"time"

	"github.com/teei/csr-platform/shared/domain/identity"
)

// TestAHarmfulTextIsHeldAndDecidedByWhoMayReadIt: from a signed webhook, through the bus, to the review queue and out of it.
func TestAHarmfulTextIsHeldAndDecidedByWhoMayReadIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	acme := h.found("acme", "UTC")
	h.secrets["acme"] = h.rotated(acme)
	at := time.Now().UTC().Add(-48 * time.Hour)
	const harmful, fine = "I want to die. Nobody hears me.", "We read a letter together."
	h.told = append(h.told, harmful, fine)
	for id, text := range map[string]string{"KR-1": harmful, "KR-2": fine} {
		h.deliver("acme", "rating-created", "kd-"+id, rating(id, "KS-"+id, "participant", text, 0.5, at))
	}
	h.idle()

	type flag struct {
		ID, Route, Status string
		Text              *string
		Alerted           int
	}
	var queue struct{ Flags []flag }
	staff, guard := h.token(identity.ProgrammeStaff, ""), h.token(identity.Safeguarding, "")
	var raw string
	h.must(200, request{method: "GET", path: "/v1/moderation/queue", token: staff}, &raw)
	h.must(200, request{method: "GET", path: "/v1/moderation/queue", token: staff}, &queue)
	if len(queue.Flags) != 1 || queue.Flags[0].Route != "safeguarding" || queue.Flags[0].Status != "open" || strings.Contains(raw, "die") {
		t.Fatalf("the queue: %s", raw)
	}
	path := "/v1/moderation/flags/" + queue.Flags[0].ID
	h.must(403, request{method: "GET", path: "/v1/moderation/queue", token: h.token(identity.CompanyAdmin, acme)}, nil)
	h.must(403, request{method: "GET", path: path + "?reveal=true", token: staff}, nil)
	var seen flag
	h.must(200, request{method: "GET", path: path + "?reveal=true", token: guard}, &seen)
	if seen.Text == nil || *seen.Text != harmful {
		t.Fatalf("the safeguarding contact sees %+v", seen)
	}
	h.must(200, request{method: "POST", path: path + "/claim", token: guard}, nil)
	h.must(200, request{method: "POST", path: path + "/decision", token: guard, body: encode(map[string]string{"decision": "rejected", "reason": "we called her"})}, &seen)
	h.idle()
	if shown := figure[int](h, "SELECT count(*)::int FROM feedback_texts WHERE showable(id)"); shown != 1 || seen.Status != "rejected" {
		t.Errorf("%d texts may be shown after a decision of %s, expected the other one alone", shown, seen.Status)
	}
	if figure[int](h, "SELECT count(*)::int FROM feedback_texts") != 2 {
		t.Error("a text was deleted")
	}
	if log := h.log.String(); strings.Contains(log, harmful) || strings.Contains(log, "we called her") {
		t.Error("a text was logged")
	}
}
