package projectprofile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/teei/csr-platform/functions/consumers/internal/kintelltest"
	"github.com/teei/csr-platform/functions/consumers/projectprofile"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/journey"
)

func TestTheParticipantIsEnrolledOnceAsOfTheFirstSession(t *testing.T) {
	t.Parallel()
	c := kintelltest.New()
	first := time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)
	c.Held(t, "s2", first.AddDate(0, 0, 7), "olena", "kari", 1) // the later one is told first
	c.Held(t, "s1", first, "olena", "kari", 1)
	heard := kintelltest.Heard[contract.KintellSessionCompleted](t, c)
	h := projectprofile.New(c)
	for _, in := range append(heard, heard...) {
		err := h.Completed(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []journey.Enrollment{{Person: heard[0].Body.ParticipantID, Programme: "language", Status: "active", EnrolledAt: first}}
	if diff := cmp.Diff(want, c.Enrollments(c.ID)); diff != "" {
		t.Fatal(diff)
	}
}
