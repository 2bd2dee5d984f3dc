-- Who may do what. csr_owner owns every table; csr_service is what functions connect as; csr_operator sees every company; csr_door owns
-- the few functions by which one gets in before a company is known. Roles belong to the whole cluster and are made by Migrate.

-- app_company is the company of the running transaction, null outside one.
CREATE FUNCTION app_company() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('app.company', true), '')::uuid $$;

CREATE TABLE companies (
  id         uuid PRIMARY KEY,
  slug       text NOT NULL CONSTRAINT companies_slug UNIQUE,
  name       text NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('operator', 'partner')),
  time_zone  text NOT NULL DEFAULT 'UTC',
  industry   text,
  country    text,
  features   jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX companies_one_operator ON companies ((true)) WHERE kind = 'operator';

-- One row a person, whoever met them. The e-mail is null once a person was erased.
CREATE TABLE users (
  id            uuid PRIMARY KEY,
  email         text CONSTRAINT users_email UNIQUE CHECK (email = lower(email)),
  first_name    text,
  last_name     text,
  status        text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'active', 'erased')),
  journey_flags jsonb NOT NULL DEFAULT '{}',
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE company_users (
  company_id uuid NOT NULL REFERENCES companies,
  user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  role       text NOT NULL,
  joined_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, company_id, role)
);
CREATE INDEX company_users_company ON company_users (company_id);

CREATE TABLE external_id_mappings (
  company_id      uuid NOT NULL REFERENCES companies,
  user_id         uuid NOT NULL REFERENCES users ON DELETE CASCADE,
  external_system text NOT NULL,
  external_id     text NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (external_system, external_id),
  UNIQUE (external_system, user_id)
);

CREATE TABLE program_enrollments (
  company_id          uuid NOT NULL REFERENCES companies,
  user_id             uuid NOT NULL REFERENCES users,
  program_type        text NOT NULL CHECK (program_type IN ('buddy', 'language', 'mentorship', 'upskilling')),
  program_instance_id uuid,
  status              text NOT NULL CHECK (status IN ('active', 'completed', 'dropped')),
  enrolled_at         timestamptz NOT NULL,
  completed_at        timestamptz,
  PRIMARY KEY (company_id, user_id, program_type)
);

