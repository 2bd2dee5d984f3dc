package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/teei/csr-platform/shared/domain/identity"
	"github.com/teei/csr-platform/shared/port"
)

type people struct{ *tx }

// Persons is port.People. Contacts met within the last minute cost no round trip.
func (p people) Persons(ctx context.Context, contacts []identity.Contact) ([]string, error) {
	ids := make([]string, len(contacts))
	var emails, roles []string
	var missing []int
	for i, c := range contacts {
		id, known := p.ledger.people.find(p.Company(), c)
		if !known {
			emails, roles, missing = append(emails, c.Email), append(roles, string(c.Role)), append(missing, i)
			continue
		}
		ids[i], p.cached = id, true
	}
	if missing == nil {
		return ids, nil
	}
	var found []string
	err := p.ask(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}, "SELECT person_for(g.email, g.role)::text FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(email, role, place) ORDER BY g.place", emails, roles)
	if err != nil {
		return nil, err
	}
	for i, place := range missing {
		ids[place] = found[i]
		p.met = append(p.met, meeting{contacts[place], found[i]})
	}
	return ids, nil
}

// describe keeps a name where none is known, notes a differing one, merges the flags and keeps the external id.
const describe = `
WITH given AS (
  SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS g(id, first_name, last_name, system, external_id, flags)
), old AS (
  SELECT u.* FROM users u WHERE u.id IN (SELECT id FROM given)
), kept AS (
  UPDATE users u SET
    first_name = coalesce(u.first_name, nullif(g.first_name, '')),
    last_name = coalesce(u.last_name, nullif(g.last_name, '')),
    status = CASE WHEN u.status = 'pending' THEN 'active' ELSE u.status END,
    journey_flags = u.journey_flags || g.flags::jsonb,
    updated_at = $7
  FROM given g
  WHERE u.id = g.id AND (u.status = 'pending' OR (u.journey_flags || g.flags::jsonb) <> u.journey_flags
    OR (u.first_name IS NULL AND g.first_name <> '') OR (u.last_name IS NULL AND g.last_name <> ''))
  RETURNING u.id
), named AS (
  INSERT INTO external_id_mappings (company_id, user_id, external_system, external_id, created_at)
  SELECT app_company(), g.id, g.system, g.external_id, $7 FROM given g WHERE g.external_id <> '' ON CONFLICT DO NOTHING
), audited AS (
  INSERT INTO audit_logs (company_id, actor_id, action, resource_type, resource_id, after_state, timestamp)
  SELECT app_company(), $8, CASE WHEN conflict THEN 'CONFLICT' ELSE 'UPDATE' END, 'user', g.id::text, jsonb_build_object('nameDiffers', conflict), $7
  FROM given g JOIN old o USING (id) LEFT JOIN kept k USING (id),
    LATERAL (SELECT (g.first_name <> '' AND o.first_name IS NOT NULL AND o.first_name <> g.first_name)
      OR (g.last_name <> '' AND o.last_name IS NOT NULL AND o.last_name <> g.last_name) AS conflict) c
  WHERE k.id IS NOT NULL OR conflict
)
SELECT count(*) FROM kept`

// Describe is port.People.
func (p people) Describe(profiles []port.News[port.Described]) {
	columns := make([][]string, 6)
	seen := map[string]bool{}
	for _, n := range profiles {
		d := n.Fact
		if seen[d.Person] {
			continue
		}
		seen[d.Person] = true
		flags, err := json.Marshal(d.Flags)
		if err != nil || d.Flags == nil {
			flags = []byte("{}")
		}
		for i, value := range []string{d.Person, d.FirstName, d.LastName, d.ExternalSystem, d.ExternalID, string(flags)} {
			columns[i] = append(columns[i], value)
		}
	}
	p.counted(p.queue(describe, columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], p.now, p.scope.Actor))
}

// peopleTTL is how long an address is remembered, peopleMost how many are.
const (
	peopleTTL  = time.Minute
	peopleMost = 50_000
)

type meeting struct {
	contact identity.Contact
	id      string
}

// peopleCache remembers, for a minute, which person an address is, so that a busy sender costs one round trip and not two. It keeps
// digests, never addresses. A person who vanished meanwhile fails a foreign key, and the transaction runs again without it.
type peopleCache struct {
	now   func() time.Time
	mu    sync.RWMutex
	kept  map[[32]byte]string
	until time.Time
}

func newPeopleCache(now func() time.Time) *peopleCache { return &peopleCache{now: now} }

func digest(company string, c identity.Contact) [32]byte {
	return sha256.Sum256([]byte(company + "\x00" + string(c.Role) + "\x00" + c.Email))
}

func (c *peopleCache) find(company string, contact identity.Contact) (string, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	id, known := c.kept[digest(company, contact)]
	return id, known && c.now().Before(c.until)
}

// keep remembers whom a committed transaction met.
func (c *peopleCache) keep(company string, met []meeting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); c.kept == nil || !now.Before(c.until) || len(c.kept) > peopleMost {
		c.kept, c.until = map[[32]byte]string{}, now.Add(peopleTTL)
	}
	for _, m := range met {
		c.kept[digest(company, m.contact)] = m.id
	}
}

func (c *peopleCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept = nil
}
