// Package port is what a function may ask its process for. The process decides which adapter answers.
package port

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/teei/csr-platform/shared/contract"
	"github.com/teei/csr-platform/shared/domain/company"
	"github.com/teei/csr-platform/shared/domain/feedback"
	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/impact"
	"github.com/teei/csr-platform/shared/domain/intake"
	"github.com/teei/csr-platform/shared/domain/journey"
	"github.com/teei/csr-platform/shared/domain/outcome"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/domain/session"
	"github.com/teei/csr-platform/shared/platform/config"
)

// Env is the process a function runs in. Each answer is made when first asked for, kept, and connects to nothing until it is used.
type Env interface {
	Log() *slog.Logger
	Now() time.Time
	Config() *config.Reader
	Ledger(context.Context) (Ledger, error)
	Impact(context.Context) (Impact, error)
	Bus(context.Context) (Bus, error)
	Model(context.Context) (outcome.Model, error)
	Screener(context.Context) (safety.Screener, error)
	Files(context.Context) (Files, error)
	Keys(context.Context) (Keys, error)
}

// Migrator is an Env in which a deployment brings the database up to date; elsewhere a person or the process does (make migrate).
type Migrator interface {
	// Migrations reads its settings and connects to nothing. What it gives applies every migration that has not been, and names them.
	Migrations(context.Context) (func(context.Context) ([]string, error), error)
}

// Bus carries events to the functions that hear them, each at least once and in no promised order.
type Bus interface {
	// Publish hands over events. After an error some may have gone out; publishing them again is safe.
	Publish(ctx context.Context, events []contract.Event) error

	// Replay hands e to one consumer alone, named kind/name, as a message the bus has not seen.
	Replay(ctx context.Context, consumer string, e contract.Event) error

	// Stalled asks consumers/relayoutbox, after delay, to publish what was told and not published. It never crosses the bus.
	Stalled(ctx context.Context, e contract.Event, delay time.Duration) error
}

// Files keeps what is too large for a row. Keys are slash-separated and start with a company id.
type Files interface {
	// Put keeps body under key, whole or not at all. size is its length in bytes, -1 where that is not known.
	Put(ctx context.Context, key string, body io.Reader, size int64) error
	// Open reads from offset on. A missing key is Missing.
	Open(ctx context.Context, key string, offset int64) (io.ReadCloser, error)
	// Size is the length in bytes. A missing key is Missing.
	Size(ctx context.Context, key string) (int64, error)
	// UploadURL is where a stranger may PUT the file until expiry; empty where files come through our own route alone.
	UploadURL(ctx context.Context, key string, expiry time.Duration) (string, error)
}

// Keys seals what must not be read at rest. data is bound to the ciphertext: the same bytes must be given to open it.
type Keys interface {
	Seal(ctx context.Context, plain, data []byte) ([]byte, error)
	Open(ctx context.Context, sealed, data []byte) ([]byte, error)
}

// Impact reads the figures that reports are made of. Every reading sees one company alone.
type Impact interface {
	// Zone is the time zone in which company's months are counted. An unknown company is Missing.
	Zone(ctx context.Context, company string) (*time.Location, error)
	// Months are the figures of each month of p for which there are any, in order.
	Months(ctx context.Context, company string, p impact.Period) ([]impact.Figures, error)
	// People counts, for each kind of cell, the distinct people of all its cells together.
	People(ctx context.Context, company string, cells []impact.Cell) (map[string]int, error)
	// Labels are the texts of p that are part of a random sample and were read by a reviewer, in the words they still have.
	Labels(ctx context.Context, company string, p impact.Period) ([]impact.Labelled, error)
	// Quotes gives up to limit quotes behind after, of texts that may be shown, from the months and dimensions of cells (of kind
	// impact.ScoredKind), in an order that tells nothing. Of each it gives what must be masked too, as the screening of these very words found it.
	Quotes(ctx context.Context, company string, cells []impact.Cell, after string, limit int) ([]impact.Quote, error)
}

// Scope is what a transaction sees.
type Scope struct {
	Company  string // company id; empty for the operator's scope
	Operator bool   // every company; taken by the operator's people and by upkeep, and audited
	Actor    string // who asked: subject or function name, for the audit log
}

// In is the scope of one company.
func In(company, actor string) Scope { return Scope{Company: company, Actor: actor} }

// Operator is the scope of all companies.
func Operator(actor string) Scope { return Scope{Operator: true, Actor: actor} }

