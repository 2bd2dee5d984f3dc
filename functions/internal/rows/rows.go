// Package rows makes facts of the rows of a file: of those that are right when the file is read, and of the others one by one as
// they are corrected.
package rows

import (
	"context"
	"strconv"
	"time"

	"github.com/teei/csr-platform/functions/internal/kintell"
	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/port"
)

// Row is a row that may be kept: a session or booking with the rating it may hold, or a person.
type Row struct {
	session *kintell.Given
	rating  *kintell.Given
	profile *identity.Profile
}

// Read makes a Row of record, which is number among the data rows of in's file, or says everything that is wrong with it. sent is
// when the row was sent: the upload, or the correction. Of two rows of one file about the same thing the later counts.
func Read(in intake.Import, l intake.Layout, number int, record []string, sent time.Time) (Row, []intake.Problem) {
	var row Row
	cause := contract.Cause{ID: contract.EventID(in.ID, "row", strconv.Itoa(number)), Company: in.Company, At: sent}
	sentAt := sent.Add(time.Duration(number) * time.Microsecond)
	if in.Kind == intake.KintellUsers {
		profile, problems := l.User(record, sent)
		profile.SentAt = sentAt
		row.profile = &profile
		return row, problems
	}
	read, problems := l.Session(record, sent)
	if problems != nil {
		return row, problems
	}
	row.session = &kintell.Given{Cause: cause, SentAt: sentAt}
	happened := read.CompletedAt
	if happened.IsZero() {
		happened = read.ScheduledAt
		row.session.Booking = &kintell.Booking{
			BookingID: read.ExternalID, Type: read.Type, ParticipantEmail: read.ParticipantEmail, VolunteerEmail: read.VolunteerEmail,
			ScheduledAt: read.ScheduledAt,
		}
	} else {
		row.session.Session = &kintell.Session{
			ExternalID: read.ExternalID, Type: read.Type, ParticipantEmail: read.ParticipantEmail, VolunteerEmail: read.VolunteerEmail,
			ScheduledAt: read.ScheduledAt, CompletedAt: read.CompletedAt, Minutes: read.Minutes, LanguageLevel: read.Level,
			Topics: read.Topics, Metadata: read.Metadata,
		}
	}
	if read.Rated() {
		row.rating = &kintell.Given{Cause: cause, SentAt: sentAt, Rating: &kintell.Rating{
			ExternalID: read.ExternalID + "/" + string(read.FromRole), SessionRef: read.ExternalID, FromRole: read.FromRole,
			Score: read.Rating, Text: read.Text, CreatedAt: happened,
		}}
	}
	return row, nil
}

// Keep keeps rows and tells what is news. taken is how many of them said something new, exact where a file's sessions are all new
// or all known, else possibly too low: the ledger counts the news of sessions and of ratings, and a row may hold both.
func Keep(ctx context.Context, tx port.Tx, rows []Row) (taken int, err error) {
	before, err := tx.Changes(ctx)
	if err != nil {
		return 0, err
	}
	err = describe(ctx, tx, rows)
	if err != nil {
		return 0, err
	}
	var sessions, ratings []kintell.Given
	for _, row := range rows {
		if row.session != nil {
			sessions = append(sessions, *row.session)
		}
		if row.rating != nil {
			ratings = append(ratings, *row.rating)
		}
	}
	if sessions != nil {
		err = kintell.Keep(ctx, tx, sessions...)
		if err != nil {
			return 0, err
		}
	}
	first, err := tx.Changes(ctx)
	if err != nil || ratings == nil {
		return min(first-before, len(rows)), err
	}
	err = kintell.Keep(ctx, tx, ratings...)
	if err != nil {
		return 0, err
	}
	second, err := tx.Changes(ctx)
	return min(max(first-before, second-first), len(rows)), err
}

// describe keeps the people of a users file. Nobody hears of profiles yet, so none is told.
func describe(ctx context.Context, tx port.Tx, rows []Row) error {
	var contacts []identity.Contact
	for _, row := range rows {
		if row.profile != nil {
			contacts = append(contacts, row.profile.Contact)
		}
	}
	if contacts == nil {
		return nil
	}
	persons, err := tx.People().Persons(ctx, contacts)
	if err != nil {
		return err
	}
	var described []port.News[port.Described]
	for _, row := range rows {
		if row.profile == nil {
			continue
		}
		described = append(described, port.News[port.Described]{Fact: port.Described{Person: persons[len(described)], Profile: *row.profile}})
	}
	tx.People().Describe(described)
	return nil
}
