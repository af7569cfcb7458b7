"""HistoryRead: what is asked, from where it is read, how it is encoded."""
