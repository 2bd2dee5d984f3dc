package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

const (
	sender    = "kintell"
	completed = "kintell.session.completed"
	scheduled = "kintell.session.scheduled"
	rated     = "kintell.rating.created"
)

func (r *room) completion(companyID, externalID, participant, volunteer string) session.Completion {
	return session.Completion{
		ID: identity.ID(companyID, sender, "session", externalID), Sender: sender, ExternalID: externalID, Type: session.Language,
		Participant: participant, Volunteer: volunteer, ScheduledAt: day, CompletedAt: day.Add(time.Hour), Minutes: 45, SentAt: day.Add(2 * time.Hour),
	}
}

func (r *room) booking(companyID, bookingID, participant, volunteer string) session.Booking {
	return session.Booking{
		ID: identity.ID(companyID, sender, "session", bookingID), Sender: sender, BookingID: bookingID, Type: session.Language,
		Participant: participant, Volunteer: volunteer, ScheduledAt: day, SentAt: day.AddDate(0, 0, -7),
	}
}

func (r *room) rating(companyID, externalID, sessionRef string, from feedback.FromRole, text string) feedback.Rating {
	score := 0.75
	return feedback.Rating{
		ID: identity.ID(companyID, sender, "rating", externalID), Sender: sender, ExternalID: externalID,
		SessionID: identity.ID(companyID, sender, "session", sessionRef), SessionRef: sessionRef, FromRole: from, Score: &score, Text: text,
		CreatedAt: day.Add(3 * time.Hour), SentAt: day.Add(4 * time.Hour),
	}
}

func newsOf(cause contract.Cause, facts ...session.Completion) []port.News[session.Completion] {
	news := make([]port.News[session.Completion], len(facts))
	for i, c := range facts {
		news[i] = port.News[session.Completion]{Fact: c, Event: cause.Then(contract.KintellSessionCompleted{
			SessionID: c.ID, SessionType: string(c.Type), ParticipantID: c.Participant, VolunteerID: c.Volunteer,
			ScheduledAt: c.ScheduledAt, CompletedAt: c.CompletedAt, DurationMinutes: c.Minutes,
		})}
	}
	return news
}

// completes keeps sessions that were held and says how many were news.
func (r *room) completes(companyID string, facts ...session.Completion) int {
	r.Helper()
	return r.changes(companyID, func(tx port.Tx) { tx.Sessions().Complete(newsOf(r.cause(companyID), facts...)) })
}

func (r *room) books(companyID string, facts ...session.Booking) int {
	r.Helper()
	cause := r.cause(companyID)
	var news []port.News[session.Booking]
	for _, b := range facts {
		news = append(news, port.News[session.Booking]{Fact: b, Event: cause.Then(contract.KintellSessionScheduled{
			SessionID: b.ID, SessionType: string(b.Type), ParticipantID: b.Participant, VolunteerID: b.Volunteer, ScheduledAt: b.ScheduledAt,
		})})
	}
	return r.changes(companyID, func(tx port.Tx) { tx.Sessions().Book(news) })
}

func (r *room) rates(companyID string, facts ...feedback.Rating) int {
	r.Helper()
	cause := r.cause(companyID)
	var news []port.News[feedback.Rating]
	for _, f := range facts {
		news = append(news, port.News[feedback.Rating]{Fact: f, Event: cause.Then(contract.KintellRatingCreated{
			RatingID: f.ID, SessionID: f.SessionID, FromRole: string(f.FromRole), Rating: f.Score, CreatedAt: f.CreatedAt,
		})})
	}
	return r.changes(companyID, func(tx port.Tx) { tx.Feedback().Rate(news) })
}

func (r *room) changes(companyID string, keep func(port.Tx)) int {
	r.Helper()
	changes := 0
	r.do(companyID, func(tx port.Tx) (err error) {
		keep(tx)
		changes, err = tx.Changes(r.ctx)
		return err
	})
	return changes
}

