package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/domain/safety"
	"github.com/teei/csr-platform/shared/fault"
	"github.com/teei/csr-platform/shared/port"
)

// screened keeps screenings, flags and reviews.
type screened struct{ *tx }

var _ port.Safety = screened{}

// finding and place are what the column findings holds.
type finding struct {
	Category   string  `json:"category"`
	Confidence float64 `json:"confidence"`
	Reported   bool    `json:"reported,omitempty"`
	Spans      []place `json:"spans,omitempty"`
}

type place struct {
	Start int    `json:"start"` // characters
	End   int    `json:"end"`
	Kind  string `json:"kind,omitempty"`
}

func findings(given []safety.Finding) []byte {
	kept := make([]finding, len(given))
	for i, f := range given {
		kept[i] = finding{Category: string(f.Category), Confidence: f.Confidence, Reported: f.Reported}
		for _, s := range f.Spans {
			kept[i].Spans = append(kept[i].Spans, place(s))
		}
	}
	text, err := json.Marshal(kept)
	if err != nil { // plain strings and numbers
		panic("encode findings: " + err.Error())
	}
	return text
}

// foundOf is findings read back.
func foundOf(kept []finding) (given []safety.Finding) {
	for _, f := range kept {
		read := safety.Finding{Category: safety.Category(f.Category), Confidence: f.Confidence, Reported: f.Reported}
		for _, p := range f.Spans {
			read.Spans = append(read.Spans, safety.Span(p))
		}
		given = append(given, read)
	}
	return given
}