-- On the tables that grow, company_id is no foreign key: every insert would lock the company's row against every other. The policies see
-- to it that a row has the company of its transaction.
-- changed_by is the transaction that last changed the row: a snapshot kept with a month's figures tells whether they include it.
-- It has no CHECK either: Postgres compiles each one anew for every statement, and what a session may say is checked where it is read.
CREATE TABLE kintell_sessions (
  id                  uuid PRIMARY KEY,
  company_id          uuid NOT NULL,
  sender              text NOT NULL,
  external_session_id text,
  external_booking_id text,
  session_type        text,
  participant_id      uuid CONSTRAINT kintell_sessions_participant REFERENCES users,
  volunteer_id        uuid CONSTRAINT kintell_sessions_volunteer REFERENCES users,
  scheduled_at        timestamptz,
  completed_at        timestamptz,
  duration_minutes    int,
  language_level      text,
  topics              text[],
  metadata            jsonb,
  sent_at             timestamptz NOT NULL,
  created_at          timestamptz NOT NULL,
  updated_at          timestamptz NOT NULL,
  changed_by          xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX kintell_sessions_completed ON kintell_sessions (company_id, completed_at);
CREATE INDEX kintell_sessions_participant_idx ON kintell_sessions (participant_id);
CREATE INDEX kintell_sessions_open ON kintell_sessions (participant_id, scheduled_at) WHERE external_session_id IS NULL;
CREATE INDEX kintell_sessions_volunteer_idx ON kintell_sessions (volunteer_id);
CREATE UNIQUE INDEX kintell_sessions_booking ON kintell_sessions (external_booking_id, company_id, sender)
  WHERE external_booking_id IS NOT NULL;

CREATE TABLE ratings (
  id                 uuid PRIMARY KEY,
  company_id         uuid NOT NULL,
  sender             text NOT NULL,
  external_rating_id text NOT NULL,
  session_id         uuid NOT NULL REFERENCES kintell_sessions,
  from_role          text NOT NULL CHECK (from_role IN ('participant', 'volunteer')),
  rating             numeric(4,3) CHECK (rating BETWEEN 0 AND 1),
  created_at         timestamptz NOT NULL,
  sent_at            timestamptz NOT NULL,
  received_at        timestamptz NOT NULL
);
CREATE INDEX ratings_session ON ratings (session_id);

CREATE TABLE feedback_texts (
  id         uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  text_type  text NOT NULL,
  session_id uuid NOT NULL REFERENCES kintell_sessions,
  from_role  text NOT NULL,
  body       text NOT NULL CHECK (char_length(body) BETWEEN 1 AND 5000),
  created_at timestamptz NOT NULL
);
CREATE INDEX feedback_texts_session ON feedback_texts (session_id);

-- Every reading of every text, nulls included; the current one has its scores in outcome_scores too.
CREATE TABLE scorings (
  id            uuid PRIMARY KEY,
  company_id    uuid NOT NULL,
  text_id       uuid NOT NULL REFERENCES feedback_texts ON DELETE CASCADE,
  model_version text NOT NULL,
  language      text,
  scores        jsonb NOT NULL,
  is_current    boolean NOT NULL,
  scored_at     timestamptz NOT NULL,
  changed_by    xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX scorings_text ON scorings (text_id);

-- Current scores alone. created_at is when the text was written, so that a score counts for the time it speaks of.
CREATE TABLE outcome_scores (
  id            uuid PRIMARY KEY,
  company_id    uuid NOT NULL,
  scoring_id    uuid NOT NULL REFERENCES scorings ON DELETE CASCADE,
  text_id       uuid NOT NULL,
  text_type     text NOT NULL,
  dimension     text NOT NULL CHECK (dimension IN ('confidence', 'belonging', 'lang_level_proxy', 'job_readiness', 'well_being')),
  score         numeric(4,3) NOT NULL CHECK (score BETWEEN 0 AND 1),
  confidence    numeric(4,3) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  model_version text NOT NULL,
  created_at    timestamptz NOT NULL,
  UNIQUE (text_id, dimension)
);
CREATE INDEX outcome_scores_company ON outcome_scores (company_id, created_at) INCLUDE (dimension, score, text_id);

CREATE TABLE evidence_snippets (
  id               uuid PRIMARY KEY,
  company_id       uuid NOT NULL,
  outcome_score_id uuid NOT NULL REFERENCES outcome_scores ON DELETE CASCADE,
  snippet_text     text NOT NULL,
  snippet_hash     text NOT NULL,
  starts_at_byte   int NOT NULL,
  ends_at_byte     int NOT NULL,
  embedding_ref    text,
  created_at       timestamptz NOT NULL
);
CREATE INDEX evidence_snippets_score ON evidence_snippets (outcome_score_id);

-- One row a calendar month in the company's time zone. snapshot is what the last count could see; null or stale means count again.
CREATE TABLE metrics_company_period (
  company_id            uuid NOT NULL,
  period_start          date NOT NULL,
  period_end            date NOT NULL,
  participants_count    int NOT NULL DEFAULT 0,
  volunteers_count      int NOT NULL DEFAULT 0,
  sessions_count        int NOT NULL DEFAULT 0,
  minutes_total         int NOT NULL DEFAULT 0,
  avg_integration_score numeric(4,3),
  avg_language_level    numeric(4,3),
  avg_job_readiness     numeric(4,3),
  sroi_ratio            numeric(8,2),
  vis_score             numeric(5,2),
  snapshot              pg_snapshot,
  stale                 boolean NOT NULL DEFAULT false,
  created_at            timestamptz NOT NULL,
  updated_at            timestamptz NOT NULL,
  PRIMARY KEY (company_id, period_start)
);

CREATE TABLE outcome_month (
  company_id   uuid NOT NULL,
  period_start date NOT NULL,
  dimension    text NOT NULL,
  n            int NOT NULL,
  people       int NOT NULL,
  total        numeric(12,3) NOT NULL,
  PRIMARY KEY (company_id, period_start, dimension)
);

CREATE TABLE participation_month (
  company_id   uuid NOT NULL,
  period_start date NOT NULL,
  kind         text NOT NULL,
  person_id    uuid NOT NULL,
  PRIMARY KEY (company_id, period_start, kind, person_id)
);

-- Only ever inserted into. Ids, numbers and times; never texts, names or addresses.
CREATE TABLE audit_logs (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id    uuid NOT NULL,
  actor_id      text NOT NULL,
  actor_role    text,
  action        text NOT NULL,
  resource_type text NOT NULL,
  resource_id   text,
  before_state  jsonb,
  after_state   jsonb,
  timestamp     timestamptz NOT NULL
);

CREATE TABLE senders (
  company_id  uuid NOT NULL REFERENCES companies,
  sender      text NOT NULL,
  secret_now  bytea NOT NULL,
  secret_next bytea,
  rotated_at  timestamptz NOT NULL,
  PRIMARY KEY (company_id, sender)
);

-- What senders delivered and we accepted: the inbox of the webhooks, with enough to tell a repeat from a contradiction.
CREATE TABLE webhook_deliveries (
  id           uuid NOT NULL,
  company_id   uuid NOT NULL,
  by           text NOT NULL,
  delivery_id  text NOT NULL,
  event_type   text NOT NULL,
  payload_hash bytea NOT NULL,
  payload_size int NOT NULL,
  received_at  timestamptz NOT NULL,
  CONSTRAINT webhook_deliveries_once PRIMARY KEY (id)
);

CREATE TABLE inbox (
  cause_id    uuid NOT NULL,
  by          text NOT NULL,
  company_id  uuid NOT NULL,
  finished_at timestamptz NOT NULL,
  CONSTRAINT inbox_once PRIMARY KEY (cause_id, by)
);

CREATE TABLE outbox (
  seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  company_id uuid NOT NULL,
  cause_id   uuid NOT NULL,
  envelope   text NOT NULL
);

CREATE TABLE parked_events (
  id         uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  by         text NOT NULL,
  kind       text NOT NULL CHECK (kind IN ('event', 'delivery')),
  event_type text NOT NULL,
  cause_id   text NOT NULL,
  reason     text NOT NULL,
  body       bytea NOT NULL,
  parked_at  timestamptz NOT NULL,
  status     text NOT NULL CHECK (status IN ('parked', 'replayed')),
  attempts   int NOT NULL DEFAULT 1
);

CREATE TABLE imports (
  id          uuid PRIMARY KEY,
  company_id  uuid NOT NULL REFERENCES companies,
  kind        text NOT NULL,
  file_name   text NOT NULL,
  scale       text NOT NULL,
  status      text NOT NULL CHECK (status IN ('waiting', 'received', 'running', 'completed', 'failed')),
  reason      text NOT NULL DEFAULT '',
  size        bigint NOT NULL DEFAULT 0,
  file_key    text NOT NULL,
  next_offset bigint NOT NULL DEFAULT 0,
  row_count   int NOT NULL DEFAULT 0,
  taken       int NOT NULL DEFAULT 0,
  same        int NOT NULL DEFAULT 0,
  refused     int NOT NULL DEFAULT 0,
  layout      jsonb,
  created_by  text NOT NULL,
  created_at  timestamptz NOT NULL,
  finished_at timestamptz
);
CREATE INDEX imports_company ON imports (company_id, id DESC);

CREATE TABLE import_rows (
  import_id  uuid NOT NULL REFERENCES imports ON DELETE CASCADE,
  company_id uuid NOT NULL,
  row_number int NOT NULL,
  record     text[] NOT NULL,
  problems   jsonb NOT NULL,
  status     text NOT NULL CHECK (status IN ('refused', 'replayed')),
  PRIMARY KEY (import_id, row_number)
);

-- Row-level security, forced on every table: the owner's own policy, the operator's, and the company's. The company's is written so that no
-- index suits it: it is the wall, and a statement that wants the company's index names the company itself.
DO $$
DECLARE t text;
BEGIN
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'schema_migrations' LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO csr_owner USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY operator ON %I TO csr_operator USING (true) WITH CHECK (true)', t);
    IF t NOT IN ('companies', 'users') THEN
      EXECUTE format('CREATE POLICY company ON %I TO csr_service USING ((company_id = app_company()) IS TRUE) WITH CHECK (company_id = app_company())', t);
    END IF;
  END LOOP;
END $$;
CREATE POLICY company ON companies TO csr_service USING (id = app_company());
CREATE POLICY company ON users TO csr_service
  USING (EXISTS (SELECT FROM company_users m WHERE m.user_id = users.id AND m.company_id = app_company()));

GRANT SELECT, INSERT ON companies, company_users, external_id_mappings, program_enrollments, kintell_sessions, ratings, feedback_texts, scorings,
  outcome_scores, evidence_snippets, metrics_company_period, outcome_month, participation_month, audit_logs, senders, webhook_deliveries, inbox,
  outbox, parked_events, imports, import_rows TO csr_service, csr_operator;
GRANT UPDATE ON program_enrollments, kintell_sessions, ratings, feedback_texts, scorings, metrics_company_period, outcome_month, senders,
  parked_events, imports, import_rows TO csr_service, csr_operator;
GRANT DELETE ON kintell_sessions, feedback_texts, outcome_scores, evidence_snippets, outcome_month, participation_month, outbox TO csr_service, csr_operator;
GRANT SELECT, UPDATE ON users TO csr_service, csr_operator;
REVOKE INSERT ON companies, company_users FROM csr_service;

-- The doors.
CREATE POLICY door ON companies TO csr_door USING (true);
CREATE POLICY door ON senders TO csr_door USING (true);
CREATE POLICY door ON users TO csr_door USING (true) WITH CHECK (true);
CREATE POLICY door ON company_users TO csr_door USING (true) WITH CHECK (true);
CREATE POLICY door ON outbox TO csr_door USING (true);
GRANT SELECT ON companies, senders TO csr_door;
GRANT SELECT, INSERT ON users, company_users TO csr_door;
GRANT SELECT, UPDATE, DELETE ON outbox TO csr_door;

-- person_for is the only way to find or make a person from an e-mail. It adds the membership in the transaction's company.
CREATE FUNCTION person_for(address text, member_role text) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE person uuid;
BEGIN
  IF app_company() IS NULL THEN
    RAISE EXCEPTION 'person_for needs a company in its transaction';
  END IF;
  LOOP
    SELECT id INTO person FROM users WHERE email = address;
    EXIT WHEN FOUND;
    INSERT INTO users (id, email) VALUES (gen_random_uuid(), address) ON CONFLICT (email) DO NOTHING RETURNING id INTO person;
    EXIT WHEN FOUND;
  END LOOP;
  INSERT INTO company_users (company_id, user_id, role) VALUES (app_company(), person, member_role) ON CONFLICT DO NOTHING;
  RETURN person;
END $$;

-- sender_for gives a company and its sealed secrets before a tenant is known.
CREATE FUNCTION sender_for(company_slug text, sender_name text)
  RETURNS TABLE (company_id uuid, secret_now bytea, secret_next bytea) LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT s.company_id, s.secret_now, s.secret_next FROM companies c JOIN senders s ON s.company_id = c.id
  WHERE c.slug = company_slug AND s.sender = sender_name
$$;

-- outbox_take removes up to batch announcements, oldest first, for whoever publishes them before committing.
CREATE FUNCTION outbox_take(batch int) RETURNS TABLE (seq bigint, envelope text) LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
  DELETE FROM outbox o WHERE o.seq IN (SELECT i.seq FROM outbox i ORDER BY i.seq LIMIT batch FOR UPDATE SKIP LOCKED)
  RETURNING o.seq, o.envelope
$$;

REVOKE EXECUTE ON FUNCTION person_for(text, text), sender_for(text, text), outbox_take(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION person_for(text, text), sender_for(text, text), outbox_take(int) TO csr_service;
ALTER FUNCTION person_for(text, text) OWNER TO csr_door;
ALTER FUNCTION sender_for(text, text) OWNER TO csr_door;
ALTER FUNCTION outbox_take(int) OWNER TO csr_door;

-- The operator itself is a tenant: what nobody sponsors belongs to it.
INSERT INTO companies (id, slug, name, kind, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'operator', 'Operator', 'operator', now());
