"""A batch in the records table: the batch, its rows in chunks, a mark for each chunk."""
