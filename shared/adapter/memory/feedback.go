package memory

import (
	"context"
	"slices"
	"time"

	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

type rating struct {
	company string
	feedback.Rating
}

type ratings struct{ *tx }

func (r ratings) Rate(given []port.News[feedback.Rating]) {
	owner, ok := r.own()
	if !ok {
		return
	}
	for _, news := range given {
		next := rating{owner, news.Fact}
		next.CreatedAt, next.SentAt = next.CreatedAt.UTC(), next.SentAt.UTC()
		row, known := r.ledger.ratings[next.ID]
		if known && row.company != owner {
			r.fail(fault.Conflict, "a rating of this id belongs to another company")
			return
		}
		if known && !next.SentAt.After(row.SentAt) {
			continue
		}
		next.SessionID = r.sessionOf(owner, next.Rating)
		if known && next.same(row) {
			put(r.tx, r.ledger.ratings, next.ID, next) // the same again, said later
			continue
		}
		if known {
			r.correct(row, next)
		} else {
			r.Audit(company.Entry{Action: "CREATE", ResourceType: "rating", ResourceID: next.ID})
		}
		put(r.tx, r.ledger.ratings, next.ID, next)
		if !slices.Contains(r.ledger.ratingsOf[next.SessionID], next.ID) {
			put(r.tx, r.ledger.ratingsOf, next.SessionID, append(slices.Clone(r.ledger.ratingsOf[next.SessionID]), next.ID))
		}
		r.isNews(news.Event)
	}
}

// sessionOf finds the session a rating is about, also by the id of its booking, and makes the stub of one that has not come yet.
func (r ratings) sessionOf(owner string, given feedback.Rating) string {
	known := r.ledger.session(owner, given.Sender, given.SessionID, given.SessionRef)
	if known.ID != "" {
		return known.ID
	}
	if _, taken := r.ledger.sessions[given.SessionID]; taken {
		r.fail(fault.Conflict, "a session of this id belongs to another company")
		return given.SessionID
	}
	put(r.tx, r.ledger.sessions, given.SessionID, Session{
		ID: given.SessionID, Company: owner, Sender: given.Sender, ExternalID: given.SessionRef, arrived: r.number, changed: r.number,
	})
	return given.SessionID
}

func (r rating) same(other rating) bool {
	equal := r.Score == other.Score || r.Score != nil && other.Score != nil && *r.Score == *other.Score
	return equal && r.SessionID == other.SessionID && r.FromRole == other.FromRole && r.Text == other.Text && r.CreatedAt.Equal(other.CreatedAt)
}

// correct audits what a later statement changes and takes back the scores of a text that is no longer there.
func (r ratings) correct(row, next rating) {
	was, is := difference(row.audited(), next.audited())
	r.Audit(company.Entry{Action: "UPDATE", ResourceType: "rating", ResourceID: next.ID, Before: was, After: is})
	if row.SessionID != next.SessionID {
		put(r.tx, r.ledger.ratingsOf, row.SessionID, slices.DeleteFunc(slices.Clone(r.ledger.ratingsOf[row.SessionID]), func(id string) bool { return id == row.ID }))
	}
	current, scored := r.ledger.scored[next.ID]
	if scored && next.Text == "" {
		drop(r.tx, r.ledger.scored, next.ID)
		drop(r.tx, r.ledger.scorings, next.ID)
		r.forget(next.ID)
	}
	if scored {
		r.outdate(next.company, current.at, time.Time{})
	}
}

// audited never holds the text, only how long it is.
func (r rating) audited() map[string]any {
	values := map[string]any{
		"sessionId": r.SessionID, "fromRole": string(r.FromRole), "textBytes": len(r.Text),
		"createdAt": r.CreatedAt.Format(time.RFC3339), "sentAt": r.SentAt.Format(time.RFC3339), "rating": nil,
	}
	if r.Score != nil {
		values["rating"] = *r.Score
	}
	return values
}

func (r ratings) Text(_ context.Context, id string) (feedback.Text, error) {
	text, found := r.ledger.text(id)
	if !found || !r.sees(r.ledger.ratings[id].company) {
		return feedback.Text{}, fault.New(fault.Missing, "no such text")
	}
	return text, nil
}

// Hold is Text: nobody else is in.
func (r ratings) Hold(ctx context.Context, id string) (feedback.Text, error) { return r.Text(ctx, id) }

func (r ratings) Written(_ context.Context, session string) ([]time.Time, error) {
	var written []time.Time
	for _, id := range r.ledger.ratingsOf[session] {
		text, found := r.ledger.text(id)
		if found && r.sees(r.ledger.ratings[id].company) {
			written = append(written, text.CreatedAt)
		}
	}
	slices.SortFunc(written, time.Time.Compare)
	return written, nil
}

// text is what was written with a rating, by whom the session says.
func (l *Ledger) text(id string) (feedback.Text, bool) {
	from, found := l.ratings[id]
	if !found || from.Text == "" {
		return feedback.Text{}, false
	}
	held := l.sessions[from.SessionID]
	person := held.Participant
	if from.FromRole == feedback.FromVolunteer {
		person = held.Volunteer
	}
	return feedback.Text{
		ID: id, Type: feedback.TypeKintellRating, FromRole: from.FromRole, Person: person,
		SessionID: from.SessionID, Body: from.Text, CreatedAt: from.CreatedAt,
	}, true
}
