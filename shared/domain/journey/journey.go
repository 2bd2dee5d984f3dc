// Package journey is a person's way through the programmes.
package journey

import "time"

// Enrollment is a person's place in a programme. Its times are when things happened, never when we heard of them.
type Enrollment struct {
	Person     string // person id
	Programme  string // language, mentorship, buddy, upskilling
	Status     string // active, completed, dropped
	EnrolledAt time.Time
}
