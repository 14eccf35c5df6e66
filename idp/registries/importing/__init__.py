"""People's own files come into the registers: read row by row, judged, written or named with the reason why not."""
