-- What companies ask for in a minute. One row a company and thing, overwritten when the minute has passed; it says how many, and of nothing what.
CREATE TABLE minute_limits (
  company_id uuid NOT NULL,
  what       text NOT NULL,
  minute     timestamptz NOT NULL,
  taken      int NOT NULL CHECK (taken >= 0),
  PRIMARY KEY (company_id, what)
);
ALTER TABLE minute_limits ENABLE ROW LEVEL SECURITY;
ALTER TABLE minute_limits FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON minute_limits TO csr_owner USING (true) WITH CHECK (true);
CREATE POLICY operator ON minute_limits TO csr_operator USING (true) WITH CHECK (true);
CREATE POLICY company ON minute_limits TO csr_service USING ((company_id = app_company()) IS TRUE) WITH CHECK (company_id = app_company());
GRANT SELECT, INSERT, UPDATE ON minute_limits TO csr_service, csr_operator;