// pair is a participant and a volunteer of company.
func (r *room) pair(companyID string) (string, string) {
	r.Helper()
	return r.met(companyID, identity.Participant, "p")[0], r.met(companyID, identity.Volunteer, "v")[0]
}

func (r *room) text(companyID, id string) (found feedback.Text, err error) {
	err = r.Ledger.Do(r.ctx, port.In(companyID, actor), func(tx port.Tx) (err error) {
		found, err = tx.Feedback().Text(r.ctx, id)
		return err
	})
	return found, err
}

// held is the row of a completion.
func held(c session.Completion, bookingID string) Session {
	return Session{
		ID: c.ID, ExternalID: c.ExternalID, BookingID: bookingID, Type: c.Type, Participant: c.Participant, Volunteer: c.Volunteer,
		ScheduledAt: c.ScheduledAt, CompletedAt: c.CompletedAt, Minutes: c.Minutes,
	}
}

var conversations = []test{
	{outcome: "a session is news once and told once", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.equal("news", r.completes(r.a.ID, c), 1)
		r.equal("news of a repeat", r.completes(r.a.ID, c), 0)
		c.SentAt = c.SentAt.Add(time.Hour)
		r.equal("news of the same said later", r.completes(r.a.ID, c), 0)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
		r.told(r.a.ID, completed)
	}},
	{outcome: "many sessions at once are each news", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		var many []session.Completion
		for i := range 50 {
			c := r.completion(r.a.ID, fmt.Sprint(i), p, v)
			c.ScheduledAt, c.CompletedAt = day.Add(time.Duration(i)*time.Hour), day.Add(time.Duration(i+1)*time.Hour)
			many = append(many, c)
		}
		r.equal("news", r.completes(r.a.ID, many[:30]...), 30)
		r.equal("news", r.completes(r.a.ID, many...), 20)
		r.equal("sessions", len(r.Sessions(r.T, r.a.ID)), 50)
		r.told(r.a.ID, slices.Repeat([]string{completed}, 50)...)
	}},
	{outcome: "a later statement corrects, tells again and is audited", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.completes(r.a.ID, c)
		c.Minutes, c.SentAt = 60, c.SentAt.Add(time.Minute)
		r.equal("news", r.completes(r.a.ID, c), 1)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
		r.told(r.a.ID, completed, completed)
		r.corrected(c.ID, 45, 60)
	}},
	{outcome: "what a correction does not mention stays", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.completes(r.a.ID, c)
		silent := c
		silent.Minutes, silent.LanguageLevel, silent.Topics, silent.SentAt = 0, "", nil, c.SentAt.Add(time.Minute)
		r.equal("news of less", r.completes(r.a.ID, silent), 0)
		silent.CompletedAt, silent.SentAt = c.CompletedAt.Add(time.Minute), silent.SentAt.Add(time.Minute)
		r.equal("news of another end", r.completes(r.a.ID, silent), 1)
		want := held(c, "")
		want.CompletedAt = silent.CompletedAt
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{want})
	}},
	{outcome: "an earlier statement changes nothing", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.completes(r.a.ID, c)
		for _, earlier := range []time.Duration{0, -time.Minute} {
			old := c
			old.Minutes, old.SentAt = 10, c.SentAt.Add(earlier)
			r.equal("news", r.completes(r.a.ID, old), 0)
		}
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
		r.told(r.a.ID, completed)
	}},
	{outcome: "what was said last counts however statements arrive", run: func(r *room) {
		if r.Differs.ForgetsRestatements {
			return // admitted: see Differs
		}
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		r.completes(r.a.ID, c)
		again, between := c, c
		again.SentAt = c.SentAt.Add(2 * time.Minute)
		between.Minutes, between.SentAt = 10, c.SentAt.Add(time.Minute)
		r.completes(r.a.ID, again)
		r.equal("news", r.completes(r.a.ID, between), 0)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
	}},
	{outcome: "two statements about one session in one call count as the later", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "1", p, v)
		later := c
		later.Minutes, later.SentAt = 60, c.SentAt.Add(time.Minute)
		r.completes(r.a.ID, later, c)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(later, "")})
	}},
	{outcome: "booked and then held by the same id is one session", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b, c := r.booking(r.a.ID, "1", p, v), r.completion(r.a.ID, "1", p, v)
		r.equal("news of the booking", r.books(r.a.ID, b), 1)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{{ID: b.ID, BookingID: "1", Type: b.Type, Participant: p, Volunteer: v, ScheduledAt: day}})
		r.equal("news of the session", r.completes(r.a.ID, c), 1)
		r.equal("news of repeats", r.books(r.a.ID, b)+r.completes(r.a.ID, c), 0)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "1")})
		r.told(r.a.ID, scheduled, completed)
	}},
	{outcome: "held and then booked by the same id is one session", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b, c := r.booking(r.a.ID, "1", p, v), r.completion(r.a.ID, "1", p, v)
		b.SentAt = c.SentAt.Add(time.Hour) // sent again, much later
		b.ScheduledAt = day.Add(time.Hour)
		r.completes(r.a.ID, c)
		r.books(r.a.ID, b)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "1")})
		r.told(r.a.ID, completed)
	}},
	{outcome: "a booking meets its session by people, programme and minute", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b, c := r.booking(r.a.ID, "b1", p, v), r.completion(r.a.ID, "s1", p, v)
		c.ScheduledAt = day.Add(40 * time.Second)
		r.books(r.a.ID, b)
		r.equal("news", r.completes(r.a.ID, c), 1)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
		r.equal("news of repeats", r.books(r.a.ID, b)+r.completes(r.a.ID, c), 0)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
		r.told(r.a.ID, scheduled, completed)
	}},
	{outcome: "a session meets the booking that comes late", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b, c := r.booking(r.a.ID, "b1", p, v), r.completion(r.a.ID, "s1", p, v)
		r.completes(r.a.ID, c)
		r.books(r.a.ID, b)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
		r.told(r.a.ID, completed)
	}},
	{outcome: "other people, programmes and minutes do not meet", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		w := r.met(r.a.ID, identity.Volunteer, "w")[0]
		r.books(r.a.ID, r.booking(r.a.ID, "b1", p, v))
		others := []session.Completion{r.completion(r.a.ID, "s1", p, w), r.completion(r.a.ID, "s2", p, v), r.completion(r.a.ID, "s3", p, v)}
		others[1].Type = session.Mentorship
		others[2].ScheduledAt = day.Add(time.Minute)
		r.equal("news", r.completes(r.a.ID, others...), 3)
		r.equal("sessions", len(r.Sessions(r.T, r.a.ID)), 4)
	}},
	{outcome: "of two bookings at one minute the earliest is met first", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		first, second := r.booking(r.a.ID, "b1", p, v), r.booking(r.a.ID, "b2", p, v)
		second.ScheduledAt, second.SentAt = day.Add(30*time.Second), first.SentAt.Add(time.Hour)
		r.books(r.a.ID, second)
		r.books(r.a.ID, first)
		one, two := r.completion(r.a.ID, "s1", p, v), r.completion(r.a.ID, "s2", p, v)
		r.completes(r.a.ID, one)
		r.equal("bookings met", r.bookingsMet(), map[string]string{"s1": "b1", "": "b2"})
		r.completes(r.a.ID, two)
		r.equal("bookings met", r.bookingsMet(), map[string]string{"s1": "b1", "s2": "b2"})
	}},
	{outcome: "two bookings at one minute meet two sessions of one call", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		r.equal("news", r.books(r.a.ID, r.booking(r.a.ID, "b1", p, v), r.booking(r.a.ID, "b2", p, v)), 2)
		r.equal("news", r.completes(r.a.ID, r.completion(r.a.ID, "s1", p, v), r.completion(r.a.ID, "s2", p, v)), 2)
		got := r.bookingsMet()
		r.equal("sessions", len(got), 2)
		r.equal("bookings met", sorted([]string{got["s1"], got["s2"]}), []string{"b1", "b2"})
	}},
	{outcome: "booking and session that arrive at once are one session", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b, c := r.booking(r.a.ID, "b1", p, v), r.completion(r.a.ID, "s1", p, v)
		var failed atomic.Value
		var group sync.WaitGroup
		for _, keep := range []func(port.Tx){
			func(tx port.Tx) { tx.Sessions().Complete(newsOf(r.cause(r.a.ID), c)) },
			func(tx port.Tx) {
				tx.Sessions().Book([]port.News[session.Booking]{{Fact: b, Event: r.cause(r.a.ID).Then(contract.KintellSessionScheduled{SessionID: b.ID})}})
			},
		} {
			group.Go(func() {
				err := r.Ledger.Do(r.ctx, port.In(r.a.ID, actor), func(tx port.Tx) error { keep(tx); return nil })
				if err != nil {
					failed.Store(err)
				}
			})
		}
		group.Wait()
		if err := failed.Load(); err != nil {
			r.Errorf("keep: %v", err)
		}
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
	}},
	{outcome: "a later booking corrects the earlier one", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		b := r.booking(r.a.ID, "1", p, v)
		r.books(r.a.ID, b)
		moved, old := b, b
		moved.ScheduledAt, moved.SentAt = day.Add(24*time.Hour), b.SentAt.Add(time.Hour)
		old.ScheduledAt, old.SentAt = day.Add(-24*time.Hour), b.SentAt.Add(-time.Hour)
		r.equal("news", r.books(r.a.ID, moved), 1)
		r.equal("news", r.books(r.a.ID, old), 0)
		r.equal("time", r.Sessions(r.T, r.a.ID)[0].ScheduledAt, moved.ScheduledAt)
		r.told(r.a.ID, scheduled, scheduled)
	}},
	{outcome: "a rating before its session makes a stub that the session fills", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		f, c := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "It went well."), r.completion(r.a.ID, "s1", p, v)
		r.equal("news of the rating", r.rates(r.a.ID, f), 1)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{{ID: c.ID, ExternalID: "s1"}})
		text, err := r.text(r.a.ID, f.ID)
		if err != nil || text.Person != "" {
			r.Errorf("text of a stub is by %q, %v, expected nobody known", text.Person, err)
		}
		r.equal("news of the session", r.completes(r.a.ID, c), 1)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
		text, err = r.text(r.a.ID, f.ID)
		if err != nil {
			r.Fatalf("text: %v", err)
		}
		r.equal("text", text, feedback.Text{
			ID: f.ID, Type: feedback.TypeKintellRating, FromRole: feedback.FromParticipant, Person: p, SessionID: c.ID, Body: "It went well.", CreatedAt: f.CreatedAt,
		})
		r.told(r.a.ID, rated, completed)
	}},
	{outcome: "a stub is filled by a booking too", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		r.rates(r.a.ID, r.rating(r.a.ID, "r1", "s1", feedback.FromVolunteer, ""))
		r.equal("news", r.books(r.a.ID, r.booking(r.a.ID, "s1", p, v)), 1)
		rows := r.Sessions(r.T, r.a.ID)
		if len(rows) != 1 || rows[0].Participant != p || rows[0].BookingID != "s1" {
			r.Errorf("sessions are %+v, expected the stub filled", rows)
		}
	}},
	{outcome: "a stub meets a booking of other name when its session comes", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "s1", p, v)
		r.books(r.a.ID, r.booking(r.a.ID, "b1", p, v))
		r.rates(r.a.ID, r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "Fine."))
		r.completes(r.a.ID, c)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
	}},
	{outcome: "a rating that names the booking belongs to its session", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "s1", p, v)
		before, after := r.rating(r.a.ID, "r1", "b1", feedback.FromParticipant, "Early."), r.rating(r.a.ID, "r2", "b1", feedback.FromVolunteer, "Late.")
		r.books(r.a.ID, r.booking(r.a.ID, "b1", p, v))
		r.rates(r.a.ID, before)
		r.completes(r.a.ID, c)
		r.rates(r.a.ID, after)
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "b1")})
		for _, row := range r.Ratings(r.T, r.a.ID) {
			r.equal("session of rating", row.SessionID, c.ID)
		}
		first, err := r.text(r.a.ID, before.ID)
		second, err2 := r.text(r.a.ID, after.ID)
		if err != nil || err2 != nil || first.Person != p || second.Person != v {
			r.Errorf("texts are by %q (%v) and %q (%v), expected participant and volunteer", first.Person, err, second.Person, err2)
		}
	}},
	{outcome: "both sides' ratings of a session are kept", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c := r.completion(r.a.ID, "s1", p, v)
		r.completes(r.a.ID, c)
		ours, theirs := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "Mine."), r.rating(r.a.ID, "r2", "s1", feedback.FromVolunteer, "Theirs.")
		theirs.Score = nil
		r.equal("news", r.rates(r.a.ID, ours, theirs), 2)
		r.equal("news of a repeat", r.rates(r.a.ID, theirs, ours), 0)
		got := r.Ratings(r.T, r.a.ID)
		slices.SortFunc(got, func(a, b Rating) int { return len(a.FromRole) - len(b.FromRole) })
		r.equal("ratings", got, []Rating{{theirs.ID, c.ID, feedback.FromVolunteer, nil}, {ours.ID, c.ID, feedback.FromParticipant, ours.Score}})
		first, _ := r.text(r.a.ID, ours.ID)
		second, _ := r.text(r.a.ID, theirs.ID)
		r.equal("authors", []string{first.Person, second.Person}, []string{p, v})
		r.told(r.a.ID, completed, rated, rated)
	}},
	{outcome: "a later rating corrects, an earlier one does not", run: func(r *room) {
		f := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "First.")
		r.rates(r.a.ID, f)
		again := f
		again.SentAt = f.SentAt.Add(time.Minute)
		r.equal("news of the same said later", r.rates(r.a.ID, again), 0)
		score := 0.25
		later, old := f, f
		later.Score, later.Text, later.SentAt = &score, "Second.", f.SentAt.Add(time.Hour)
		old.Text, old.SentAt = "Old.", f.SentAt.Add(-time.Hour)
		r.equal("news", r.rates(r.a.ID, later), 1)
		r.equal("news", r.rates(r.a.ID, old), 0)
		text, err := r.text(r.a.ID, f.ID)
		if err != nil || text.Body != "Second." {
			r.Errorf("text is %q, %v", text.Body, err)
		}
		r.told(r.a.ID, rated, rated)
		r.corrected(f.ID, 0.75, 0.25)
		for _, line := range r.Audit(r.T, r.a.ID) {
			if said := fmt.Sprint(line.Before, line.After); slices.ContainsFunc([]string{"First.", "Second."}, func(s string) bool { return strings.Contains(said, s) }) {
				r.Errorf("the audit log holds a text: %s", said)
			}
		}
	}},
	{outcome: "a text that nobody wrote is missing", run: func(r *room) {
		f := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "")
		r.rates(r.a.ID, f)
		for _, id := range []string{f.ID, identity.NewID()} {
			_, err := r.text(r.a.ID, id)
			r.fails(err, fault.Missing)
		}
	}},
	{outcome: "when texts about a session were written can be asked", run: func(r *room) {
		late, early := r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "later"), r.rating(r.a.ID, "r2", "s1", feedback.FromVolunteer, "earlier")
		silent := r.rating(r.a.ID, "r3", "s1", feedback.FromParticipant, "")
		early.CreatedAt = late.CreatedAt.Add(-48 * time.Hour)
		r.rates(r.a.ID, late, early, silent)
		ask := func(companyID string) (written []time.Time) {
			err := r.Ledger.Do(r.ctx, port.In(companyID, actor), func(tx port.Tx) (err error) {
				written, err = tx.Feedback().Written(r.ctx, late.SessionID)
				return err
			})
			if err != nil {
				r.Fatal(err)
			}
			return written
		}
		r.equal("written", ask(r.a.ID), []time.Time{early.CreatedAt, late.CreatedAt})
		r.equal("what another company sees", len(ask(r.b.ID)), 0)
	}},
	{outcome: "changes count all news of a transaction", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		got := r.changes(r.a.ID, func(tx port.Tx) {
			tx.Sessions().Complete(newsOf(r.cause(r.a.ID), r.completion(r.a.ID, "1", p, v)))
			tx.Sessions().Complete(newsOf(r.cause(r.a.ID), r.completion(r.a.ID, "1", p, v)))
			f := r.rating(r.a.ID, "r1", "1", feedback.FromParticipant, "")
			tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: f, Event: r.cause(r.a.ID).Then(contract.KintellRatingCreated{RatingID: f.ID})}})
		})
		r.equal("changes", got, 2)
	}},
	{outcome: "one company's sessions and texts are hidden from another", run: func(r *room) {
		p, v := r.pair(r.a.ID)
		c, f := r.completion(r.a.ID, "s1", p, v), r.rating(r.a.ID, "r1", "s1", feedback.FromParticipant, "Ours.")
		r.completes(r.a.ID, c)
		r.rates(r.a.ID, f)
		_, err := r.text(r.b.ID, f.ID)
		r.fails(err, fault.Missing)
		theirs, theirVolunteer := r.pair(r.b.ID)
		stolen, forged := c, f
		stolen.Participant, stolen.Volunteer, stolen.Minutes, stolen.SentAt = theirs, theirVolunteer, 1, c.SentAt.Add(time.Hour)
		forged.Text, forged.SentAt = "Forged.", f.SentAt.Add(time.Hour)
		for _, keep := range []func(port.Tx){
			func(tx port.Tx) { tx.Sessions().Complete(newsOf(r.cause(r.b.ID), stolen)) },
			func(tx port.Tx) {
				tx.Feedback().Rate([]port.News[feedback.Rating]{{Fact: forged, Event: r.cause(r.b.ID).Then(contract.KintellRatingCreated{RatingID: f.ID})}})
			},
		} {
			_ = r.Ledger.Do(r.ctx, port.In(r.b.ID, actor), func(tx port.Tx) error { keep(tx); return nil }) // refused or without effect
		}
		r.equal("sessions", r.Sessions(r.T, r.a.ID), []Session{held(c, "")})
		text, err := r.text(r.a.ID, f.ID)
		if err != nil || text.Body != "Ours." {
			r.Errorf("text is %q, %v", text.Body, err)
		}
		r.equal("another's sessions", len(r.Sessions(r.T, r.b.ID)), 0)
	}},
}

// bookingsMet gives the booking id by the external id of each session.
func (r *room) bookingsMet() map[string]string {
	found := map[string]string{}
	for _, row := range r.Sessions(r.T, r.a.ID) {
		found[row.ExternalID] = row.BookingID
	}
	return found
}

// corrected checks that the audit log has a change of id from one number to another.
func (r *room) corrected(id string, from, to float64) {
	r.Helper()
	holds := func(state map[string]any, number float64) bool {
		for _, value := range state {
			if fmt.Sprint(value) == fmt.Sprint(number) {
				return true
			}
		}
		return false
	}
	if !slices.ContainsFunc(r.Audit(r.T, r.a.ID), func(e company.Entry) bool {
		return e.ResourceID == id && e.Action == "UPDATE" && holds(e.Before, from) && holds(e.After, to)
	}) {
		r.Errorf("the audit log has no change of %s from %v to %v", id, from, to)
	}
}
