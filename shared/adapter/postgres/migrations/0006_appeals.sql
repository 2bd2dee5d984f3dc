-- Who asked for an appeal does not decide it.
ALTER TABLE safety_flags ADD COLUMN appealed_by text;
UPDATE safety_flags f SET appealed_by = r.reviewer FROM safety_reviews r WHERE r.flag_id = f.id AND r.kind = 'appeal';
