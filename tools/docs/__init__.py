"""Writers of the tables that documents take from the code."""
