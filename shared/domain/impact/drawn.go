package impact

import "time"

// Drawn is a sample as it was drawn last, and how far its reading got.
type Drawn struct {
	Company string
	Sample
	Items    int // texts in it; fewer than Size where there were no more
	Answered int // of these, read by somebody
	Twice    int // of these, read by two or more
	At       time.Time
}
