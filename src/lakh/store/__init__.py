"""The only door to SQL: declared rows and statements, reads that return rows, TxnSpecs that commit in groups."""
