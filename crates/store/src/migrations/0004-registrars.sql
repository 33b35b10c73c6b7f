-- By which management token an initial access token was made, and ends with it; none: a person made it, or somebody at the machine.
ALTER TABLE registration_token ADD COLUMN management_token_id TEXT COLLATE "C";
