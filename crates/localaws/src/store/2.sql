-- Moves out of dead-letter queues may fail before all was moved. Those so far did not say.
ALTER TABLE move ADD COLUMN to_move INTEGER NOT NULL DEFAULT 0;
UPDATE move SET to_move = moved;
ALTER TABLE move ADD COLUMN failure TEXT;