// Ledger is where facts are kept. Tenancy, repeats, announcements and time live here, so that no function can get them wrong.
type Ledger interface {
	// Do runs f in one transaction that sees only scope. What f keeps and tells happens together or not at all. f may run again
	// after a serialisation failure or a stale cache, so it touches nothing but its Tx and what it assigns afresh.
	Do(ctx context.Context, scope Scope, f func(Tx) error) error

	// Once is Do for the company of cause, and does nothing if by has already finished cause; then what cause told and did not
	// publish is published before it returns. A delivery that was accepted with another body is a Conflict.
	Once(ctx context.Context, by string, cause contract.Cause, f func(Tx) error) error

	// Finished says whether by has finished cause, for work that costs money.
	Finished(ctx context.Context, by string, cause contract.Cause) (bool, error)

	// Park keeps what could not be worked, in a transaction of its own and outside the inbox, so that a replay does run.
	Park(ctx context.Context, parked company.Parked) error

	// Relay publishes everything told and not yet published, and says how many events that was.
	Relay(ctx context.Context) (int, error)

	// Sender finds a company's sender by the company's slug before a tenant is known. Missing hides which of the two is unknown.
	Sender(ctx context.Context, slug, sender string) (company.Sender, error)

	// Ready is an error that says what is missing while the ledger cannot be used: no connection, or migrations not applied.
	Ready(ctx context.Context) error
}

// News is a fact and the event that tells it. The event is told only if the fact was not known already.
type News[F any] struct {
	Fact  F
	Event contract.Event
}

// Tx is one transaction. Methods without a result queue what they write; it travels with the next read or at the end.
type Tx interface {
	Now() time.Time  // one instant for all that happens in the transaction, UTC
	Company() string // id of the scope's company; empty in the operator's scope

	// Tell queues an event for publishing once the transaction has committed.
	Tell(e contract.Event)
	// Audit queues a line of the audit log.
	Audit(entry company.Entry)
	// Changes says how many of the News kept so far were news.
	Changes(ctx context.Context) (int, error)

	People() People
	Sessions() Sessions
	Feedback() Feedback
	Journeys() Journeys
	Outcomes() Outcomes
	Audits() Audits
	Spending() Spending
	Limits() Limits
	Safety() Safety
	Metrics() Metrics
	Imports() Imports
	Deliveries() Deliveries
	Companies() Companies
}

// People finds and makes persons inside the scope's company.
type People interface {
	// Persons gives the person id of each contact, in order, making a pending profile for an address nobody has used yet and a
	// membership in the company for whoever has none.
	Persons(ctx context.Context, contacts []identity.Contact) ([]string, error)
	// Describe keeps what a roster says of people: a name where none is known (a known name is never overwritten; a differing one
	// goes to the audit log), the external id, the flags. Persons must have been called for their contacts.
	Describe(profiles []News[Described])
}

// Described is a roster's profile of a person already found.
type Described struct {
	Person string
	identity.Profile
}

// Sessions keeps sessions. A later statement about a known session is a correction: the later SentAt wins and the old values go to
// the audit log; an earlier or equal one is not news. What a correction does not mention stays as it was.
type Sessions interface {
	Book(bookings []News[session.Booking])
	Complete(completions []News[session.Completion])
}

// Feedback keeps ratings and reads texts.
type Feedback interface {
	// Rate keeps ratings. A rating whose session is unknown makes the session's stub.
	Rate(ratings []News[feedback.Rating])
	// Text reads what somebody wrote. An unknown id is Missing.
	Text(ctx context.Context, id string) (feedback.Text, error)
	// Hold is Text, and until the transaction ends the answer stays true: whoever corrects, takes back or brings back this text, or holds
	// it too, waits. So what was computed of a text is kept of that text or not at all.
	Hold(ctx context.Context, id string) (feedback.Text, error)
	// Written says when each text about a session was written, in order; none for an unknown session.
	Written(ctx context.Context, session string) ([]time.Time, error)
}

// Journeys keeps where people stand in the programmes.
type Journeys interface {
	// Enrol keeps enrollments, one a person and programme, with the earliest time told.
	Enrol(enrollments []journey.Enrollment)
}

// Outcomes keeps what texts were scored into.
type Outcomes interface {
	// Keep makes scoring the current one of its text and leaves older ones in the history.
	Keep(scoring outcome.Scoring, text feedback.Text)
	// Calibrated keeps calibrations that are not known yet. They belong to no company.
	Calibrated(calibrations []outcome.Calibration)
}

