DROP TABLE change_cursors;
DROP TABLE outbox;
