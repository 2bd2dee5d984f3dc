-- What models may cost a company is set by the operator alone.
GRANT UPDATE (model_limit_micro_usd) ON companies TO csr_operator;
