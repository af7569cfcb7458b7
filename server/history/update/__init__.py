"""HistoryUpdate: check the request, correct recorded samples, record who corrected what."""