// Audits keeps what people say of a random sample of scored texts without seeing the scores. The texts themselves are read through
// Feedback().Text.
type Audits interface {
	// Draw makes the sample, or draws it anew where texts have come since: what it has stays and what it lacks is added. It says how many
	// texts the sample has; fewer than asked for where there are no more.
	Draw(ctx context.Context, sample impact.Sample) (int, error)
	// Next gives up to limit items of a quarter's samples that reviewer has not answered: those that nobody has come first. What a later
	// draw pushed out of its sample is not among them, since nothing would be computed from it.
	Next(ctx context.Context, quarter impact.Quarter, reviewer string, limit int) ([]outcome.Item, error)
	// Answer keeps what reviewer found in an item, and gives the scoring with which it is compared. A second answer of the same reviewer is a
	// Conflict, an unknown item is Missing. Labels are checked by the caller (outcome.CheckLabels).
	Answer(ctx context.Context, item, reviewer string, labels outcome.Labels) (outcome.Scoring, error)
	// Compared lists a quarter's labels beside the model's scores, and the first two reviewers' beside each other.
	Compared(ctx context.Context, quarter impact.Quarter) ([]outcome.Comparison, error)
	// Item reads one item of a quarter's samples. Missing where there is none.
	Item(ctx context.Context, quarter impact.Quarter, id string) (outcome.Item, error)
	// Asked is the size that was asked for of the sample of a quarter and seed, 0 where it was never drawn. Whoever asks the same meanwhile
	// waits for this transaction.
	Asked(ctx context.Context, quarter impact.Quarter, seed string) (int, error)
	// Samples gives up to limit samples that the scope may see and how far their reading got, the latest quarter first, behind those of
	// quarter after.Quarter and company after.Company; from the first where that is the zero Drawn.
	Samples(ctx context.Context, after impact.Drawn, limit int) ([]impact.Drawn, error)
}

// Limits counts what a company asks for in a minute.
type Limits interface {
	// Take takes n of what, where the scope's company then has taken at most most in the minute of the transaction, all at once or not at
	// all. n is at most most.
	Take(ctx context.Context, what string, n, most int) (taken bool, err error)
}

// ReservationLasts is how long a reservation holds what it took if nobody settles it, because who made it died.
const ReservationLasts = 15 * time.Minute

// Spending keeps what paid models cost. All sums are millionths of a US dollar, months are of UTC.
type Spending interface {
	// Reserve takes expected out of what the scope's company may still spend in the month of the transaction, all at once or not at
	// all; standard is the limit of a company that has none of its own. The answer names the reservation, empty when there is not enough.
	// It lasts ReservationLasts.
	Reserve(ctx context.Context, expected, standard int64) (reservation string, err error)
	// Settle replaces a reservation by what it really cost, once, also when it has expired, and keeps the call; purpose is "score" or "screen".
	Settle(reservation, purpose string, used outcome.Usage)
	// Allow gives a company, by its slug, a monthly limit of its own, nil for the deployment's, and says what it had. Only the operator's
	// scope may (Forbidden); an unknown company is Missing. It holds from the next reservation on.
	Allow(ctx context.Context, slug string, limit *int64) (company string, before *int64, err error)
}

// Safety keeps what screeners found in texts, and what people decided about them.
type Safety interface {
	// Keep makes s the current screening of its text, if that still says what was read; kept is false where it does not, or is gone. Whoever
	// keeps a screening of the same text meanwhile waits for this transaction.
	Keep(ctx context.Context, s safety.Screened) (kept bool, err error)
	// Screening reads the current screening of a text, whichever version of it was read. Missing where there is none.
	Screening(ctx context.Context, text string) (safety.Screened, error)
	// Showable says of each text whether it may be shown or quoted: what it says now was screened, and either nothing holds it or a reviewer
	// approved it. An unknown text is not.
	Showable(ctx context.Context, texts []string) (map[string]bool, error)

	// Raise keeps a new flag.
	Raise(f safety.Flag)
	// Flag reads one flag. An unknown id is Missing.
	Flag(ctx context.Context, id string) (safety.Flag, error)
	// Flags are all of one text, of whichever version, the oldest first.
	Flags(ctx context.Context, text string) ([]safety.Flag, error)
	// Advance keeps f, which was made from the revision it names, with what was reviewed, nil where nothing was. It is a Conflict when
	// somebody else was quicker: read the flag again to learn how it stands now.
	Advance(ctx context.Context, f safety.Flag, review *safety.Review) error
	// Queue gives up to limit flags as the asking reviewer sees them, gravest first and of those the oldest first.
	Queue(ctx context.Context, asked SafetyQueue, limit int) ([]safety.Flag, error)
	// Reviews are those of one flag, in order.
	Reviews(ctx context.Context, flag string) ([]safety.Review, error)
	// Course are the flags raised at or after since, and all that wait.
	Course(ctx context.Context, since time.Time) ([]safety.Flag, error)
	// Contacts are the person ids of the operator's safeguarding people, whatever the scope.
	Contacts(ctx context.Context) ([]string, error)
}

