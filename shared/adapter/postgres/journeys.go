package postgres

import (
	"github.com/teei/csr-platform/shared/domain/journey"
)

type journeys struct{ *tx }

// Enrol is port.Journeys.
func (j journeys) Enrol(enrollments []journey.Enrollment) {
	for _, e := range enrollments {
		j.queue(`INSERT INTO program_enrollments AS p (company_id, user_id, program_type, status, enrolled_at)
			VALUES (app_company(), $1, $2, $3, $4)
			ON CONFLICT (company_id, user_id, program_type) DO UPDATE SET enrolled_at = excluded.enrolled_at
			WHERE excluded.enrolled_at < p.enrolled_at`, e.Person, e.Programme, e.Status, e.EnrolledAt)
	}
}
