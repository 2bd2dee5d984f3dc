package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The floor of a signed webhook is the least that could be called one: net/http, an HMAC over the raw body, JSON, and one statement that
// keeps an idempotency key, looks two people up, inserts a session with two foreign keys and an outbox row. No tenancy, no audit, no
// validation, no log line (facts: performance, rung "ingest").

const floorSchema = `
CREATE TABLE floor_users (id uuid PRIMARY KEY, email text UNIQUE);
CREATE TABLE floor_keys (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
CREATE TABLE floor_sessions (id uuid PRIMARY KEY, external_id text, kind text, participant_id uuid REFERENCES floor_users, volunteer_id uuid REFERENCES floor_users,
  scheduled_at timestamptz, completed_at timestamptz, minutes int, level text, topics text[]);
CREATE INDEX ON floor_sessions (external_id);
CREATE INDEX ON floor_sessions (participant_id);
CREATE INDEX ON floor_sessions (volunteer_id);
CREATE INDEX ON floor_sessions (completed_at);
CREATE TABLE floor_outbox (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, envelope text)`

const floorIngest = `
WITH k AS (INSERT INTO floor_keys (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id),
p AS (SELECT id FROM floor_users WHERE email = $2), v AS (SELECT id FROM floor_users WHERE email = $3),
s AS (INSERT INTO floor_sessions (id, external_id, kind, participant_id, volunteer_id, scheduled_at, completed_at, minutes, level, topics)
  SELECT $4, $5, $6, p.id, v.id, $7, $8, $9, $10, $11 FROM k, p, v RETURNING id)
INSERT INTO floor_outbox (envelope) SELECT $12 FROM s`

type floorBody struct {
	SessionID        string    `json:"session_id"`
	SessionType      string    `json:"session_type"`
	ParticipantEmail string    `json:"participant_email"`
	VolunteerEmail   string    `json:"volunteer_email"`
	ScheduledAt      time.Time `json:"scheduled_at"`
	CompletedAt      time.Time `json:"completed_at"`
	DurationMinutes  int       `json:"duration_minutes"`
	Topics           []string  `json:"topics"`
	LanguageLevel    string    `json:"language_level"`
}

func floorHandler(db *pgxpool.Pool, secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "body", http.StatusBadRequest)
			return
		}
		stamp, signature, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("X-Kintell-Signature"), "t="), ",v1=")
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(stamp + "."))
		mac.Write(raw)
		given, _ := hex.DecodeString(signature)
		if !hmac.Equal(mac.Sum(nil), given) {
			http.Error(w, "signature", http.StatusUnauthorized)
			return
		}
		var body floorBody
		err = json.Unmarshal(raw, &body)
		if err != nil {
			http.Error(w, "json", http.StatusBadRequest)
			return
		}
		id := uuid.New()
		told, _ := json.Marshal(map[string]any{"type": "kintell.session.completed", "data": map[string]any{
			"sessionId": id, "externalSessionId": body.SessionID,
			"completedAt": body.CompletedAt, "durationMinutes": body.DurationMinutes,
		}, "metadata": map[string]any{"id": uuid.New(), "timestamp": time.Now()}})
		_, err = db.Exec(r.Context(), floorIngest, r.Header.Get("X-Delivery-Id"), body.ParticipantEmail, body.VolunteerEmail, id, body.SessionID, body.SessionType,
			body.ScheduledAt, body.CompletedAt, body.DurationMinutes, body.LanguageLevel, body.Topics, string(told))
		if err != nil {
			http.Error(w, "database", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, `{"status":"accepted"}`)
	})
}

func floorPeople(ctx context.Context, db *pgxpool.Pool, emails []string) error {
	_, err := db.Exec(ctx, floorSchema)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, "INSERT INTO floor_users SELECT gen_random_uuid(), unnest($1::text[])", emails)
	return err
}
