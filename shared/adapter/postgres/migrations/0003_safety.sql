-- Screening and review: what was found in which version of a text, what is held for a person, and every decision.

-- text_version names what a text says. shared/domain/safety.TextVersion computes the same.
CREATE FUNCTION text_version(text_id uuid, body text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT encode(sha256(convert_to(text_id::text || E'\n' || body, 'UTF8')), 'hex') $$;

-- The current screening of each text. It goes with its text.
CREATE TABLE screenings (
  content_id       uuid PRIMARY KEY REFERENCES feedback_texts ON DELETE CASCADE,
  company_id       uuid NOT NULL,
  id               uuid NOT NULL,
  content_type     text NOT NULL,
  text_version     text NOT NULL, -- of the text that was read; another one than the text's now means: not screened
  screener_version text NOT NULL,
  language         text NOT NULL,
  findings         jsonb NOT NULL, -- categories, confidences and places; never words
  route            text NOT NULL CHECK (route IN ('', 'moderation', 'safeguarding')),
  screened_at      timestamptz NOT NULL
);

-- One row for each version of a text that was held. The text is never deleted by it; where the text is deleted for another reason, the flag
-- stays, superseded, for the figures.
CREATE TABLE safety_flags (
  id              uuid PRIMARY KEY,
  company_id      uuid NOT NULL,
  content_id      uuid NOT NULL,
  content_type    text NOT NULL,
  text_version    text NOT NULL,
  categories      text[] NOT NULL,
  gravity         int NOT NULL, -- 0 for the gravest: shared/domain/safety.Gravity
  route           text NOT NULL CHECK (route IN ('moderation', 'safeguarding')),
  confidence      numeric(4,3) NOT NULL CHECK (confidence BETWEEN 0 AND 1),
  needs_help      boolean NOT NULL,
  alerted         int NOT NULL,
  raised_at       timestamptz NOT NULL,
  status          text NOT NULL CHECK (status IN ('open', 'escalated', 'approved', 'rejected', 'appealed', 'superseded')),
  claimed_by      text,
  claimed_until   timestamptz,
  escalated_by    text,
  decided_by      text,
  reviewed_at     timestamptz,
  first_decision  text,
  second_due      boolean NOT NULL DEFAULT false,
  second_decision text,
  appealed_at     timestamptz,
  appeal_outcome  text CHECK (appeal_outcome IN ('upheld', 'overturned')),
  revision        int NOT NULL,
  UNIQUE (content_id, text_version)
);
CREATE INDEX safety_flags_waiting ON safety_flags (gravity, raised_at, id) WHERE status IN ('open', 'escalated', 'appealed') OR second_due;
CREATE INDEX safety_flags_all ON safety_flags (gravity, raised_at, id);
CREATE INDEX safety_flags_raised ON safety_flags (raised_at);

-- Every act of a reviewer. Only ever inserted into; a revision of a flag is acted on once.
CREATE TABLE safety_reviews (
  id            uuid PRIMARY KEY,
  company_id    uuid NOT NULL,
  flag_id       uuid NOT NULL REFERENCES safety_flags,
  kind          text NOT NULL CHECK (kind IN ('decision', 'confirmation', 'second', 'appeal', 'appeal_decision')),
  decision      text CHECK (decision IN ('approved', 'rejected', 'escalated', 'returned')),
  reviewer      text NOT NULL,
  reviewer_role text NOT NULL,
  reason        text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 1000),
  flag_revision int NOT NULL,
  reviewed_at   timestamptz NOT NULL,
  CONSTRAINT safety_reviews_once UNIQUE (flag_id, flag_revision)
);

-- showable says whether a text, or a quote from it, may be shown to anybody but its reviewers: what it says now was screened, and nothing
-- holds it or a reviewer approved it. What people see joins it: … FROM feedback_texts t WHERE showable(t.id). It sees what its caller sees,
-- so another company's text is not showable. Places of what must be masked in a quote are in screenings.findings (category pii).
CREATE FUNCTION showable(text_id uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT EXISTS (
    SELECT FROM feedback_texts t
    JOIN screenings s ON s.content_id = t.id AND s.text_version = text_version(t.id, t.body)
    LEFT JOIN safety_flags f ON f.content_id = t.id AND f.text_version = s.text_version AND f.status <> 'superseded'
    WHERE t.id = $1 AND CASE WHEN f.id IS NULL THEN s.route = '' ELSE f.status = 'approved' END)
$$;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['screenings', 'safety_flags', 'safety_reviews'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO csr_owner USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY operator ON %I TO csr_operator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY company ON %I TO csr_service USING ((company_id = app_company()) IS TRUE) WITH CHECK (company_id = app_company())', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON screenings, safety_flags, safety_reviews TO csr_service, csr_operator;
GRANT UPDATE ON screenings, safety_flags TO csr_service, csr_operator;

-- safeguarding_contacts are the operator's people who are told of harm in any company's texts: ids alone, and nobody else's.
CREATE FUNCTION safeguarding_contacts() RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
  SELECT m.user_id FROM company_users m JOIN companies c ON c.id = m.company_id
  WHERE c.kind = 'operator' AND m.role = 'safeguarding' ORDER BY m.user_id
$$;
REVOKE EXECUTE ON FUNCTION safeguarding_contacts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION safeguarding_contacts() TO csr_service, csr_operator;
ALTER FUNCTION safeguarding_contacts() OWNER TO csr_door;