// SafetyQueue asks for a part of the queue. Empty fields exclude nothing.
type SafetyQueue struct {
	Route    safety.Route
	Status   safety.Status // as the reviewer sees it; empty means all that waits for them
	Category safety.Category
	Reviewer string // subject of who asks
	After    string // id of the flag to continue behind
}

// Metrics keeps the figures of each month.
type Metrics interface {
	// Zone is the time zone of the scope's company.
	Zone(ctx context.Context) (*time.Location, error)
	// Stale lists months whose figures a correction has outdated.
	Stale(ctx context.Context) ([]impact.Month, error)
	// Lock waits for the month's row and gives the sums of what happened in it. counted says that the month's figures already
	// include subject, the session or text id that an event is about; then sums are empty.
	Lock(ctx context.Context, month impact.Month, zone *time.Location, subject string) (sums impact.Sums, counted bool, err error)
	// Keep replaces the figures of a month that Lock has locked.
	Keep(figures impact.Figures, sums impact.Sums)
	// Spread says how the calibrated scores of a month lie, calibration by calibration.
	Spread(ctx context.Context, month impact.Month, zone *time.Location) ([]impact.Portion, error)
	// Drifted keeps drifts and tells those of a level that was not told of the same month, dimension and model before, nor a graver one.
	Drifted(drifts []News[impact.Drift])
}

// Imports keeps files on their way in.
type Imports interface {
	Create(in intake.Import)
	// Find reads one import. An unknown id is Missing.
	Find(ctx context.Context, id string) (intake.Import, error)
	// List gives up to limit imports that by created (empty: anybody), newest first, older than the import named after (empty: from
	// the newest).
	List(ctx context.Context, by, after string, limit int) ([]intake.Import, error)
	// Receive says that the file is stored; only a waiting import takes it, else Conflict.
	Receive(ctx context.Context, id string, size int64) error
	// Advance moves the progress from where it was to where it is now, with the layout found; Conflict when somebody else moved it.
	Advance(ctx context.Context, in intake.Import, from int64) error
	// Refuse keeps rows that were not taken.
	Refuse(id string, rows []intake.Refused)
	// Refused gives up to limit refused rows after row number after.
	Refused(ctx context.Context, id string, after, limit int) ([]intake.Refused, error)
	// Replayed says that a refused row was taken after all and moves the counters.
	Replayed(id string, row int, taken bool)
}

// Deliveries reads what senders and the bus brought, accepted or parked.
type Deliveries interface {
	// List gives up to limit, newest first; status empty means all, after is the id to continue behind. What was refused and accepted
	// later is one line: replayed if staff handed it over again, else accepted.
	List(ctx context.Context, status, after string, limit int) ([]company.Delivered, error)
	// Accepted reads one delivery that was accepted; what it said is kept as facts, not as a body. An unknown id is Missing.
	Accepted(ctx context.Context, id string) (company.Delivered, error)
	// Parked reads one parked thing with its body. An unknown id is Missing.
	Parked(ctx context.Context, id string) (company.Parked, error)
	// Replayed says that a parked thing was handed over again.
	Replayed(id string)
}

// Companies keeps the tenants. List, Create and Find need the operator's scope to see more than the scope's own company.
type Companies interface {
	// List gives up to limit companies the scope may see, by slug, behind after.
	List(ctx context.Context, after string, limit int) ([]company.Company, error)
	// Find reads one company by id or slug. What the scope may not see is Missing.
	Find(ctx context.Context, idOrSlug string) (company.Company, error)
	// Create keeps a new company; a taken slug is a Conflict.
	Create(ctx context.Context, c company.Company) error
	// PutSender keeps both secrets of a sender as they are given.
	PutSender(s company.Sender)
}
