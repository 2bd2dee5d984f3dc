package memory

import (
	"cmp"
	"reflect"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// Session is one row of kintell_sessions: a stub that a rating made, a booking, or a session that was held. A session that met its
// booking has both external ids and the id of the completion.
type Session struct {
	ID            string
	Company       string
	Sender        string
	ExternalID    string // empty until it was held, or a rating named it
	BookingID     string // empty when it was never booked
	Type          session.Type
	Participant   string
	Volunteer     string
	ScheduledAt   time.Time
	CompletedAt   time.Time // zero until it was held
	Minutes       int
	LanguageLevel string
	Topics        []string
	Metadata      string
	SentAt        time.Time // zero in a stub

	arrived int64 // transaction that made the row
	changed int64 // transaction that last changed it
}

type booking struct{ company, sender, id string }

// meeting is by what a booking and its completion are matched when they have different external ids.
type meeting struct {
	company                string
	kind                   session.Type
	participant, volunteer string
	minute                 time.Time
}

func (s Session) meeting() meeting {
	return meeting{s.Company, s.Type, s.Participant, s.Volunteer, s.ScheduledAt.UTC().Truncate(time.Minute)}
}

func (s Session) stub() bool { return s.SentAt.IsZero() }
func (s Session) held() bool { return !s.CompletedAt.IsZero() }
func (s Session) open() bool { return !s.stub() && !s.held() }
func (s Session) free() bool { return s.held() && s.BookingID == "" }

type sessions struct{ *tx }

func (s sessions) Book(bookings []port.News[session.Booking]) {
	owner, ok := s.own()
	if !ok {
		return
	}
	for _, news := range bookings {
		b := news.Fact
		row := s.ledger.session(owner, b.Sender, b.ID, b.BookingID)
		next := row
		next.ID, next.Company, next.Sender, next.BookingID = cmp.Or(row.ID, b.ID), owner, b.Sender, b.BookingID
		if row.held() { // state moves forward only: the booking is noted, nothing else changes
			s.save(row, next)
			continue
		}
		if !row.stub() && !b.SentAt.After(row.SentAt) {
			continue
		}
		next.Type, next.Participant, next.Volunteer, next.ScheduledAt, next.SentAt = b.Type, b.Participant, b.Volunteer, b.ScheduledAt.UTC(), b.SentAt.UTC()
		if held, found := s.match(next, Session.free); found && row.stub() {
			merged := held
			merged.BookingID = b.BookingID
			s.absorb(row, held)
			s.save(held, merged)
			continue
		}
		s.keep("booking", row, next, news.Event)
	}
}

func (s sessions) Complete(completions []port.News[session.Completion]) {
	owner, ok := s.own()
	if !ok {
		return
	}
	for _, news := range completions {
		c := news.Fact
		row := s.ledger.session(owner, c.Sender, c.ID, c.ExternalID)
		if row.held() && !c.SentAt.After(row.SentAt) {
			continue
		}
		next := row
		next.ID, next.Company, next.Sender, next.ExternalID = cmp.Or(row.ID, c.ID), owner, c.Sender, c.ExternalID
		next.Type, next.Participant, next.Volunteer = c.Type, c.Participant, c.Volunteer
		next.ScheduledAt, next.CompletedAt, next.SentAt = c.ScheduledAt.UTC(), c.CompletedAt.UTC(), c.SentAt.UTC()
		next.Minutes, next.LanguageLevel, next.Metadata = cmp.Or(c.Minutes, row.Minutes), cmp.Or(c.LanguageLevel, row.LanguageLevel), cmp.Or(c.Metadata, row.Metadata)
		if len(c.Topics) > 0 {
			next.Topics = slices.Clone(c.Topics)
		}
		if row.stub() {
			booked, found := s.match(next, Session.open)
			if found {
				next.BookingID = booked.BookingID
				s.absorb(booked, next)
			}
		}
		s.keep("session", row, next, news.Event)
	}
}

// session finds a row by its id, else as the session that met the booking of that external id; the zero Session where there is none.
func (l *Ledger) session(company, sender, id, externalID string) Session {
	row, found := l.sessions[id]
	if !found {
		row, found = l.sessions[l.bookings[booking{company, sender, externalID}]]
	}
	if !found || row.Company != company {
		return Session{}
	}
	return row
}

// match finds the earliest other row at the same minute between the same people that is still unmatched.
func (s sessions) match(given Session, unmatched func(Session) bool) (Session, bool) {
	var found []Session
	for _, id := range s.ledger.meetings[given.meeting()] {
		row, exists := s.ledger.sessions[id]
		if exists && row.ID != given.ID && row.meeting() == given.meeting() && unmatched(row) {
			found = append(found, row)
		}
	}
	if found == nil {
		return Session{}, false
	}
	return slices.MinFunc(found, func(a, b Session) int {
		return cmp.Or(a.ScheduledAt.Compare(b.ScheduledAt), cmp.Compare(a.arrived, b.arrived), a.SentAt.Compare(b.SentAt), cmp.Compare(a.ID, b.ID))
	}), true
}

// absorb removes a row that turned out to be the same session as into, and gives into its ratings.
func (s sessions) absorb(row, into Session) {
	if row.ID == "" {
		return
	}
	for _, id := range s.ledger.ratingsOf[row.ID] {
		moved := s.ledger.ratings[id]
		moved.SessionID = into.ID
		put(s.tx, s.ledger.ratings, id, moved)
	}
	put(s.tx, s.ledger.ratingsOf, into.ID, slices.Concat(s.ledger.ratingsOf[into.ID], s.ledger.ratingsOf[row.ID]))
	drop(s.tx, s.ledger.ratingsOf, row.ID)
	drop(s.tx, s.ledger.sessions, row.ID)
}

// keep writes next in the place of row. If it says anything new that is told, and audited with what it corrects.
func (s sessions) keep(kind string, row, next Session, e contract.Event) {
	said, before := next, row
	said.SentAt, before.SentAt = time.Time{}, time.Time{}
	if reflect.DeepEqual(said, before) {
		s.save(row, next) // the same again, said later
		return
	}
	s.save(row, next)
	entry := company.Entry{Action: "CREATE", ResourceType: kind, ResourceID: next.ID}
	if row.held() || row.open() && next.open() {
		entry.Action = "UPDATE"
		entry.Before, entry.After = difference(row.audited(), next.audited())
	}
	s.Audit(entry)
	s.isNews(e)
}

// save writes next in the place of row, keeps the indexes, and marks the months whose figures this outdates.
func (s sessions) save(row, next Session) {
	if reflect.DeepEqual(row, next) {
		return
	}
	l := s.ledger
	if l.sessions[next.ID].Company != row.Company { // no row was seen, and yet there is one
		s.fail(fault.Conflict, "a session of this id belongs to another company")
		return
	}
	said, before := next, row
	said.SentAt, before.SentAt = time.Time{}, time.Time{}
	if !reflect.DeepEqual(said, before) {
		next.changed = s.number
	}
	next.arrived = cmp.Or(row.arrived, s.number)
	put(s.tx, l.sessions, next.ID, next)
	if next.BookingID != "" {
		put(s.tx, l.bookings, booking{next.Company, next.Sender, next.BookingID}, next.ID)
	}
	if !next.stub() && (row.stub() || row.meeting() != next.meeting()) {
		key := next.meeting()
		put(s.tx, l.meetings, key, append(slices.Clone(l.meetings[key]), next.ID))
	}
	if row.held() {
		s.outdate(next.Company, row.CompletedAt, next.CompletedAt)
	}
	if row.Participant != next.Participant || row.Volunteer != next.Volunteer {
		for _, id := range l.ratingsOf[next.ID] {
			s.outdate(next.Company, l.scored[id].at, time.Time{})
		}
	}
}

func (s Session) audited() map[string]any {
	return map[string]any{
		"sessionType": string(s.Type), "participantId": s.Participant, "volunteerId": s.Volunteer,
		"scheduledAt": s.ScheduledAt.Format(time.RFC3339), "completedAt": s.CompletedAt.Format(time.RFC3339),
		"durationMinutes": s.Minutes, "languageLevel": s.LanguageLevel, "sentAt": s.SentAt.Format(time.RFC3339),
	}
}

// difference is what changed, before and after.
func difference(was, is map[string]any) (map[string]any, map[string]any) {
	before, after := map[string]any{}, map[string]any{}
	for field := range is {
		if was[field] != is[field] {
			before[field], after[field] = was[field], is[field]
		}
	}
	return before, after
}

// Sessions gives company's sessions, bookings and stubs, in the order in which they were first heard of.
func (l *Ledger) Sessions(company string) []Session {
	return look(l, func() []Session {
		var found []Session
		for _, row := range l.sessions {
			if row.Company == company {
				found = append(found, row)
			}
		}
		slices.SortFunc(found, func(a, b Session) int { return cmp.Or(cmp.Compare(a.arrived, b.arrived), cmp.Compare(a.ID, b.ID)) })
		return found
	})
}
