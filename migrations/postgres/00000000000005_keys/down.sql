-- To a version without scopes and ends every key may do all, for ever.
DELETE FROM api_keys WHERE scope <> 'admin' OR expires_at IS NOT NULL;
DROP INDEX api_keys_of_project;
ALTER TABLE api_keys DROP COLUMN expires_at;
ALTER TABLE api_keys DROP COLUMN last_used_at;
ALTER TABLE api_keys DROP COLUMN scope;
