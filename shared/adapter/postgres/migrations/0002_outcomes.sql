-- Outcomes with proof: places of quotes in characters, how and by what a score was made, calibrations, what models cost, audits by people,
-- drift. The code before this migration runs after it: new columns have defaults, or are filled by the two triggers below where a statement
-- does not know them; the columns in bytes and the triggers go a release later. What takes long comes first, and locks evidence and scorings:
-- consumers wait for it, and no sender.

-- characters is the number of characters in the first n bytes of body, null where that cuts one.
CREATE FUNCTION characters(body text, n int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
  RETURN char_length(convert_from(substring(convert_to(body, 'UTF8') FROM 1 FOR n), 'UTF8'));
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN RETURN NULL;
END $$;

-- evidence_start is where a quote that begins at byte n stands in its text, in characters. A text that was corrected since it was scored may
-- have it elsewhere, or no more: then null, until it is scored anew.
CREATE FUNCTION evidence_start(body text, quote text, n int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE WHEN substring(body FROM characters(body, n) + 1 FOR char_length(quote)) = quote THEN characters(body, n)
    ELSE nullif(strpos(body, quote), 0) - 1 END;

ALTER TABLE evidence_snippets
  ADD COLUMN starts_at int,
  ADD COLUMN ends_at   int,
  ALTER COLUMN starts_at_byte DROP NOT NULL,
  ALTER COLUMN ends_at_byte DROP NOT NULL;
UPDATE evidence_snippets e SET starts_at = evidence_start(t.body, e.snippet_text, e.starts_at_byte),
    ends_at = evidence_start(t.body, e.snippet_text, e.starts_at_byte) + char_length(e.snippet_text)
  FROM outcome_scores o JOIN feedback_texts t ON t.id = o.text_id WHERE o.id = e.outcome_score_id;

CREATE FUNCTION evidence_in_characters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT evidence_start(t.body, NEW.snippet_text, NEW.starts_at_byte) INTO NEW.starts_at
    FROM outcome_scores o JOIN feedback_texts t ON t.id = o.text_id WHERE o.id = NEW.outcome_score_id;
  NEW.ends_at := NEW.starts_at + char_length(NEW.snippet_text);
  RETURN NEW;
END $$;
CREATE TRIGGER evidence_in_characters BEFORE INSERT ON evidence_snippets
  FOR EACH ROW WHEN (NEW.starts_at IS NULL AND NEW.starts_at_byte IS NOT NULL) EXECUTE FUNCTION evidence_in_characters();

-- scores holds, for every dimension, null or {value, confidence, direction, calibration}. written_at is when the text was written.
ALTER TABLE scorings
  ADD COLUMN method         text NOT NULL DEFAULT 'local',
  ADD COLUMN rubric_version text,
  ADD COLUMN reason         text NOT NULL DEFAULT '',
  ADD COLUMN written_at     timestamptz;
UPDATE scorings s SET written_at = t.created_at, method = CASE WHEN s.model_version LIKE 'local%' THEN 'local' ELSE 'llm' END,
    scores = (SELECT coalesce(jsonb_object_agg(d.key, CASE WHEN d.value = 'null' OR d.value ? 'value' THEN d.value
        ELSE jsonb_build_object('value', d.value -> 'score', 'confidence', d.value -> 'confidence', 'direction', NULL, 'calibration', NULL) END), '{}')
      FROM jsonb_each(CASE jsonb_typeof(s.scores) WHEN 'object' THEN s.scores ELSE '{}' END) d)
  FROM feedback_texts t WHERE t.id = s.text_id;
CREATE FUNCTION scoring_written_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT t.created_at INTO NEW.written_at FROM feedback_texts t WHERE t.id = NEW.text_id;
  RETURN NEW;
END $$;
CREATE TRIGGER scoring_written_at BEFORE INSERT ON scorings
  FOR EACH ROW WHEN (NEW.written_at IS NULL) EXECUTE FUNCTION scoring_written_at();
CREATE INDEX scorings_current ON scorings (company_id, written_at) WHERE is_current;

ALTER TABLE outcome_scores
  ADD COLUMN direction      text, -- null for what was scored before directions were
  ADD COLUMN method         text NOT NULL DEFAULT 'local',
  ADD COLUMN calibration_id text;
UPDATE outcome_scores SET method = 'llm' WHERE model_version NOT LIKE 'local%';

-- How raw scores become values, and how the values of the calibration set spread. It describes models and belongs to no company.
CREATE TABLE calibrations (
  id            text PRIMARY KEY,
  model_version text NOT NULL,
  dimension     text NOT NULL,
  language      text NOT NULL,
  kind          text NOT NULL,
  points        jsonb NOT NULL, -- [[raw, value], …]
  slope         float8 NOT NULL,
  intercept     float8 NOT NULL,
  reference     int[] NOT NULL CHECK (cardinality(reference) = 10),
  n             int NOT NULL,
  mae_before    float8 NOT NULL,
  ece_before    float8 NOT NULL,
  mae_after     float8 NOT NULL,
  ece_after     float8 NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON calibrations TO csr_service, csr_operator;

-- What a company spent on models in a month of UTC, and each call of one. A call that is not settled holds its expected price until expires_at.
ALTER TABLE companies ADD COLUMN model_limit_micro_usd bigint CHECK (model_limit_micro_usd >= 0); -- null: the deployment's
CREATE TABLE model_budgets (
  company_id uuid NOT NULL,
  month      date NOT NULL,
  spent      bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (company_id, month)
);
CREATE TABLE model_calls (
  id            uuid PRIMARY KEY,
  company_id    uuid NOT NULL,
  month         date NOT NULL,
  expected      bigint NOT NULL,
  reserved_at   timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL,
  settled_at    timestamptz, -- null for good: the caller died, and what the call cost is not known
  purpose       text,
  model         text,
  calls         int,
  input_tokens  int,
  output_tokens int,
  cache_read    int,
  cache_write   int,
  micro_usd     bigint,
  latency_ms    bigint,
  stop          text
);
CREATE INDEX model_calls_open ON model_calls (company_id, month) WHERE settled_at IS NULL;

-- Random samples of what was scored, and what people said of them without knowing the score. cut is the place of the last text of the sample
-- as it was last drawn: items behind it were drawn when there were fewer texts, and are no part of a random sample of all.
CREATE TABLE audit_samples (
  company_id uuid NOT NULL,
  quarter    date NOT NULL,
  seed       text NOT NULL,
  size       int NOT NULL,
  cut        text COLLATE "C" NOT NULL,
  drawn_at   timestamptz NOT NULL,
  PRIMARY KEY (company_id, quarter, seed)
);
CREATE TABLE audit_items (
  id         uuid PRIMARY KEY,
  company_id uuid NOT NULL,
  quarter    date NOT NULL,
  seed       text NOT NULL,
  text_id    uuid NOT NULL REFERENCES feedback_texts ON DELETE CASCADE,
  place      text COLLATE "C" NOT NULL,
  drawn_at   timestamptz NOT NULL,
  UNIQUE (company_id, quarter, seed, text_id)
);
CREATE INDEX audit_items_text ON audit_items (text_id);
CREATE TABLE audit_answers (
  item_id      uuid NOT NULL REFERENCES audit_items ON DELETE CASCADE,
  reviewer     text NOT NULL,
  company_id   uuid NOT NULL,
  scoring_id   uuid NOT NULL REFERENCES scorings ON DELETE CASCADE, -- the model's, with which it is compared
  text_version text NOT NULL,
  labels       jsonb NOT NULL, -- for every dimension judged a number, or null where it is not mentioned
  answered_at  timestamptz NOT NULL,
  CONSTRAINT audit_answers_once PRIMARY KEY (item_id, reviewer)
);
CREATE INDEX audit_answers_scoring ON audit_answers (scoring_id);

-- Drifts that were told: once a month, dimension, model version and level.
CREATE TABLE outcome_drift (
  company_id    uuid NOT NULL,
  period_start  date NOT NULL,
  dimension     text NOT NULL,
  model_version text NOT NULL,
  level         int NOT NULL CHECK (level BETWEEN 1 AND 3), -- medium, high, critical
  psi           float8 NOT NULL,
  n             int NOT NULL,
  told_at       timestamptz NOT NULL,
  PRIMARY KEY (company_id, period_start, dimension, model_version, level)
);

-- Months counted before now lack these three: they are counted anew with the next event of their company.
ALTER TABLE outcome_month ADD COLUMN squares numeric(14,6) NOT NULL DEFAULT 0, ADD COLUMN bins int[] NOT NULL DEFAULT '{0,0,0,0,0,0,0,0,0,0}';
ALTER TABLE metrics_company_period ADD COLUMN texts_count int NOT NULL DEFAULT 0;
UPDATE metrics_company_period m SET stale = true WHERE EXISTS (SELECT FROM outcome_month o WHERE o.company_id = m.company_id AND o.period_start = m.period_start);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['model_budgets', 'model_calls', 'audit_samples', 'audit_items', 'audit_answers', 'outcome_drift'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY owner ON %I TO csr_owner USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY operator ON %I TO csr_operator USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY company ON %I TO csr_service USING ((company_id = app_company()) IS TRUE) WITH CHECK (company_id = app_company())', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON model_budgets, model_calls, audit_samples, audit_items, audit_answers, outcome_drift TO csr_service, csr_operator;
GRANT UPDATE ON model_budgets, model_calls, audit_samples TO csr_service, csr_operator;
