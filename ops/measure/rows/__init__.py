"""One module for each row of the table: how ours and its baseline are driven."""
