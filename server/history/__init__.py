"""HistoryRead: parse the request, read recorded samples, encode HistoryData."""