// Keep is port.Safety. It locks the text, so that a correction waits, and so does another screening of it.
func (s screened) Keep(ctx context.Context, in safety.Screened) (bool, error) {
	var kept int
	err := s.ask(ctx, one(&kept), `
		WITH read AS (
		  SELECT t.id FROM feedback_texts t WHERE t.id = $1 AND t.company_id = app_company() AND text_version(t.id, t.body) = $2 FOR NO KEY UPDATE
		)
		INSERT INTO screenings (content_id, company_id, id, content_type, text_version, screener_version, language, findings, route, screened_at)
		SELECT read.id, app_company(), $3, $4, $2, $5, $6, $7, $8, $9 FROM read
		ON CONFLICT (content_id) DO UPDATE SET id = excluded.id, content_type = excluded.content_type, text_version = excluded.text_version,
			screener_version = excluded.screener_version, language = excluded.language, findings = excluded.findings, route = excluded.route,
			screened_at = excluded.screened_at
		RETURNING 1`,
		in.ContentID, in.TextVersion, in.ID, in.ContentType, in.Version, in.Language, findings(in.Findings), string(in.Route), in.At)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// Screening is port.Safety.
func (s screened) Screening(ctx context.Context, text string) (safety.Screened, error) {
	found := safety.Screened{}
	var kept []finding
	err := s.ask(ctx, one(&found.ID, &found.ContentID, &found.ContentType, &found.TextVersion, &found.Version, &found.Language, &kept, &found.Route, &found.At), `
		SELECT id::text, content_id::text, content_type, text_version, screener_version, language, findings, route, screened_at
		FROM screenings WHERE content_id = $1::text::uuid`, text)
	found.Findings, found.At = foundOf(kept), found.At.UTC()
	return found, missing(err, "this text was not screened")
}

// Showable is port.Safety.
func (s screened) Showable(ctx context.Context, texts []string) (map[string]bool, error) {
	showable := map[string]bool{}
	err := s.ask(ctx, func(rows pgx.Rows) error {
		ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, id := range ids {
			showable[id] = true
		}
		return err
	}, "SELECT g.id::text FROM unnest($1::uuid[]) AS g(id) WHERE showable(g.id)", texts)
	return showable, err
}

// Raise is port.Safety.
func (s screened) Raise(f safety.Flag) {
	s.queue(`INSERT INTO safety_flags (id, company_id, content_id, content_type, text_version, categories, gravity, route, confidence, needs_help,
			alerted, raised_at, status, revision)
		VALUES ($1, app_company(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		f.ID, f.ContentID, f.ContentType, f.TextVersion, words(f.Categories), f.Gravity(), string(f.Route), f.Confidence, f.NeedsHelp,
		f.Alerted, f.RaisedAt, string(f.Status), f.Revision)
}

func words(categories []safety.Category) []string {
	list := make([]string, len(categories))
	for i, c := range categories {
		list[i] = string(c)
	}
	return list
}

const flagColumns = `id::text, company_id::text, content_id::text, content_type, text_version, categories, route, confidence::float8, needs_help,
	alerted, raised_at, status, coalesce(claimed_by, ''), claimed_until, coalesce(escalated_by, ''), coalesce(decided_by, ''), reviewed_at,
	coalesce(first_decision, ''), second_due, coalesce(second_decision, ''), appealed_at, coalesce(appealed_by, ''), coalesce(appeal_outcome, ''), revision`

func scanFlag(row pgx.CollectableRow) (f safety.Flag, err error) {
	var claimed, reviewed, appealed *time.Time
	err = row.Scan(&f.ID, &f.Company, &f.ContentID, &f.ContentType, &f.TextVersion, &f.Categories, &f.Route, &f.Confidence, &f.NeedsHelp,
		&f.Alerted, &f.RaisedAt, &f.Status, &f.ClaimedBy, &claimed, &f.EscalatedBy, &f.DecidedBy, &reviewed,
		&f.First, &f.SecondDue, &f.Second, &appealed, &f.AppealedBy, &f.Outcome, &f.Revision)
	f.RaisedAt, f.ClaimedUntil, f.ReviewedAt, f.AppealedAt = f.RaisedAt.UTC(), instant(claimed), instant(reviewed), instant(appealed)
	return f, err
}

// instant is a time that may be null, zero then.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// known is a time as a column has it, null for zero.
func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (s screened) flags(ctx context.Context, sql string, args ...any) (list []safety.Flag, err error) {
	err = s.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanFlag)
		return err
	}, "SELECT "+flagColumns+" FROM safety_flags "+sql, args...)
	return list, err
}

// Flag is port.Safety.
func (s screened) Flag(ctx context.Context, id string) (f safety.Flag, err error) {
	err = s.ask(ctx, func(rows pgx.Rows) (err error) {
		f, err = pgx.CollectExactlyOneRow(rows, scanFlag)
		return err
	}, "SELECT "+flagColumns+" FROM safety_flags WHERE id = $1::text::uuid", id)
	return f, missing(err, "no such flag")
}

// Flags is port.Safety.
func (s screened) Flags(ctx context.Context, text string) ([]safety.Flag, error) {
	return s.flags(ctx, "WHERE content_id = $1 ORDER BY raised_at, id", text)
}

// Advance is port.Safety.
func (s screened) Advance(ctx context.Context, f safety.Flag, review *safety.Review) error {
	var moved int
	err := s.ask(ctx, one(&moved), `
		UPDATE safety_flags SET revision = revision + 1, categories = $3, gravity = $4, route = $5, confidence = $6, needs_help = $7, alerted = $8, raised_at = $9,
			status = $10, claimed_by = nullif($11, ''), claimed_until = $12, escalated_by = nullif($13, ''), decided_by = nullif($14, ''), reviewed_at = $15,
			first_decision = nullif($16, ''), second_due = $17, second_decision = nullif($18, ''), appealed_at = $19, appeal_outcome = nullif($20, ''),
			appealed_by = nullif($21, '')
		WHERE id = $1 AND revision = $2 RETURNING 1`,
		f.ID, f.Revision, words(f.Categories), f.Gravity(), string(f.Route), f.Confidence, f.NeedsHelp, f.Alerted, f.RaisedAt,
		string(f.Status), f.ClaimedBy, known(f.ClaimedUntil), f.EscalatedBy, f.DecidedBy, known(f.ReviewedAt),
		string(f.First), f.SecondDue, string(f.Second), known(f.AppealedAt), f.Outcome, f.AppealedBy)
	if errors.Is(err, pgx.ErrNoRows) {
		return fault.New(fault.Conflict, "somebody else was quicker")
	}
	if err != nil || review == nil {
		return err
	}
	s.queue(`INSERT INTO safety_reviews (id, company_id, flag_id, kind, decision, reviewer, reviewer_role, reason, flag_revision, reviewed_at)
		SELECT $1, f.company_id, f.id, $3, nullif($4, ''), $5, $6, $7, $8, $9 FROM safety_flags f WHERE f.id = $2`,
		review.ID, f.ID, string(review.Kind), string(review.Decision), review.Reviewer.Subject, string(review.Reviewer.Role), review.Reason, review.Revision, review.At)
	return nil
}

// Queue is port.Safety. What waits is found by its own index, which the first condition names word by word.
func (s screened) Queue(ctx context.Context, q port.SafetyQueue, limit int) ([]safety.Flag, error) {
	waiting := "(status IN ('open', 'escalated', 'appealed') OR second_due) AND ($1 <> '' OR NOT second_due OR decided_by <> $2)"
	if q.Status == safety.Approved || q.Status == safety.Rejected || q.Status == safety.Superseded {
		waiting = "true"
	}
	list, err := s.flags(ctx, `WHERE `+waiting+`
		AND ($1 = '' OR $1 = CASE WHEN second_due AND decided_by <> $2 THEN 'open' ELSE status END)
		AND ($3 = '' OR route = $3) AND ($4 = '' OR $4 = ANY(categories))
		AND ($5 = '' OR (gravity, raised_at, id) > (SELECT a.gravity, a.raised_at, a.id FROM safety_flags a WHERE a.id = nullif($5, '')::uuid))
		ORDER BY gravity, raised_at, id LIMIT $6`,
		string(q.Status), q.Reviewer, string(q.Route), string(q.Category), q.After, limit)
	for i, f := range list {
		list[i] = f.SeenBy(q.Reviewer)
	}
	return list, err
}

// Reviews is port.Safety.
func (s screened) Reviews(ctx context.Context, flag string) (list []safety.Review, err error) {
	err = s.ask(ctx, func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (r safety.Review, err error) {
			var role string
			err = row.Scan(&r.ID, &r.FlagID, &r.Kind, &r.Decision, &r.Reviewer.Subject, &role, &r.Reason, &r.Revision, &r.At)
			r.Reviewer.Role, r.At = identity.Role(role), r.At.UTC()
			return r, err
		})
		return err
	}, `SELECT id::text, flag_id::text, kind, coalesce(decision, ''), reviewer, reviewer_role, reason, flag_revision, reviewed_at
		FROM safety_reviews WHERE flag_id = $1::text::uuid ORDER BY flag_revision`, flag)
	return list, err
}

// Course is port.Safety.
func (s screened) Course(ctx context.Context, since time.Time) ([]safety.Flag, error) {
	return s.flags(ctx, "WHERE raised_at >= $1 OR status IN ('open', 'escalated', 'appealed') OR second_due ORDER BY raised_at, id", since)
}

// Contacts is port.Safety.
func (s screened) Contacts(ctx context.Context) (people []string, err error) {
	err = s.ask(ctx, func(rows pgx.Rows) (err error) {
		people, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, "SELECT safeguarding_contacts()::text")
	return people, err
}
